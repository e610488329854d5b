"""The one route."""

from django.urls import path

from benchmarks.peer.views import BookingsView

urlpatterns = [path("bookings", BookingsView.as_view())]

"""POST /bookings."""

import hashlib
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.utils import timezone
from rest_framework import serializers, status
from rest_framework.exceptions import APIException
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.peer.models import Booking, KeptAnswer, Property
from benchmarks.peer.pricing import lines_of

HOLD = timedelta(minutes=15)
HORIZON = timedelta(days=730)


class Refused(APIException):
    """A rule said no. The code is stable."""

    def __init__(self, status_code, code, detail):
        self.status_code = status_code
        super().__init__({"code": code, "detail": detail, "status": status_code})


class RequestBookingSerializer(serializers.Serializer):
    property = serializers.UUIDField()
    check_in = serializers.DateField()
    check_out = serializers.DateField()
    guests = serializers.IntegerField(min_value=1, max_value=50)

    def validate(self, attrs):
        if attrs["check_out"] <= attrs["check_in"]:
            raise serializers.ValidationError({"check_out": "A stay ends after it begins."})
        return attrs


class BookingSerializer(serializers.ModelSerializer):
    nights = serializers.SerializerMethodField()
    host = serializers.PrimaryKeyRelatedField(source="property.host_id", read_only=True)

    class Meta:
        model = Booking
        fields = (
            *("id", "property", "host", "guest", "check_in", "check_out", "nights", "guests"),
            *("total", "currency", "status", "held_until", "lines", "policy"),
        )

    def get_nights(self, booking):
        return (booking.check_out - booking.check_in).days


class BookingsView(APIView):
    def post(self, request):
        key = request.headers.get("Idempotency-Key")
        if not key or len(key) > 200:
            raise Refused(400, "idempotency_key_required", "Send an Idempotency-Key of up to 200 characters.")
        digest = hashlib.sha256(repr(sorted(request.data.items())).encode()).digest()
        asked = RequestBookingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic():
            if kept := KeptAnswer.objects.filter(user=request.user, route=request.path, key=key).first():
                return _repeated(kept, digest)
            body = BookingSerializer(_book(request.user, **asked.validated_data)).data
            try:
                with transaction.atomic():
                    _keep(request, key, digest, body)
            except IntegrityError as error:
                raise Refused(409, "request_in_flight", "This very request is under way.") from error
        return Response(body, status.HTTP_201_CREATED, headers={"Location": f"/bookings/{body['id']}"})


def _repeated(kept, digest):
    if bytes(kept.digest) != digest:
        raise Refused(422, "idempotency_key_reused", "The Idempotency-Key belongs to another request.")
    return Response(kept.body, kept.status, headers={"Idempotency-Replayed": "true"})


def _keep(request, key, digest, body):
    answer = {**body, "id": str(body["id"]), "property": str(body["property"])}
    KeptAnswer.objects.create(
        user=request.user, route=request.path, key=key, digest=digest, status=status.HTTP_201_CREATED, body=answer
    )


def _book(guest, *, property, check_in, check_out, guests):  # noqa: A002 - the field's name
    """Hold the nights of a stay. Whoever books the same property waits at its row."""
    listing = Property.objects.select_for_update().filter(pk=property).first()
    if listing is None:
        raise Refused(404, "property_not_found", "There is no such property.")
    nights = (check_out - check_in).days
    now = timezone.now()
    _must_take(listing, guest, check_in, check_out, nights, guests, now)
    taken = Booking.objects.filter(
        property=listing,
        check_in__lt=check_out,
        check_out__gt=check_in,
        status__in=[Booking.Status.PENDING, Booking.Status.CONFIRMED],
    )
    if taken.exists():
        raise Refused(409, "nights_taken", "Some of these nights are not free.")
    lines = lines_of(listing, nights, guests)
    return Booking.objects.create(
        property=listing,
        guest=guest,
        check_in=check_in,
        check_out=check_out,
        guests=guests,
        held_until=now + HOLD,
        lines=[{"kind": kind, "amount": amount} for kind, amount in lines],
        total=sum(amount for _, amount in lines),
        currency=listing.currency,
        policy=listing.policy,
    )


def _must_take(listing, guest, check_in, check_out, nights, guests, now: datetime):
    today = now.astimezone(_zone(listing.zone)).date()
    if not listing.published:
        raise Refused(409, "property_not_listed", "This property takes no bookings at present.")
    if listing.host_id == guest.id:
        raise Refused(422, "own_property", "Hosts do not book their own property.")
    if guests > listing.guests_max:
        raise Refused(422, "too_many_guests", "The property does not hold so many guests.")
    if not listing.nights_min <= nights <= listing.nights_max:
        raise Refused(422, "nights_out_of_range", "The stay is too short or too long.")
    if check_in < today:
        raise Refused(422, "stay_in_past", "The stay begins in the past.")
    if check_out > today + HORIZON:
        raise Refused(422, "stay_beyond_horizon", "The stay is too far ahead.")


@lru_cache
def _zone(name):
    return ZoneInfo(name)

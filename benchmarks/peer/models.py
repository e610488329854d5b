"""Tables. Users and their tokens are Django's and DRF's own."""

import uuid

from django.conf import settings
from django.db import models


class Property(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    host = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    title = models.CharField(max_length=200)
    published = models.BooleanField(default=True)
    zone = models.CharField(max_length=64, default="America/New_York")
    guests_max = models.PositiveSmallIntegerField(default=4)
    guests_included = models.PositiveSmallIntegerField(default=2)
    nights_min = models.PositiveSmallIntegerField(default=1)
    nights_max = models.PositiveSmallIntegerField(default=365)
    currency = models.CharField(max_length=3, default="USD")
    night_price = models.PositiveIntegerField(help_text="minor units")
    cleaning_fee = models.PositiveIntegerField(default=0)
    extra_guest_fee = models.PositiveIntegerField(default=0)
    tax_bp = models.PositiveIntegerField(default=0)
    policy = models.CharField(max_length=20, default="flexible")


class Booking(models.Model):
    class Status(models.TextChoices):
        PENDING = "pending"
        CONFIRMED = "confirmed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    property = models.ForeignKey(Property, on_delete=models.PROTECT, db_index=False)
    guest = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    check_in = models.DateField()
    check_out = models.DateField()
    guests = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    held_until = models.DateTimeField(null=True)
    lines = models.JSONField()
    total = models.PositiveIntegerField()
    currency = models.CharField(max_length=3)
    policy = models.CharField(max_length=20)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=["property", "check_in", "check_out"]),)


class KeptAnswer(models.Model):
    """What was answered to a request with an Idempotency-Key."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=200)
    digest = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "route", "key"], name="one_answer"),)

"""Payments of bookings."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Response

from api.authentication import signed_in
from api.commands import answer, carry_out
from api.edge import edge
from api.operations import Resource
from api.schemas.payments import PaymentSchema, PaymentsSchema, StartPaymentSchema, paid, paid_to
from application import payments
from application.lodger import Lodger
from application.ports import Answer
from application.settlement import PaymentStream
from domain.payments import must_be_started

resource = Resource("payments", __name__, url_prefix="/v1", scope="payments", description="Paying for bookings.")


@resource.command(
    "POST",
    "/bookings/<uuid:booking_id>/payments",
    PaymentSchema,
    body=StartPaymentSchema,
    status=201,
    key="required",
    returns=["Location"],
    refuses=[403, 404],
    example={"payment_method": "card"},
)
def start_payment(body: dict[str, Any], booking_id: UUID) -> Response:
    """Begin to pay a held booking. A failed attempt may be followed by another, while the booking is held."""
    lodger = edge().lodger

    def show(stream: PaymentStream, now: datetime) -> Answer:
        payment = must_be_started(stream.state)
        paid_at = now if payment.stage == "captured" else None
        shown = paid(stream.id, payment, paid_at, to_payer=True)
        return answer(PaymentSchema, shown, 201, Location=f"/v1/payments/{stream.id}")

    return carry_out(
        lambda call: (
            payments.start(lodger, call, booking_id, signed_in(), body["payment_method"], body.get("phone")).answer
        ),
        show,
    )


@resource.query("/bookings/<uuid:booking_id>/payments", PaymentsSchema, refuses=[404])
def list_payments(booking_id: UUID) -> dict[str, Any]:
    """A booking's payments, fresh, in the order they were tried."""
    lodger = edge().lodger
    streams = payments.of_booking(lodger, booking_id, signed_in())
    return {"payments": [_shown(lodger, stream) for stream in streams]}


@resource.query("/payments/<uuid:payment_id>", PaymentSchema, refuses=[404])
def show_payment(payment_id: UUID) -> dict[str, Any]:
    """A payment, fresh, for the booking's guest or its host."""
    lodger = edge().lodger
    stream = payments.find(lodger, payment_id, signed_in())
    return _shown(lodger, stream, payments.client_secret(lodger, stream, signed_in()))


def _shown(lodger: Lodger, stream: PaymentStream, client_secret: str | None = None) -> dict[str, Any]:
    captured = must_be_started(stream.state).stage == "captured"
    paid_at = payments.captured_at(lodger, stream.id) if captured else None
    return paid_to(signed_in(), stream, paid_at, client_secret)

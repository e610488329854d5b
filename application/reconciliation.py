"""Asking a provider again for what was left under way: by a time-out, a crash, or a webhook that never came."""

from __future__ import annotations

from uuid import UUID

from application import settlement
from application.calls import Call
from application.lodger import Lodger
from application.settlement import PaymentDone
from application.streams import PAYMENT
from domain import disputes
from domain.payments import is_settled, must_be_started


def reconcile(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """Bring a payment and its disputes as far as provider and booking let them go. Raises GatewayUnavailable."""
    done = settlement.carry_out(lodger, call, payment_id)
    # The reaction to its being authorised is on its way or was lost: whoever comes second finds it followed. And one
    # that was begun while its booking was being given back was in nobody's sight who gave up the others.
    if settlement.proceed(lodger, call, payment_id):
        done = settlement.carry_out(lodger, call, payment_id)
    payment = must_be_started(done.state)
    for dispute_id in disputes.undecided(payment):
        _, said = settlement.gateway_of(lodger, payment).look_up_dispute(dispute_id)
        done = settlement.record_dispute(lodger, call, payment_id, said)
    return done


def ask(lodger: Lodger, call: Call, payment_id: UUID) -> PaymentDone:
    """An operator has the provider asked how a payment stands, whatever is known of it. Raises GatewayUnavailable."""
    payment = must_be_started(lodger.load(PAYMENT, payment_id, call).state)
    if is_settled(payment):
        settlement.look(lodger, call.unkept(), payment_id)
    reconcile(lodger, call.unkept(), payment_id)
    return settlement.record(lodger, call, payment_id, None)

"""Webhooks of payment providers: stored before they are answered, and followed apart from the request.

A webhook is a hint and decides nothing: the provider is asked how things stand, and what it answers is recorded,
forwards only. So neither their order nor repeats matter, and a forged one costs a question. What following one
records keeps an answer under the provider's own id of the event: done once, it is not done again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID, uuid5

from application import payouts, settlement
from application.calls import Call
from application.lodger import Lodger
from application.payment_ports import Hint
from application.ports import Answer, AnswerKept, Idempotency, KeyReused
from application.provider_webhook_ports import ProviderWebhook, WebhookOutcome
from application.settlement import PaymentDone, PaymentStream
from application.streams import PAYMENT, F, S, Stream
from domain.events import Actor
from domain.payments import must_be_started
from domain.rejections import Rejected

_COMMANDS: Final = UUID("0d0e6f0a-3f1c-4c55-9d31-5b7f6a0a4e52")
_NAME: Final = re.compile(r"[!-~]{1,200}")


def receive(lodger: Lodger, provider: str, headers: Mapping[str, str], body: bytes, now: datetime) -> bool:
    """Keep a webhook that is truly the provider's, for the workers to follow; False when it came before.

    `headers` have lower-case names; `now` is real time, which signatures are made in. Raises Rejected
    `provider_not_found`, `webhook_signature_invalid`, `webhook_stale` or `webhook_malformed`.
    """
    gateway = lodger.providers.get(provider)
    if gateway is None:
        raise Rejected("provider_not_found", "No such payment provider is set up here.")
    try:
        hint = gateway.read_webhook(headers, body, now)
    except RecursionError as error:
        raise Rejected("webhook_malformed", "The webhook is nested deeper than any provider's.") from error
    _must_be_plain(hint)
    new = lodger.provider_webhooks.store(provider, hint, body)
    if new:
        lodger.wake()
    return new


def follow(lodger: Lodger, webhook: ProviderWebhook) -> WebhookOutcome:
    """Ask the provider about what a webhook hints at, and record what it says.

    Raises GatewayUnavailable, and Rejected `busy`: then it is followed later.
    """
    call = _call(lodger, webhook)
    try:
        match webhook.hint.about:
            case "charge":
                return _follow_charge(lodger, call, webhook)
            case "dispute":
                return _follow_dispute(lodger, call, webhook)
            case "payout":
                return _follow_payout(lodger, call, webhook)
            case "nothing":
                return "nothing_new"
            case _:
                assert_never(webhook.hint.about)
    except (AnswerKept, KeyReused):  # whoever followed it did not live to say so
        return "nothing_new"


def _follow_charge(lodger: Lodger, call: Call, webhook: ProviderWebhook) -> WebhookOutcome:
    payment = _payment(lodger, call, webhook, webhook.hint.reference)
    if payment is None:
        return "unknown_payment"
    is_second = _is_second_charge(lodger, webhook, payment)
    done = _catch_up(lodger, call, payment)
    return "unknown_payment" if is_second else _outcome(payment, done.stream)


def _follow_dispute(lodger: Lodger, call: Call, webhook: ProviderWebhook) -> WebhookOutcome:
    """Its charge comes first: a dispute may be heard of before the capture that it is about."""
    if webhook.hint.reference is None:
        return "unknown_payment"
    try:
        reference, said = lodger.provider(webhook.provider).look_up_dispute(webhook.hint.reference)
    except Rejected:
        return "unknown_payment"
    payment = _payment(lodger, call, webhook, reference)
    if payment is None:
        return "unknown_payment"
    _catch_up(lodger, call.unkept(), payment)
    return _outcome(payment, settlement.record_dispute(lodger, call, payment.id, said).stream)


def _follow_payout(lodger: Lodger, call: Call, webhook: ProviderWebhook) -> WebhookOutcome:
    """Its reference is what we called the payout: no other is told of by webhook that we could ask about."""
    payout_id = _id(webhook.hint.reference)
    host_id = lodger.payees.host_of(payout_id) if payout_id else None
    if payout_id is None or host_id is None:
        return "unknown_payment"
    before = payouts.account_of(lodger, host_id, call)
    payouts.carry_out(lodger, call, host_id, payout_id)
    return _outcome(before, payouts.account_of(lodger, host_id))


def _id(reference: str | None) -> UUID | None:
    try:
        return UUID(reference or "")
    except ValueError:
        return None


def _payment(lodger: Lodger, call: Call, webhook: ProviderWebhook, reference: str | None) -> PaymentStream | None:
    """The payment of a charge with this provider, if it is one of ours. Raises AnswerKept and KeyReused."""
    gateway = lodger.provider(webhook.provider)
    payment_id = webhook.hint.payment_id or (gateway.payment_of(reference) if reference else None)
    if payment_id is None:
        return None
    payment = lodger.load(PAYMENT, payment_id, call)
    if payment.state is None or payment.state.started.provider != webhook.provider:
        return None
    return payment


def _is_second_charge(lodger: Lodger, webhook: ProviderWebhook, payment: PaymentStream) -> bool:
    """Whether the payer was charged for the payment by another charge than ours: somebody has to look at it."""
    ours, told = must_be_started(payment.state).reference, webhook.hint.reference
    if ours is None or told is None or told == ours:
        return False
    return lodger.provider(webhook.provider).look_up(told).outcome in ("authorized", "captured")


def _catch_up(lodger: Lodger, call: Call, payment: PaymentStream) -> PaymentDone:
    """Record how the charge and its refunds stand with the provider now."""
    state = must_be_started(payment.state)
    if state.reference is None:  # the provider's first answer was lost: asked again with the same key, it gives it
        return settlement.carry_out(lodger, call, payment.id)
    return settlement.look(lodger, call, payment.id)


def _outcome(before: Stream[S, F], after: Stream[S, F]) -> WebhookOutcome:
    return "recorded" if after.version > before.version else "nothing_new"


def command_id(webhook: ProviderWebhook) -> UUID:
    """Of the command by which it is followed, and the correlation id of what that makes."""
    return uuid5(_COMMANDS, f"{webhook.provider}:{webhook.hint.event_id}")


def _call(lodger: Lodger, webhook: ProviderWebhook) -> Call:
    """The same for the same event of the provider: its answer is kept under that."""
    event_id = webhook.hint.event_id
    return Call(
        actor=Actor("webhook", webhook.provider),
        now=lodger.clock.now(),
        command_id=command_id(webhook),
        correlation_id=command_id(webhook),
        idempotency=Idempotency(f"webhook:{webhook.provider}", "follow", event_id, webhook.sha256),
        render=lambda _: Answer(200, ""),
    )


def _must_be_plain(hint: Hint) -> None:
    """What names things is looked for and logged: a provider's ids are short and plain, whoever wrote the body."""
    if not all(_NAME.fullmatch(name) for name in (hint.event_id, hint.reference) if name is not None):
        raise Rejected("webhook_malformed", "The webhook names something in a way that no provider does.")

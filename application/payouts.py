"""Use cases of host accounts: what bookings earn, where and when hosts are paid, and what operators do about it.

A payout is an intent first, on the account's stream; its provider is asked after that, with the key of that event.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID, uuid5

from application.calls import Call
from application.lodger import Lodger, retried
from application.payment_ports import Gateway, PayoutOrder, PayoutReport
from application.payout_ports import Destination, PayoutMethod
from application.streams import BOOKING, HOST_ACCOUNT, PAYMENT, USER, Done, Stream
from domain import host_accounts, payouts, users
from domain.bookings import must_be_made, must_be_of
from domain.host_accounts import HostAccount, HostAccountFact, PayoutScheduled
from domain.money import Money
from domain.payments import must_be_started
from domain.payouts import Facts
from domain.rejections import Rejected
from domain.shares import release_at, shares

AccountStream = Stream[HostAccount, HostAccountFact]
AccountDone = Done[HostAccount, HostAccountFact]


def account_of(lodger: Lodger, host_id: UUID, call: Call | None = None) -> AccountStream:
    """A host's account, fresh."""
    return replace(lodger.load(HOST_ACCOUNT, host_accounts.account_id(host_id), call), partition_key=host_id)


@retried
def record_earning(lodger: Lodger, call: Call, booking_id: UUID) -> None:
    """Bring to its host's account what a booking earns as it stands now."""
    account = account_of(lodger, _host_of(lodger, booking_id))
    # Read after the account: what was recorded on it is then never newer than the booking that is recorded now.
    booking = must_be_made(lodger.load(BOOKING, booking_id).state)
    made, share = booking.made, shares(booking).host
    lodger.append(
        call,
        account.then(
            payouts.earn(account.state, booking_id, made.property_id, share, release_at(booking), call.command_id)
        ),
    )


@retried
def follow_dispute(lodger: Lodger, call: Call, payment_id: UUID, dispute_id: str, *, is_open: bool) -> None:
    """Hold what a disputed booking earns, until the dispute ends."""
    booking_id = must_be_started(lodger.load(PAYMENT, payment_id).state).started.booking_id
    account = account_of(lodger, _host_of(lodger, booking_id))
    lodger.append(call, account.then(payouts.dispute(account.state, dispute_id, booking_id, is_open=is_open)))


# --- paying ---------------------------------------------------------------------------------------------------


@retried
def schedule(lodger: Lodger, call: Call, host_id: UUID) -> tuple[UUID, ...]:
    """Intend to pay everything that is due, to where the host wants it by now; the payouts that are under way then."""
    account = account_of(lodger, host_id)
    destination = lodger.payees.destination(host_id)
    if destination is not None and destination.provider in lodger.providers:
        facts = payouts.schedule(account.state, call.now, destination.provider, call.command_id)
        for fact in facts:
            lodger.payees.remember(fact.payout_id, host_id, destination.reference)
        account = lodger.append(call, account.then(facts)).stream
    return tuple(payouts.under_way_of(account.state))


def carry_out(lodger: Lodger, call: Call, host_id: UUID, payout_id: UUID) -> None:
    """Ask the provider for a payout that is under way, and record what it says. Raises GatewayUnavailable.

    While it says nothing final, the payout stays under way and is asked for again, with the same key.
    """
    account_id = host_accounts.account_id(host_id)
    history = lodger.read(account_id)
    if payout_id not in payouts.under_way_of(history.stream(HOST_ACCOUNT, account_id).state):
        return
    intent = next(
        event
        for event in history.by_stream[account_id]
        if isinstance(event.fact, PayoutScheduled) and event.fact.payout_id == payout_id
    )
    scheduled = cast("PayoutScheduled", intent.fact)
    order = PayoutOrder(intent.event_id, payout_id, scheduled.amount, lodger.payees.reference(payout_id))
    record(lodger, call, host_id, payout_id, lodger.provider(scheduled.provider).pay_out(order))


@retried
def record(lodger: Lodger, call: Call, host_id: UUID, payout_id: UUID, said: PayoutReport) -> None:
    """Record what a provider said of a payout, once."""
    account = account_of(lodger, host_id)
    facts: Facts = ()
    match said.outcome:
        case "paid":
            facts = payouts.pay(account.state, payout_id, said.evidence)
        case "failed":
            facts = payouts.fail(account.state, payout_id, said.failure_code or "failed", said.evidence)
        case "pending":
            pass
    lodger.append(call, account.then(facts))


# --- hosts ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where a host is paid from now on. `url` is the page on which the provider wants to know more, if it does."""

    destination: Destination
    url: str | None


def choose_destination(
    lodger: Lodger, call: Call, host_id: UUID, method: PayoutMethod, phone: str | None
) -> AccountDone:
    """Say where a host is paid; what failed is then tried again. `call` renders what was Chosen."""
    must_host(lodger, host_id)
    account_of(lodger, host_id, call)  # for the answer that may be kept: then nothing is chosen again
    gateway = _gateway(lodger, method)
    if phone is not None:
        chosen = Chosen(Destination(method, gateway.name, phone), None)
    else:
        opened = gateway.open_account(host_id, lodger.people.get([host_id])[host_id].email)
        chosen = Chosen(Destination(method, gateway.name, opened.reference), opened.url)
    lodger.payees.choose(host_id, chosen.destination)
    render = call.render
    shown = replace(call, render=lambda _: render(chosen)) if render else call
    return _decide(lodger, shown, host_id, payouts.readdress)


def must_host(lodger: Lodger, user_id: UUID) -> None:
    users.must_be_host(lodger.load(USER, user_id).state)


def _gateway(lodger: Lodger, method: PayoutMethod) -> Gateway:
    """Who takes cards pays to banks."""
    gateway = lodger.gateways.get("card" if method == "bank" else "mobile_money")
    if gateway is None:
        raise Rejected("payout_method_unavailable", "Nobody pays hosts in this way here.")
    return gateway


# --- operators ------------------------------------------------------------------------------------------------


def hold(lodger: Lodger, call: Call, host_id: UUID, booking_id: UUID | None, reason: str) -> AccountDone:
    """Keep the account, or what one booking earns, from being paid out."""
    must_host(lodger, host_id)
    if booking_id is not None:
        must_be_of(lodger.load(BOOKING, booking_id).state, host_id, "host")
    hold_id = f"operator:{call.command_id}"
    return _decide(lodger, call, host_id, lambda account: payouts.hold(account, hold_id, booking_id, reason))


def lift(lodger: Lodger, call: Call, host_id: UUID, hold_id: str) -> AccountDone:
    must_host(lodger, host_id)
    return _decide(lodger, call, host_id, lambda account: payouts.lift(account, hold_id))


def charge(lodger: Lodger, call: Call, host_id: UUID, amount: Money) -> AccountDone:
    """Take something else that the host owes from the next payout."""
    must_host(lodger, host_id)
    debt_id = uuid5(call.command_id, "charge")
    return _decide(lodger, call, host_id, lambda account: payouts.charge(account, debt_id, amount))


def retry(lodger: Lodger, call: Call, host_id: UUID, payout_id: UUID) -> AccountDone:
    """Let what a failed payout was to pay be paid by another one."""
    must_host(lodger, host_id)
    return _decide(lodger, call, host_id, lambda account: payouts.retry(account, payout_id))


@retried
def _decide(lodger: Lodger, call: Call, host_id: UUID, decide: Callable[[HostAccount], Facts]) -> AccountDone:
    account = account_of(lodger, host_id, call)
    return lodger.append(call, account.then(decide(account.state)))


def _host_of(lodger: Lodger, booking_id: UUID) -> UUID:
    return must_be_made(lodger.load(BOOKING, booking_id).state).made.host_id

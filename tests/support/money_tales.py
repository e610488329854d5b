"""Random histories of money, made by the deciders themselves: bookings paid, altered, cancelled, refunded, disputed,
and paid out to hosts. What is refused does not happen; what comes late comes late."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import reduce
from random import Random
from typing import Any, Final, TypeVar, get_args
from uuid import UUID

from hypothesis import strategies as st

from domain import alterations, bookings, charges, disputes, lifecycle, payments, payouts, properties, refunds, requests
from domain.bookings import Booking
from domain.cancellations import CancelledBy
from domain.charges import Outcome, Report
from domain.disputes import DisputeOutcome, DisputeReport
from domain.host_accounts import EMPTY, HostAccountFact, account_id, evolve
from domain.money import Money
from domain.payments import Payment, PaymentStarted, attempt_id
from domain.pricing import CancellationPolicy, Pricing
from domain.properties import HouseRules, Property, PropertyCreated, PropertyHouseRulesChanged, PropertyPricingChanged
from domain.refunds import RefundOutcome, RefundReport
from domain.rejections import Rejected
from domain.shares import release_at, shares
from domain.stays import Stay
from tests.support.examples import DETAILS, EVIDENCE, LOCATION, NOW
from tests.support.tales import Tale

T = TypeVar("T")

GUEST: Final = UUID(int=9)
HOSTS: Final = (UUID(int=1), UUID(int=2))
CURRENCIES: Final = ("USD", "UGX", "KWD")


class Marketplace:
    """A log that grows by what its people, providers and banks do at random; `act` does one thing."""

    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.tale = Tale()
        self.now = NOW
        self.bookings: dict[UUID, Booking] = {}
        self.payments: dict[UUID, Payment] = {}
        self.listings = {
            UUID(int=100 + n): self._listing(host, currency)
            for n, (host, currency) in enumerate((host, currency) for host in HOSTS for currency in CURRENCIES)
        }
        self.accounts = dict.fromkeys(HOSTS, EMPTY)
        self._ids = iter(UUID(int=n) for n in range(10_000, 1_000_000))

    def act(self) -> None:
        acts: tuple[tuple[int, Any], ...] = (
            (4, self.book),
            (6, self.pay),
            (8, self.take),
            (2, self.cancel),
            (4, self.alter),
            (4, self.send_back),
            (1, self.dispute),
            (4, self.wait),
            (3, self.pay_out),
            (1, self.charge),
        )
        (act,) = self.chance.choices([act for _, act in acts], [weight for weight, _ in acts])
        try:
            act()
        except Rejected:
            return

    # What people do.

    def book(self) -> None:
        property_id = self.chance.choice(sorted(self.listings))
        begin = self.now.date() + timedelta(days=self.chance.randint(1, 20))
        stay = Stay(begin, begin + timedelta(days=self.chance.randint(1, 9)))
        command = requests.RequestBooking(property_id, GUEST, stay, self.chance.randint(1, 4))
        booking_id = next(self._ids)
        self._tell_booking(booking_id, requests.request(self.listings[property_id], command, None, self.now))

    def pay(self) -> None:
        booking_id = self._some(self.bookings, lambda booking: lifecycle.waits_for(booking, self.now) is not None)
        due = lifecycle.must_be_payable(self.bookings[booking_id], self.now)
        attempts = self._attempts(booking_id)
        made = self.bookings[booking_id].made
        intent = PaymentStarted(
            *(booking_id, made.property_id, GUEST, due.amount, "card", "sandbox", len(attempts) + 1),
            due.alteration_id,
        )
        payment_id = attempt_id(booking_id, len(attempts) + 1)
        self._tell_payment(payment_id, charges.start(list(attempts.values()), intent))

    def cancel(self) -> None:
        booking_id = self._some(self.bookings, lambda booking: isinstance(booking, bookings.Confirmed))
        by: CancelledBy = self.chance.choice(["guest", "host", "platform"])
        paid_by = bookings.paid_by(self.bookings[booking_id])
        facts = lifecycle.cancel(self.bookings[booking_id], by, self.now)
        self._tell_booking(booking_id, facts)
        cancelled = self.bookings[booking_id]
        assert isinstance(cancelled, bookings.Cancelled)
        self._give_back(paid_by, cancelled.refund.total)

    def alter(self) -> None:
        booking_id = self._some(self.bookings, lambda booking: isinstance(booking, bookings.Confirmed))
        booking = self.bookings[booking_id]
        begin = booking.made.quote.stay.check_in + timedelta(days=self.chance.randint(-1, 2))
        stay = Stay(begin, begin + timedelta(days=self.chance.randint(1, 9)))
        listing = self.listings[booking.made.property_id]
        facts = alterations.alter(booking, listing, stay, self.chance.randint(1, 4), next(self._ids), self.now)
        self._tell_booking(booking_id, facts)
        for fact in facts:
            if isinstance(fact, bookings.BookingAltered):
                self._give_back(bookings.paid_by(booking), fact.refund)

    def wait(self) -> None:
        self.now += self.chance.choice([timedelta(minutes=20), timedelta(hours=20), timedelta(days=4)])
        for booking_id, booking in list(self.bookings.items()):
            if self._perhaps():
                self._tell_booking(booking_id, lifecycle.elapse(booking, self.now))

    # What providers and banks do.

    def take(self) -> None:
        payment_id = self._some(self.payments, lambda payment: payment.stage != "captured")
        outcome: Outcome = self.chance.choice(["captured", "captured", "captured", "authorized", "failed", "voided"])
        facts = charges.report(self.payments[payment_id], Report(outcome, EVIDENCE, failure_code="declined"))
        self._tell_payment(payment_id, facts)
        if any(isinstance(fact, payments.PaymentCaptured) for fact in facts):
            self._settle(payment_id)

    def send_back(self) -> None:
        payment_id = self._some(self.payments, lambda payment: not payments.is_settled(payment))
        waiting = [i for i, each in self.payments[payment_id].refunds.items() if each.outcome == "started"]
        for refund_id in waiting:
            outcome: RefundOutcome = self.chance.choice(["succeeded", "succeeded", "pending", "failed"])
            report = RefundReport(outcome, EVIDENCE)
            self._tell_payment(payment_id, refunds.report_refund(self.payments[payment_id], refund_id, report))

    def dispute(self) -> None:
        payment_id = self._some(self.payments, lambda payment: payment.stage == "captured")
        payment = self.payments[payment_id]
        whole = payment.started.amount
        amount = Money(self.chance.randint(1, max(whole.minor, 1)), whole.currency)
        known = payment.disputes.get("dp_1")
        fee = known.fee if known else Money(self.chance.randint(0, 1_500), whole.currency)
        outcome: DisputeOutcome = self.chance.choice(["opened", "won", "lost"])
        returned = fee if self._perhaps() else fee * 0
        said = DisputeReport("dp_1", outcome, known.amount if known else amount, fee, returned, "fraudulent", EVIDENCE)
        self._tell_payment(payment_id, disputes.report_dispute(payment, said))

    # What hosts get.

    def pay_out(self) -> None:
        host = self.chance.choice(HOSTS)
        for payout_id in payouts.under_way_of(self.accounts[host]):
            if self.chance.random() < 0.7:
                self._tell_host(host, payouts.pay(self.accounts[host], payout_id, EVIDENCE))
            else:
                self._tell_host(host, payouts.fail(self.accounts[host], payout_id, "account_closed", EVIDENCE))
        if self._perhaps():
            self._tell_host(host, payouts.readdress(self.accounts[host]))
        self.earn(host)
        self._tell_host(host, payouts.schedule(self.accounts[host], self.now, "sandbox", next(self._ids)))

    def charge(self) -> None:
        host = self.chance.choice(HOSTS)
        amount = Money(self.chance.randint(1, 500), self.chance.choice(CURRENCIES))
        self._tell_host(host, payouts.charge(self.accounts[host], next(self._ids), amount))

    def earn(self, host: UUID) -> None:
        """Let the host's account know what every booking earns now."""
        for booking_id, booking in self.bookings.items():
            if booking.made.host_id == host:
                share, account = shares(booking).host, self.accounts[host]
                earned = (account, booking_id, booking.made.property_id, share, release_at(booking), next(self._ids))
                self._tell_host(host, payouts.earn(*earned))

    # What follows by itself.

    def _settle(self, payment_id: UUID) -> None:
        """Money was captured: something is bought, or it goes back."""
        started = self.payments[payment_id].started
        facts = lifecycle.settle(self.bookings[started.booking_id], payment_id, started.alteration_id)
        if facts and self.chance.randint(0, 4):  # an expired booking's nights may be gone
            self._tell_booking(started.booking_id, facts)
        elif not isinstance(self.bookings[started.booking_id], bookings.Held):
            self._refund(payment_id, started.amount)
        else:
            self._tell_booking(started.booking_id, facts)

    def _give_back(self, paid_by: Iterable[UUID], amount: Money) -> None:
        ids = list(paid_by)
        attempts = [self.payments[payment_id] for payment_id in ids]
        back = refunds.pay_back(attempts, amount, [next(self._ids) for _ in ids], "booking_cancelled")
        for payment_id, facts in zip(ids, back, strict=True):
            self._tell_payment(payment_id, facts)

    def _refund(self, payment_id: UUID, amount: Money) -> None:
        facts = refunds.refund(self.payments[payment_id], next(self._ids), amount, "booking_not_payable")
        self._tell_payment(payment_id, facts)

    def _tell_booking(self, booking_id: UUID, facts: Iterable[bookings.BookingFact]) -> None:
        for fact in facts:
            self.tale.tell(booking_id, fact)
            self.bookings[booking_id] = bookings.evolve(self.bookings.get(booking_id), fact)

    def _tell_payment(self, payment_id: UUID, facts: Iterable[payments.PaymentFact]) -> None:
        for fact in facts:
            self.tale.tell(payment_id, fact)
            state = payments.evolve(self.payments.get(payment_id), fact)
            assert state is not None
            self.payments[payment_id] = state

    def _tell_host(self, host: UUID, facts: Iterable[HostAccountFact]) -> None:
        for fact in facts:
            self.tale.tell(account_id(host), fact, partition=host)
            self.accounts[host] = evolve(self.accounts[host], fact)

    def _attempts(self, booking_id: UUID) -> dict[UUID, Payment]:
        return {i: each for i, each in self.payments.items() if each.started.booking_id == booking_id}

    def _perhaps(self) -> bool:
        return self.chance.random() < 0.5

    def _some(self, things: Mapping[UUID, T], fits: Callable[[T], bool] = lambda _: True) -> UUID:
        """One of the latest that fit, mostly; a few times one that does not."""
        ids = [i for i, thing in things.items() if fits(thing) or self.chance.random() < 0.05]
        if not ids:
            raise Rejected("nothing", "There is nothing like it.")
        return self.chance.choice(ids[-6:])

    def _listing(self, host: UUID, currency: str) -> Property:
        def price() -> Money:
            return Money(self.chance.randint(1, 30_000), currency)

        pricing = Pricing(
            nightly=price(),
            cleaning_fee=price(),
            extra_guest_fee=price(),
            guests_included=2,
            tax_bp=self.chance.choice([0, 875, 1800]),
        )
        policy = self.chance.choice(get_args(CancellationPolicy))
        facts: tuple[properties.PropertyFact, ...] = (
            PropertyCreated(host),
            properties.PropertyDetailsChanged(DETAILS),
            properties.PropertyLocationChanged(LOCATION),
            PropertyPricingChanged(pricing),
            PropertyHouseRulesChanged(HouseRules(cancellation_policy=policy)),
            properties.PropertyPublished(),
        )
        state: Property | None = reduce(properties.evolve, facts, None)
        assert state is not None
        return state


def _market(seed: int) -> Marketplace:
    market = Marketplace(Random(seed))
    for _ in range(market.chance.randint(10, 200)):
        market.act()
    return market


marketplaces = st.builds(_market, st.integers(0, 2**32))
"""Those that have seen something; a seed makes one, for drawing each choice makes histories too short."""

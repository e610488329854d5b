"""Bookings: nights held, paid for, and given back; and that what is offered is what is accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import bookings
from domain.bookings import (
    Booking,
    BookingCancelled,
    BookingConfirmed,
    BookingExpired,
    BookingFact,
    BookingReinstated,
    RequestBooking,
    Role,
    available_actions,
    evolve,
    must_be_made,
    must_be_payable,
)
from domain.cancellations import CancelledBy
from domain.payments import attempt_id
from domain.properties import Property, PropertyFact, PropertyUnpublished
from domain.properties import evolve as evolve_property
from domain.rejections import Rejected
from domain.stays import Stay
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    CHECK_IN,
    CHECK_OUT,
    DRAFT,
    FULL_REFUND,
    GUEST,
    GUESTS,
    HELD,
    HELD_UNTIL,
    HOST,
    NO_REFUND,
    NOW,
    PAYMENT,
    PROPERTY,
    PUBLISHED,
    QUOTE,
    STAY,
    STRANGER,
    instant,
)
from tests.support.spec import Spec

BOOKINGS = Spec[Booking | None, BookingFact](evolve, None)
LISTING = Spec[Property | None, PropertyFact](evolve_property, None).fold(PUBLISHED)
ONE_SECOND = timedelta(seconds=1)
CONFIRMED = (HELD, BookingConfirmed(PAYMENT))
EXPIRED = (HELD, BookingExpired())
REQUEST = RequestBooking(PROPERTY, GUEST, STAY, GUESTS)

Decision = Callable[[Booking | None], tuple[BookingFact, ...]]


def requesting(command: RequestBooking = REQUEST, listing: Property | None = LISTING, now: datetime = NOW) -> Decision:
    return lambda _: bookings.request(listing, command, QUOTE, now)


def settling(state: Booking | None) -> tuple[BookingFact, ...]:
    return bookings.settle(state, PAYMENT)


def expiring(now: datetime) -> Decision:
    return lambda state: bookings.expire(state, now)


def cancelling(by: CancelledBy, now: datetime, reason: str | None = None) -> Decision:
    return lambda state: bookings.cancel(state, by, now, reason)


def listing_with(**changes: object) -> Property:
    assert LISTING is not None
    return replace(LISTING, **changes)  # type: ignore[arg-type]  # one property's parts by name


def test_nights_are_held_for_fifteen_minutes_with_quote_and_terms_pinned() -> None:
    BOOKINGS.given().when(requesting()).then(HELD)
    assert instant("2026-06-01 12:15:00") == HELD_UNTIL


@pytest.mark.parametrize(
    ("listing", "code"),
    [
        (None, "property_not_found"),
        (Spec[Property | None, PropertyFact](evolve_property, None).fold(DRAFT), "property_not_listed"),
        (
            Spec[Property | None, PropertyFact](evolve_property, None).fold((*PUBLISHED, PropertyUnpublished())),
            "property_not_listed",
        ),
    ],
)
def test_only_a_published_property_takes_bookings(listing: Property | None, code: str) -> None:
    BOOKINGS.given().when(requesting(listing=listing)).then_rejected(code)


@pytest.mark.parametrize(
    ("stay", "code", "details"),
    [
        # The rules of the example: 2 to 28 nights. It is 1 June at the property.
        (Stay(date(2026, 5, 31), date(2026, 6, 3)), "stay_in_past", {"today": "2026-06-01"}),
        (Stay(date(2028, 5, 29), date(2028, 6, 1)), "stay_beyond_horizon", {"last": "2028-05-31"}),
        (Stay(date(2026, 6, 11), date(2026, 6, 12)), "stay_too_short", {"minimum": 2}),
        (Stay(date(2026, 6, 11), date(2026, 7, 10)), "stay_too_long", {"maximum": 28}),
    ],
)
def test_a_stay_that_the_property_does_not_take_is_refused(stay: Stay, code: str, details: dict[str, object]) -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, stay=stay))).then_rejected(code, **details)


@pytest.mark.parametrize("stay", [Stay(date(2026, 6, 1), date(2026, 6, 3)), Stay(date(2026, 6, 11), date(2026, 7, 9))])
def test_a_stay_at_the_very_limits_is_held(stay: Stay) -> None:
    assert BOOKINGS.given().when(requesting(replace(REQUEST, stay=stay))).facts


def test_notice_is_counted_in_days_at_the_property() -> None:
    assert LISTING is not None
    ten_days = listing_with(house_rules=replace(LISTING.house_rules, advance_notice_days=10))
    # 11 June is 10 days after 1 June; in New York 2 June begins at 04:00 UTC.
    assert BOOKINGS.given().when(requesting(listing=ten_days, now=instant("2026-06-02 03:59:59"))).facts
    BOOKINGS.given().when(requesting(listing=ten_days, now=instant("2026-06-02 04:00:00"))).then_rejected(
        "notice_too_short", days=10
    )


def test_as_many_guests_as_the_property_takes_and_no_more() -> None:
    assert BOOKINGS.given().when(requesting(replace(REQUEST, guests=4))).facts
    BOOKINGS.given().when(requesting(replace(REQUEST, guests=5))).then_rejected("too_many_guests", maximum=4)


@pytest.mark.parametrize("guests", [0, -1])
def test_a_stay_without_guests_is_refused(guests: int) -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, guests=guests))).then_rejected("guests_out_of_range")


def test_hosts_do_not_book_their_own_property() -> None:
    BOOKINGS.given().when(requesting(replace(REQUEST, guest_id=HOST))).then_rejected("own_property")


def test_a_paid_hold_is_confirmed() -> None:
    BOOKINGS.given(HELD).when(settling).then(BookingConfirmed(PAYMENT))


def test_a_hold_that_lapsed_and_is_not_yet_expired_is_confirmed_by_money_or_expired_by_time() -> None:
    lapsed = BOOKINGS.given(HELD)
    with pytest.raises(Rejected):
        must_be_payable(lapsed.state, HELD_UNTIL)
    lapsed.when(settling).then(BookingConfirmed(PAYMENT))
    lapsed.when(expiring(HELD_UNTIL)).then(BookingExpired())


def test_a_hold_expires_only_when_it_lapsed() -> None:
    BOOKINGS.given(HELD).when(expiring(HELD_UNTIL - ONE_SECOND)).then_nothing()
    BOOKINGS.given(HELD).when(expiring(HELD_UNTIL)).then(BookingExpired())


@pytest.mark.parametrize("past", [(), *(history for history in BOOKING_HISTORIES if history != (HELD,))])
def test_nothing_but_a_hold_expires(past: tuple[BookingFact, ...]) -> None:
    BOOKINGS.given(*past).when(expiring(CHECK_OUT)).then_nothing()


def test_money_that_comes_after_expiry_reinstates() -> None:
    BOOKINGS.given(*EXPIRED).when(settling).then(BookingReinstated(PAYMENT))


@pytest.mark.parametrize(
    "past", [CONFIRMED, (*EXPIRED, BookingReinstated(PAYMENT)), (HELD, BookingCancelled("guest", NO_REFUND))]
)
def test_money_for_a_confirmed_or_cancelled_booking_has_to_go_back(past: tuple[BookingFact, ...]) -> None:
    BOOKINGS.given(*past).when(settling).then_nothing()


OTHER_PAYMENT = attempt_id(BOOKING, 2)


@pytest.mark.parametrize(
    ("past", "payment_id", "owed"),
    [
        ((HELD,), PAYMENT, False),
        (EXPIRED, PAYMENT, False),
        (CONFIRMED, PAYMENT, False),
        (CONFIRMED, OTHER_PAYMENT, True),
        ((*EXPIRED, BookingReinstated(PAYMENT)), PAYMENT, False),
        ((HELD, BookingCancelled("guest", NO_REFUND)), PAYMENT, True),
        ((*EXPIRED, BookingReinstated(PAYMENT), BookingCancelled("host", FULL_REFUND)), PAYMENT, False),
        ((*CONFIRMED, BookingCancelled("host", FULL_REFUND)), PAYMENT, False),
        ((*CONFIRMED, BookingCancelled("host", FULL_REFUND)), OTHER_PAYMENT, True),
    ],
)
def test_a_payment_is_owed_back_when_it_bought_nothing(
    past: tuple[BookingFact, ...], payment_id: UUID, owed: bool
) -> None:
    # What the payment of a cancelled booking bought comes back by the cancellation's own refund, not by this.
    assert bookings.owes_back(BOOKINGS.fold(past), payment_id) is owed


def test_money_for_no_booking_is_refused() -> None:
    BOOKINGS.given().when(settling).then_rejected("booking_not_found")
    with pytest.raises(Rejected) as refused:
        bookings.owes_back(None, PAYMENT)
    assert refused.value.code == "booking_not_found"


@pytest.mark.parametrize("by", ["guest", "host", "platform"])
def test_cancelling_what_is_not_paid_gives_nothing_back(by: CancelledBy) -> None:
    BOOKINGS.given(HELD).when(cancelling(by, NOW, "a change of plans")).then(
        BookingCancelled(by, NO_REFUND, "a change of plans")
    )


@pytest.mark.parametrize("past", [CONFIRMED, (*EXPIRED, BookingReinstated(PAYMENT))])
def test_cancelling_what_is_paid_gives_back_what_the_policy_says(past: tuple[BookingFact, ...]) -> None:
    BOOKINGS.given(*past).when(cancelling("guest", CHECK_IN - timedelta(hours=24))).then(
        BookingCancelled("guest", FULL_REFUND)
    )


def test_a_host_who_cancels_at_the_door_gives_everything_back() -> None:
    BOOKINGS.given(*CONFIRMED).when(cancelling("host", CHECK_IN, "a burst pipe")).then(
        BookingCancelled("host", FULL_REFUND, "a burst pipe")
    )


@pytest.mark.parametrize(
    ("past", "now", "status"),
    [
        ((HELD,), HELD_UNTIL, "pending"),
        (EXPIRED, HELD_UNTIL, "expired"),
        (CONFIRMED, CHECK_OUT, "confirmed"),
        ((HELD, BookingCancelled("guest", NO_REFUND)), NOW, "cancelled"),
    ],
)
@pytest.mark.parametrize("by", ["guest", "host", "platform"])
def test_what_is_over_is_not_cancelled(
    past: tuple[BookingFact, ...], now: datetime, status: str, by: CancelledBy
) -> None:
    BOOKINGS.given(*past).when(cancelling(by, now)).then_rejected(
        "booking_not_cancellable", status=status, guest_actions=[], host_actions=[]
    )


def test_no_booking_is_not_cancelled() -> None:
    BOOKINGS.given().when(cancelling("guest", NOW)).then_rejected("booking_not_found")


def test_only_a_hold_that_has_not_lapsed_is_payable() -> None:
    held = BOOKINGS.fold([HELD])
    assert must_be_payable(held, HELD_UNTIL - ONE_SECOND) == held
    with pytest.raises(Rejected) as refused:
        must_be_payable(held, HELD_UNTIL)
    assert refused.value.code == "booking_not_payable"
    with pytest.raises(Rejected) as unknown:
        must_be_payable(None, NOW)
    assert unknown.value.code == "booking_not_found"


def test_a_refusal_says_what_would_be_accepted() -> None:
    with pytest.raises(Rejected) as refused:
        must_be_payable(BOOKINGS.fold(CONFIRMED), NOW)
    assert refused.value.details == {"status": "confirmed", "guest_actions": ["cancel"], "host_actions": ["cancel"]}


edges = st.sampled_from([NOW, HELD_UNTIL, CHECK_IN - timedelta(hours=24), CHECK_IN, CHECK_OUT])
near_edges = st.builds(lambda edge, seconds: edge + timedelta(seconds=seconds), edges, st.sampled_from([-1, 0, 1]))
anywhen = near_edges | st.integers(0, 15 * 86_400).map(lambda seconds: NOW + timedelta(seconds=seconds))


@given(st.sampled_from(BOOKING_HISTORIES), st.sampled_from(["guest", "host"]), anywhen)
def test_the_offered_actions_are_exactly_what_is_accepted(
    history: tuple[BookingFact, ...], role: Role, now: datetime
) -> None:
    booking = must_be_made(BOOKINGS.fold(history))
    accepted = {
        "cancel": _accepts(lambda: bookings.cancel(booking, role, now)),
        "pay": role == "guest" and _accepts(lambda: must_be_payable(booking, now)),
    }
    assert set(available_actions(booking, role, now)) == {action for action, yes in accepted.items() if yes}


def _accepts(command: Callable[[], object]) -> bool:
    try:
        command()
    except Rejected:
        return False
    return True


steps = st.sampled_from(["settle", "expire", "guest", "host", "platform"])


@given(st.lists(st.tuples(steps, anywhen), max_size=12))
def test_no_order_of_money_time_and_people_revives_a_cancelled_booking_or_expires_a_paid_one(
    commands: list[tuple[str, datetime]],
) -> None:
    state: Booking | None = BOOKINGS.fold([HELD])
    seen: list[str] = ["pending"]
    for step, now in sorted(commands, key=lambda command: command[1]):
        for fact in _decide(state, step, now):
            state = evolve(state, fact)
        seen.append(bookings.status(must_be_made(state)))
    allowed = {
        ("pending", "confirmed"),
        ("pending", "expired"),
        ("pending", "cancelled"),
        ("expired", "confirmed"),
        ("confirmed", "cancelled"),
    }
    assert {(before, after) for before, after in pairwise(seen) if before != after} <= allowed


def _decide(state: Booking | None, step: str, now: datetime) -> tuple[BookingFact, ...]:
    decisions: dict[str, Decision] = {
        "settle": settling,
        "expire": expiring(now),
        "guest": cancelling("guest", now),
        "host": cancelling("host", now),
        "platform": cancelling("platform", now),
    }
    try:
        return decisions[step](state)
    except Rejected:
        return ()


@pytest.mark.parametrize(
    ("history", "status"),
    [*zip(BOOKING_HISTORIES, ["pending", "confirmed", "expired", "confirmed", "cancelled", "cancelled"], strict=True)],
)
def test_each_history_has_its_status(history: tuple[BookingFact, ...], status: str) -> None:
    assert bookings.status(must_be_made(BOOKINGS.fold(history))) == status


def test_a_booking_concerns_its_guest_and_its_host_alone() -> None:
    booking = BOOKINGS.fold([HELD])
    assert bookings.must_concern(booking, GUEST) == (booking, "guest")
    assert bookings.must_concern(booking, HOST) == (booking, "host")
    for state, user in ((booking, STRANGER), (None, GUEST)):
        with pytest.raises(Rejected) as refused:
            bookings.must_concern(state, user)
        assert refused.value.code == "booking_not_found"

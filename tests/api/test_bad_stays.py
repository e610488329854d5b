"""Stays that nobody can have: each with its own code, and nothing is recorded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.api.people import book, draft, host, listing, register, stay
from tests.api.stack import Stack, json_of


@dataclass(frozen=True)
class Case:
    """A property's own rules, the stay that is asked for, and how it is refused."""

    code: str
    check_in: str = "2031-06-12"
    check_out: str = "2031-06-15"
    guests: int = 2
    rules: dict[str, Any] = field(default_factory=dict)
    wish: dict[str, Any] = field(default_factory=dict)


# It is 1 June 2031; the property takes four guests and is priced in dollars.
CASES = {
    "in the past": Case("stay_in_past", "2031-05-30", "2031-06-02"),
    "reversed": Case("stay_reversed", "2031-06-15", "2031-06-12"),
    "no night": Case("stay_empty", "2031-06-12", "2031-06-12"),
    "366 nights": Case("stay_over_limit", "2031-06-12", "2032-06-12"),
    "beyond the horizon": Case("stay_beyond_horizon", "2033-05-30", "2033-06-02"),
    "below the host's minimum": Case("stay_too_short", rules={"minimum_nights": 4}),
    "above the host's maximum": Case("stay_too_long", rules={"maximum_nights": 2}),
    "without the host's notice": Case("notice_too_short", rules={"advance_notice_days": 30}),
    "too many guests": Case("too_many_guests", guests=5),
    "in another currency": Case("currency_foreign", wish={"currency": "EUR"}),
    "in no currency": Case("validation_failed", wish={"currency": "EURO"}),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_an_impossible_stay_has_its_own_code_and_records_nothing(shared: Stack, case: Case) -> None:
    property_id = listing(host(shared), house_rules=case.rules)
    bob = register(shared)
    wish = {**stay(property_id, case.check_in, case.check_out, case.guests), **case.wish}
    before = shared.count_events()

    for answer in (bob.wish("/v1/bookings", wish), shared.anybody().post("/v1/quotes", wish)):
        assert json_of(answer)["type"] == f"/problems/{case.code.replace('_', '-')}", answer.text
        assert answer.status_code == 422
    assert shared.count_events() == before


def test_an_unlisted_or_unknown_property_takes_no_stay(shared: Stack) -> None:
    bob = register(shared)
    ada = host(shared)
    withdrawn = listing(ada)
    assert ada.post(f"/v1/properties/{withdrawn}/unpublish").status_code == 200
    unlisted = [(draft(ada), 404), (withdrawn, 409), ("01900000-0000-7000-8000-000000000000", 404)]
    before = shared.count_events()

    for property_id, status in unlisted:
        code = "property-not-listed" if status == 409 else "property-not-found"
        for answer in (
            bob.wish("/v1/bookings", stay(property_id)),
            shared.anybody().post("/v1/quotes", stay(property_id)),
        ):
            assert (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}")
    assert shared.count_events() == before


def test_ones_own_property_and_what_is_taken_are_not_booked(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    book(register(shared), property_id)
    before = shared.count_events()

    own = ada.wish("/v1/bookings", stay(property_id, "2031-07-12", "2031-07-15"))
    taken = register(shared).wish("/v1/bookings", stay(property_id))

    assert (own.status_code, json_of(own)["type"]) == (422, "/problems/own-property")
    assert (taken.status_code, json_of(taken)["type"]) == (409, "/problems/nights-taken")
    assert shared.count_events() == before + 2  # the second guest's registration and confirmed address


def test_the_currency_that_the_property_has_is_taken(shared: Stack) -> None:
    wish = {**stay(listing(host(shared))), "currency": "USD"}
    assert shared.anybody().post("/v1/quotes", wish).status_code == 200
    assert register(shared).wish("/v1/bookings", wish).status_code == 201

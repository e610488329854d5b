"""The rules accuse nobody who kept to them, and name whoever did not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given

from domain.catalogue import FACTS
from domain.events import Event
from domain.log_leaves import Record
from domain.log_rules import Rules
from infrastructure.event_store.mapper import Mapper
from tests.support.effort import effort
from tests.support.money_tales import Marketplace, marketplaces

MAPPER = Mapper(FACTS)
EVIDENCE = {"provider": "sandbox", "reference": "ch_1", "sha256": "0" * 64}


def recorded(events: Sequence[Event]) -> Iterator[Record]:
    for event in events:
        stored = MAPPER.to_stored_event(event)
        yield Record(
            event.position or 0,
            str(event.partition_key),
            str(event.stream_id),
            event.version,
            stored.topic,
            stored.schema_version,
            0,
            stored.state.decode(),
            stored.meta,
        )


@given(market=marketplaces)
@effort()
def test_whatever_the_deciders_make_of_money_is_within_the_rules(market: Marketplace) -> None:
    rules = Rules()

    wrong = [(record.type, told) for record in recorded(market.tale.events) for told in rules.told(record)]

    assert wrong == []


def payment(*facts: tuple[str, dict[str, Any]]) -> list[str]:
    """What the rules say of a payment of 100.00 USD to which this happens."""
    rules = Rules()
    started = ("PaymentStarted", {"booking_id": "b", "guest_id": "g", "amount": {"minor": 10_000, "currency": "USD"}})
    return [
        told
        for version, (name, data) in enumerate((started, *facts), start=1)
        for told in rules.told(Record(version, "p", "s", version, name, 1, 0, json.dumps(data), "{}"))
    ]


def refund(minor: int, refund_id: str = "r", currency: str = "USD") -> tuple[str, dict[str, Any]]:
    return "RefundStarted", {"refund_id": refund_id, "amount": {"minor": minor, "currency": currency}}


CAPTURED = ("PaymentCaptured", {"evidence": EVIDENCE})
SUCCEEDED = ("RefundSucceeded", {"refund_id": "r", "evidence": EVIDENCE})


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ([CAPTURED, refund(10_001)], "refunds of 10001 are more than the 10000"),
        ([CAPTURED, refund(6_000), SUCCEEDED, refund(6_000, "other")], "refunds of 12000 are more"),
        ([CAPTURED, refund(6_000), refund(6_000)], "an intent that there is already"),
        ([CAPTURED, SUCCEEDED], "the outcome of nothing that was begun"),
        ([CAPTURED, refund(100), SUCCEEDED, SUCCEEDED], "or its second one"),
        ([CAPTURED, refund(100, currency="EUR")], "another currency"),
        ([refund(100)], "RefundStarted cannot follow: the payment is started"),
        ([CAPTURED, CAPTURED], "PaymentCaptured cannot follow: the payment is captured"),
        ([("BookingHeld", {})], "BookingHeld is in the stream of a payment"),
        ([("PaymentCaptured", {"evidence": 1})], "does not have the shape of its version"),
    ],
)
def test_what_no_decider_allows_is_named(facts: list[tuple[str, dict[str, Any]]], what: str) -> None:
    assert what in " / ".join(payment(*facts))


def test_a_payment_that_is_given_back_in_full_is_within_the_rules() -> None:
    assert payment(CAPTURED, refund(10_000), SUCCEEDED) == []


def test_a_price_that_does_not_add_up_is_named() -> None:
    usd = {"minor": 100, "currency": "USD"}
    quote = {"quote": {"lines": [{"amount": usd}, {"amount": usd}], "total": {"minor": 201, "currency": "USD"}}}

    told = list(Rules().told(Record(1, "p", "s", 1, "BookingHeld", 1, 0, json.dumps(quote), "{}")))

    assert told == ["the lines of the quote do not add up to its total"]


@pytest.mark.parametrize(("captured", "wrong"), [(100, []), (99, ["goes ahead for 100, of which 99 were captured"])])
def test_a_booking_that_goes_ahead_is_paid_for(captured: int, wrong: list[str]) -> None:
    usd = {"minor": 100, "currency": "USD"}
    started = {"booking_id": "b", "guest_id": "g", "amount": {"minor": captured, "currency": "USD"}}
    rules = Rules()

    told = [
        each
        for position, (stream, version, name, data) in enumerate(
            (
                ("b", 1, "BookingHeld", {"quote": {"lines": [{"amount": usd}], "total": usd}}),
                ("p", 1, "PaymentStarted", started),
                ("p", 2, "PaymentCaptured", {"evidence": EVIDENCE}),
                ("b", 2, "BookingConfirmed", {}),
            ),
            start=1,
        )
        for each in rules.told(Record(position, "property", stream, version, name, 1, 0, json.dumps(data), "{}"))
    ]

    assert [each.removeprefix("the booking ") for each in told] == wrong

"""The catalogue: every fact is known by its stored name, holds values only, and is understood by its stream."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from datetime import date, datetime, time
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, ClassVar, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest

import domain
from domain import bookings, host_accounts, payments, platform, properties, reviews, users
from domain.catalogue import FACTS
from domain.events import Fact
from domain.money import Money
from tests.support.examples import HISTORIES
from tests.support.spec import Spec

STORED_NAMES = {
    "UserRegistered",
    "UserBecameHost",
    "UserEmailVerified",
    "UserRoleGranted",
    "UserRoleRevoked",
    "UserSuspended",
    "UserReinstated",
    "UserDeactivated",
    "UserReactivated",
    "UserErased",
    "UserApiKeyCreated",
    "UserIdentityLinked",
    "UserApiKeyRolled",
    "UserApiKeyRevoked",
    "UserSecondFactorEnabled",
    "UserSecondFactorDisabled",
    "PropertyErased",
    "PropertyPhotosChanged",
    "PropertyCreated",
    "PropertyDetailsChanged",
    "PropertyLocationChanged",
    "PropertyPricingChanged",
    "PropertyHouseRulesChanged",
    "PropertyPublished",
    "PropertyUnpublished",
    "NightsBlocked",
    "NightsUnblocked",
    "CalendarFeedLinked",
    "CalendarFeedUnlinked",
    "CalendarConflictsFound",
    "CalendarConflictsResolved",
    "BookingHeld",
    "BookingConfirmed",
    "BookingExpired",
    "BookingReinstated",
    "BookingCancelled",
    "BookingRequested",
    "BookingAccepted",
    "BookingDeclined",
    "AlterationHeld",
    "AlterationExpired",
    "BookingAltered",
    "BookingCompleted",
    "BookingNoShowRecorded",
    "PaymentStarted",
    "PaymentActionRequired",
    "PaymentAuthorized",
    "PaymentCaptureStarted",
    "PaymentCaptured",
    "PaymentFailed",
    "PaymentVoidStarted",
    "PaymentVoided",
    "RefundStarted",
    "RefundSucceeded",
    "RefundFailed",
    "DisputeOpened",
    "DisputeWon",
    "DisputeLost",
    "PaymentContradicted",
    "PaymentContradictionResolved",
    "HostEarningRecorded",
    "HostDebtRecorded",
    "PayoutScheduled",
    "PayoutPaid",
    "PayoutFailed",
    "PayoutHoldPlaced",
    "PayoutHoldLifted",
    "KeyRotated",
    "KeyDestroyed",
    "RootKeyRotated",
    "KeysBackedUp",
    "KeysRestored",
    "ProjectionEventSkipped",
    "ReviewSubmitted",
    "ReviewRevealed",
    "ReviewReplied",
    "ReviewRemoved",
    "ReviewImported",
    "PropertyScoresImported",
}
"""A name once stored stays: facts are added here, never taken away or renamed."""

STREAMS: dict[str, Spec[Any, Any]] = {
    "users": Spec(users.evolve, users.NOBODY),
    "properties": Spec(properties.evolve, None),
    "bookings": Spec(bookings.evolve, None),
    "payments": Spec(payments.evolve, None),
    "host_accounts": Spec(host_accounts.evolve, host_accounts.EMPTY),
    "reviews": Spec(reviews.evolve, None),
    "platform": Spec(platform.evolve, platform.NEW),
}
every_fact = pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS)


def _fact_classes() -> set[type[Fact]]:
    modules = [importlib.import_module(f"domain.{module.name}") for module in pkgutil.iter_modules(domain.__path__)]
    found = {thing for module in modules for thing in vars(module).values() if isinstance(thing, type)}
    return {thing for thing in found if issubclass(thing, Fact) and thing is not Fact}


def test_every_fact_of_the_domain_is_in_the_catalogue() -> None:
    assert set(FACTS.values()) == _fact_classes()


def test_stored_names_never_change() -> None:
    assert set(FACTS) == STORED_NAMES


@every_fact
def test_a_fact_has_a_stored_name_of_its_own_and_a_schema_version(fact: type[Fact]) -> None:
    assert vars(fact)["TOPIC"] == fact.__name__
    assert FACTS[fact.TOPIC] is fact
    assert fact.SCHEMA_VERSION >= 1


@every_fact
def test_a_fact_is_frozen_and_holds_values_only(fact: type[Fact]) -> None:
    assert _flaws(fact) == []


PRIMITIVES: tuple[object, ...] = (str, int, bool, NoneType, UUID, date, datetime, time)


def _flaws(hint: Any, path: str = "") -> list[str]:
    """Where a type is not a primitive, a choice of words, a tuple or a frozen dataclass of these, all the way down."""
    if hint in PRIMITIVES:
        return []
    if get_origin(hint) is Literal:
        return [f"{path}: {word!r}" for word in get_args(hint) if not isinstance(word, str)]
    if get_origin(hint) in (Union, UnionType):
        return [flaw for option in get_args(hint) for flaw in _flaws(option, path)]
    if get_origin(hint) is tuple:
        return [flaw for item in get_args(hint) if item is not Ellipsis for flaw in _flaws(item, f"{path}[]")]
    if dataclasses.is_dataclass(hint) and _is_frozen(hint):
        hints = get_type_hints(hint)
        return [
            flaw for field in dataclasses.fields(hint) for flaw in _flaws(hints[field.name], f"{path}.{field.name}")
        ]
    return [f"{path}: {hint}"]


def _is_frozen(dataclass: Any) -> bool:
    return bool(dataclass.__dataclass_params__.frozen)


def test_the_walk_over_a_facts_types_sees_what_must_not_be_there() -> None:
    @dataclasses.dataclass(frozen=True)
    class Bad(Fact):
        TOPIC: ClassVar[str] = "Bad"
        rate: float
        names: list[str]
        prices: tuple[Money, ...]

    namespace = {"rate": float, "names": list[str], "prices": tuple[Money | float, ...]}
    Bad.__annotations__.update(namespace)
    assert _flaws(Bad) == [".rate: <class 'float'>", ".names: list[str]", ".prices[]: <class 'float'>"]


def test_the_examples_hold_every_fact_there_is() -> None:
    shown = {type(fact) for histories in HISTORIES.values() for history in histories for fact in history}
    assert shown == set(FACTS.values())


@pytest.mark.parametrize(
    ("stream", "history"), [(stream, history) for stream in HISTORIES for history in HISTORIES[stream]]
)
def test_every_fact_of_a_stream_changes_what_is_known(stream: str, history: tuple[Fact, ...]) -> None:
    spec = STREAMS[stream]
    states = [spec.fold(history[:length]) for length in range(len(history) + 1)]
    for before, after in pairwise(states):
        assert after is not None
        assert after != before


@pytest.mark.parametrize("stream", ["properties", "bookings", "payments"])
def test_a_stream_begins_with_its_first_fact(stream: str) -> None:
    first, second, *_ = max(HISTORIES[stream], key=len)
    assert STREAMS[stream].fold([first]) is not None
    with pytest.raises(AssertionError):
        STREAMS[stream].fold([second])

"""A herd over real HTTP against a database without its guards: what checks the real one reports each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from tests.api.people import host, listing
from tests.api.stack import Stack, running
from tests.faults.api_process import ApiProcess
from tests.guards.removal import LOCKS_IN_NO_ORDER, NO_EXCLUSION, NO_KEYS, alter
from tests.support.checkers import Outcome, broken_promises, uneven_race
from tests.support.herd import Rush, members, rush

pytestmark = pytest.mark.slow


@contextmanager
def unguarded(database_url: str, *removals: str) -> Iterator[tuple[Stack, ApiProcess]]:
    """An API over a database from which these guards are removed. Its end is asked for by the test or forced."""
    for removal in removals:
        alter(database_url, removal)
    with running(database_url) as stack:
        api = ApiProcess(database_url)
        try:
            yield stack, api
        finally:
            api.kill()


def test_without_the_exclusion_everybody_books_and_the_checker_says_so(database_url: str) -> None:
    with unguarded(database_url, NO_EXCLUSION) as (stack, api):
        property_id = listing(host(stack))
        done = rush(api, members(stack, 200), property_id)
        api.stop()
    assert uneven_race(database_url, property_id, done.outcomes()) == [
        "200 were told that they have the nights",
        "200 claims",
        "200 bookings",
    ]


def test_where_rivals_wait_for_each_other_they_deadlock_and_the_checker_says_so(database_url: str) -> None:
    with unguarded(database_url, LOCKS_IN_NO_ORDER) as (stack, api):
        property_id = listing(host(stack))
        done = rush(api, members(stack, 16), property_id)
        api.stop()
    assert any("deadlocks" in wrong for wrong in uneven_race(database_url, property_id, done.outcomes()))


@pytest.mark.parametrize(
    ("removals", "found"),
    [
        ((NO_KEYS,), ["one-wish: 1 effects, 50 different answers"]),
        ((NO_KEYS, NO_EXCLUSION), ["one-wish: 50 effects, 50 different answers"]),
    ],
    ids=["nights guarded", "nights not guarded either"],
)
def test_without_kept_answers_a_repeated_wish_is_a_wish_anew_and_the_checker_says_so(
    database_url: str, removals: tuple[str, ...], found: list[str]
) -> None:
    with unguarded(database_url, *removals) as (stack, api):
        (guest,) = members(stack, 1)
        done = rush(api, [guest] * 50, listing(host(stack)), key="one-wish")
    assert broken_promises(database_url, outcomes(done)) == found


def outcomes(done: Rush) -> list[Outcome]:
    """A refusal names no booking."""
    return [Outcome("one-wish", heard.body, UUID(heard.member("id") or UUID(int=0).hex)) for heard in done.answers]

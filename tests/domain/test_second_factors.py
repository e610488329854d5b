"""Second factors: a code lets in once, and guessing is slow. The laws hold for whatever is sent, in whatever order."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.policies import CODES_PAUSE, WRONG_CODES_MAX
from domain.rejections import Rejected
from domain.second_factors import (
    SecondFactor,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    Verdict,
    disable,
    enable,
    must_be_active,
    try_code,
    try_recovery_code,
)
from domain.users import NOBODY, User, UserErased, UserFact, UserRegistered, evolve
from tests.support.spec import Spec

FACTOR: Final = UUID(int=63)
NOON: Final = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
CODES: Final = (b"first", b"second")
USERS = Spec[User, UserFact](evolve, NOBODY)

Try = tuple[int, int | bytes | None]
"""After how many seconds what is sent: a code of a step (None: of none), or a recovery code."""

TRIES: Final = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.one_of(st.integers(0, 8), st.none(), st.sampled_from((*CODES, b"never given out"))),
    ),
    max_size=60,
)


def test_it_is_enabled_and_disabled_once() -> None:
    enabled = UserSecondFactorEnabled(FACTOR)
    USERS.given(UserRegistered()).when(lambda user: enable(user.second_factor, FACTOR)).then(enabled)
    USERS.given(UserRegistered(), enabled).when(lambda user: enable(user.second_factor, UUID(int=1))).then_rejected(
        "second_factor_active"
    )
    USERS.given(UserRegistered(), enabled).when(lambda user: disable(user.second_factor)).then(
        UserSecondFactorDisabled()
    )
    USERS.given(UserRegistered()).when(lambda user: disable(user.second_factor)).then_nothing()
    assert USERS.fold([UserRegistered(), enabled, UserErased()]).second_factor is None


def test_what_needs_one_says_how_to_have_it() -> None:
    assert must_be_active(FACTOR) == FACTOR
    with pytest.raises(Rejected) as refused:
        must_be_active(None)
    assert refused.value.code == "second_factor_inactive"


def play(tries: list[Try]) -> list[tuple[datetime, int | bytes | None, Verdict]]:
    """When what was sent, and what was said of it."""
    factor, now, said = SecondFactor("secret", recovery=frozenset(CODES)), NOON, []
    for seconds, sent in tries:
        now += timedelta(seconds=seconds)
        if isinstance(sent, bytes):
            factor, verdict = try_recovery_code(factor, sent, now)
        else:
            factor, verdict = try_code(factor, sent, now)
        said.append((now, sent, verdict))
    return said


@given(TRIES)
def test_steps_that_are_taken_only_grow_and_recovery_codes_are_used_up(tries: list[Try]) -> None:
    right = [sent for _, sent, verdict in play(tries) if verdict == "right"]
    steps = [sent for sent in right if isinstance(sent, int)]
    assert steps == sorted(set(steps))
    assert None not in right
    assert Counter(sent for sent in right if isinstance(sent, bytes)).keys() <= set(CODES)
    assert all(count == 1 for count in Counter(right).values())


@given(TRIES)
def test_of_any_fifteen_minutes_five_guesses_are_looked_at(tries: list[Try]) -> None:
    """Somebody who is let in between is no guesser: they begin anew."""
    wrong: list[datetime] = []
    for now, _, verdict in play(tries):
        wrong = [] if verdict == "right" else [*wrong, now] if verdict == "wrong" else wrong
        assert sum(now - each < CODES_PAUSE for each in wrong) <= WRONG_CODES_MAX


@given(TRIES, st.integers(0, 900))
def test_whoever_waits_out_the_pause_is_let_in_with_the_right_code(tries: list[Try], seconds: int) -> None:
    told = play([*tries, (int(CODES_PAUSE.total_seconds()) + seconds, 9)])
    assert told[-1][2] == "right"


def test_five_wrong_codes_close_the_door_for_fifteen_minutes() -> None:
    """Wrong at 12:00, right at 12:01; wrong again from 12:02 to 12:06: closed until 12:21."""
    wrong: list[Try] = [(60, 0), (60, None), (60, None), (60, None), (60, None)]
    told = play([(0, None), (60, 0), *wrong, (60, 1), (14 * 60 - 1, 2), (1, 2)])
    assert [verdict for _, _, verdict in told] == [
        *("wrong", "right", "wrong", "wrong", "wrong", "wrong", "wrong"),
        *("too_many", "too_many", "right"),
    ]


def test_wrong_codes_long_apart_close_nothing() -> None:
    quarter = int(CODES_PAUSE.total_seconds())
    told = play([(quarter, None)] * 12)
    assert {verdict for _, _, verdict in told} == {"wrong"}

"""How long an answer takes tells nothing of who has an account."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from time import perf_counter

import pytest

from tests.accounts.logins import credentials
from tests.api.people import register
from tests.api.stack import Stack, running

pytestmark = pytest.mark.slow
TRIES = 21


@pytest.fixture
def stack(costly_passwords: None, database_url: str) -> Iterator[Stack]:
    with running(database_url) as started:
        yield started


def seconds(stack: Stack, path: str, body: dict[str, str], status: int) -> float:
    began = perf_counter()
    answer = stack.anybody().post(path, body)
    taken = perf_counter() - began
    assert answer.status_code == status
    return taken


def apart(stack: Stack, path: str, bodies: tuple[dict[str, str], dict[str, str]], status: int) -> float:
    """By what part of the shorter one two medians differ; asked in turn, so that what else runs meets both."""
    took = [[seconds(stack, path, body, status) for body in bodies] for _ in range(TRIES)]
    one, other = median(each[0] for each in took), median(each[1] for each in took)
    return abs(one - other) / min(one, other)


def test_an_unknown_address_takes_as_long_as_a_wrong_password(stack: Stack) -> None:
    known = credentials(register(stack), "not it at all")
    unknown = {**known, "email": "nobody@example.org"}
    # Whatever else runs on the machine makes two medians differ now and then; a real difference is there each time.
    assert any(apart(stack, "/v1/auth/tokens", (known, unknown), 401) < 0.10 for _ in range(8))


def test_asking_for_a_mail_does_the_same_for_everybody(stack: Stack) -> None:
    """Both write one row and look nothing up: the rest is the worker's."""
    known = {"email": str(register(stack).user["email"])}
    for what in ("email-verification", "password-reset"):
        counted = [_statements(stack, what, body) for body in (known, {"email": "nobody@example.org"})]
        assert counted == [1, 1]


def _statements(stack: Stack, what: str, body: dict[str, str]) -> int:
    before = stack.count("SELECT count(*) FROM asked_letters")
    assert stack.anybody().post(f"/v1/auth/{what}/requests", body).status_code == 202
    return stack.count("SELECT count(*) FROM asked_letters") - before

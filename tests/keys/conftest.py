"""A stack, and what rotates its keys without anybody waiting: the ring's times are moved into the past instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from application.calls import Call
from domain.events import Actor
from infrastructure.bootstrap import Wired
from infrastructure.key_rotation import Rotation, destroy_what_ended
from tests.api.stack import Stack, running

OPERATOR = Actor("operator", "ada", "as every year")


@pytest.fixture
def stack(database_url: str) -> Iterator[Stack]:
    with running(database_url) as started:
        yield started


def pass_(wired: Wired, seconds: float) -> None:
    """Time goes by, for the ring."""
    with wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """UPDATE keyring SET used_from = used_from - make_interval(secs => %s),
                                  ends_at = ends_at - make_interval(secs => %s)""",
            [seconds, seconds],
        )
    wired.keyring.read()


def rotation(wired: Wired, between: Callable[[], None] = lambda: None) -> Rotation:
    """`between` is done whenever the command waits, before the time goes by."""
    lodger = wired.lodger

    def wait(seconds: float) -> None:
        wired.keyring.read()
        between()
        pass_(wired, seconds)
        between()

    return Rotation(
        lodger,
        wired.database,
        wired.keyring,
        lambda: Call(OPERATOR, lodger.clock.now(), lodger.new_id(), lodger.new_id()),
        wait,
    )


def rotate(stack: Stack, *purposes: str) -> None:
    rotation(stack.wired).rotate(purposes)


def settle(stack: Stack, minutes: float = 1.0) -> None:
    """Time goes by, and a worker looks."""
    pass_(stack.wired, minutes * 60)
    rotating = rotation(stack.wired)
    destroy_what_ended(rotating.lodger, rotating.database, rotating.call)
    stack.wired.keyring.read()

"""The collector's pause ends with the last of those who asked for it, whatever happens in between."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from threading import Event as Signal
from threading import Thread

import pytest

from infrastructure.event_store.garbage import uncollected


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.enable()
    yield
    if not was_on:
        gc.disable()


def test_the_collector_goes_on_after_a_failure_too() -> None:
    def fail() -> None:
        with uncollected():
            assert not gc.isenabled()
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert gc.isenabled()


def test_the_last_of_several_threads_lets_it_go_on() -> None:
    inside, leave = Signal(), Signal()

    def pause() -> None:
        with uncollected():
            inside.set()
            leave.wait(10)

    other = Thread(target=pause)
    other.start()
    assert inside.wait(10)
    with uncollected():
        pass
    assert not gc.isenabled()
    leave.set()
    other.join(10)
    assert gc.isenabled()


def test_who_had_turned_it_off_finds_it_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()

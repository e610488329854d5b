"""Tasks of a worker: one thread at a time, nobody's wish forgotten, and nobody kept waiting who need not."""

from __future__ import annotations

from queue import Empty, Queue
from threading import Event, Lock, Thread

import pytest

from infrastructure.workers.tasks import Alone, Aside


def test_a_task_asked_for_while_it_is_done_is_done_once_more_by_whoever_is_at_it() -> None:
    begun, go_on, runs = Event(), Event(), list[str]()

    def task() -> None:
        runs.append("run")
        begun.set()
        assert go_on.wait(10)

    alone = Alone(task)
    first = Thread(target=alone)
    first.start()
    assert begun.wait(10)

    alone()  # returns at once, though the task is under way
    alone()
    assert runs == ["run"]
    go_on.set()
    first.join(10)

    assert runs == ["run", "run"]


def test_no_two_threads_do_a_task_at_once_and_the_last_wish_is_always_met() -> None:
    lock, wished, met = Lock(), [0], [0]

    def task() -> None:
        assert lock.acquire(blocking=False), "somebody else is at it"
        met[0] = wished[0]
        lock.release()

    alone = Alone(task)

    def wish() -> None:
        for _ in range(2_000):
            wished[0] += 1
            alone()

    threads = [Thread(target=wish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert met == wished


def test_a_task_that_fails_can_be_asked_for_again() -> None:
    runs = list[str]()

    def task() -> None:
        runs.append("run")
        raise ZeroDivisionError

    alone = Alone(task)
    for _ in range(2):
        try:
            alone()
        except ZeroDivisionError:
            continue

    assert runs == ["run", "run"]


def test_whoever_asks_for_what_is_done_aside_does_not_wait_and_what_is_asked_for_meanwhile_is_done_once_more() -> None:
    begun, go_on, runs = Event(), Event(), Queue[str]()

    def task() -> None:
        runs.put("run")
        begun.set()
        assert go_on.wait(10)

    aside = Aside(task)
    aside()
    assert begun.wait(10)

    aside()  # returns at once, though the task is under way
    aside()
    go_on.set()

    assert [runs.get(timeout=10) for _ in range(2)] == ["run", "run"]
    with pytest.raises(Empty):
        runs.get(timeout=0.1)

"""Passwords are looked at a few at a time, behind everything else; whoever comes on top of that is sent away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from domain.rejections import Rejected
from infrastructure.passwords import Argon2Passwords

pytestmark = pytest.mark.usefixtures("costly_passwords")

PASSWORD = "correct horse battery"


@contextmanager
def busy(passwords: Argon2Passwords) -> Iterator[None]:
    """One place is taken for as long as this lasts."""
    over, begun = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        over.wait(10)

    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(passwords._worked_on, work)
        begun.wait(10)
        try:
            yield
        finally:
            over.set()
            working.result()


def test_the_right_one_matches_and_no_other() -> None:
    passwords = Argon2Passwords(at_once=1)
    kept = passwords.hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.matches(kept, PASSWORD)
    assert not passwords.matches(kept, "correct horse batterY")
    assert not passwords.matches(None, "nobody has this password")
    assert not passwords.matches("no hash at all", PASSWORD)


def test_one_too_many_is_refused_and_told_when_to_come_back_each_at_another_time() -> None:
    passwords = Argon2Passwords(at_once=2)
    with ExitStack() as others:
        others.enter_context(busy(passwords))
        passwords.must_have_room()
        others.enter_context(busy(passwords))
        waits = []
        for ask in (passwords.must_have_room, lambda: passwords.matches(None, PASSWORD)) * 4:
            with pytest.raises(Rejected) as refused:
                ask()
            assert refused.value.code == "passwords_busy"
            waits.append(refused.value.details["retry_after"])
    assert waits == [1, 2, 3, 4] * 2
    passwords.must_have_room()
    assert not passwords.matches(None, PASSWORD)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="threads of their own priority are Linux's")
def test_they_stand_back_and_the_rest_does_not() -> None:
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    passwords = Argon2Passwords(at_once=1)
    theirs = passwords._worked_on(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
    assert (theirs - own, os.getpriority(os.PRIO_PROCESS, threading.get_native_id())) == (5, own)

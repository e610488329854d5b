"""Turns: whose body is late does not keep others from being worked on."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from domain.rejections import Rejected
from infrastructure import turns as turns_of
from infrastructure.turns import Turns

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class Late:
    """A body that comes when it is let, piece by piece."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)
        self.is_read = Event()
        self.comes = Event()

    def read(self, *_: int) -> bytes:
        self.is_read.set()
        assert self.comes.wait(10)
        return self._pieces.pop(0) if self._pieces else b""


def echo(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
    return list(iter(environ["wsgi.input"].read, b""))


def asked(turns: Turns, body: Any, address: str = "192.0.2.1") -> Iterable[bytes]:
    return turns({"wsgi.input": body, "REMOTE_ADDR": address}, lambda *_: lambda _: None)


def there(body: bytes) -> Late:
    found = Late(body)
    found.comes.set()
    return found


def test_whose_body_is_late_lets_others_go_on_and_is_answered_when_it_comes() -> None:
    turns, late = Turns(echo, at_once=1, bodies=4), Late(b"late")
    with ThreadPoolExecutor() as pool:
        waiting: Future[Iterable[bytes]] = pool.submit(asked, turns, late)
        assert late.is_read.wait(10)
        assert [asked(turns, there(b"soon")) for _ in range(3)] == [[b"soon"]] * 3
        assert not waiting.done()
        late.comes.set()
        assert waiting.result(10) == [b"late"]


def test_no_more_than_have_a_turn_are_worked_on_after_their_late_bodies_came() -> None:
    at_work, most = 0, 0

    def work(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        nonlocal at_work, most
        environ["wsgi.input"].read()
        at_work += 1
        most = max(most, at_work)
        time.sleep(0.02)
        at_work -= 1
        return []

    turns, lates = Turns(work, at_once=1, bodies=None), [Late(b"x") for _ in range(5)]
    with ThreadPoolExecutor() as pool:
        waiting = [pool.submit(asked, turns, late) for late in lates]
        assert all(late.is_read.wait(10) for late in lates), "each lost its turn to the next"
        for late in lates:
            late.comes.set()
        assert [each.result(10) for each in waiting] == [[]] * 5
    assert most == 1


def test_turns_go_in_the_order_they_were_asked_for_and_not_to_whoever_has_just_ended() -> None:
    order, begun, go_on = list[str](), Event(), Event()

    def work(environ: WSGIEnvironment, _: StartResponse) -> Iterable[bytes]:
        order.append(environ["REMOTE_ADDR"])
        begun.set()
        assert go_on.wait(10)
        return []

    turns = Turns(work, at_once=1, bodies=None)

    def twice() -> None:
        asked(turns, there(b""), "first")
        asked(turns, there(b""), "first, again")

    with ThreadPoolExecutor() as pool:
        busy = pool.submit(twice)
        assert begun.wait(10)
        others = list[Future[Iterable[bytes]]]()
        for name in ("second", "third"):
            others.append(pool.submit(asked, turns, there(b""), name))
            time.sleep(0.05)  # until it waits
        go_on.set()
        busy.result(10)
        assert [each.result(10) for each in others] == [[], []]
    assert order == ["first", "second", "third", "first, again"]


def test_of_one_address_no_more_are_waited_for_than_allowed_and_others_are_taken() -> None:
    turns, late = Turns(echo, at_once=2, bodies=1), Late(b"late")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(asked, turns, late)
        assert late.is_read.wait(10)
        with pytest.raises(Rejected) as refused:
            asked(turns, there(b"one more"))
        assert refused.value.code == "too_many_requests"
        assert asked(turns, there(b"another's"), "192.0.2.2") == [b"another's"]
        late.comes.set()
        assert waiting.result(10) == [b"late"]
    assert asked(turns, there(b"again")) == [b"again"]


def test_who_lost_the_turn_once_does_not_keep_it_while_the_rest_of_the_body_trickles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody_looks = Event()
    monkeypatch.setattr(turns_of, "sleep", lambda seconds: time.sleep(3600 if nobody_looks.is_set() else seconds))
    turns, late = Turns(echo, at_once=1, bodies=4), Late(b"a", b"b")
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(asked, turns, late)
        assert late.is_read.wait(10)
        assert asked(turns, there(b"soon")) == [b"soon"], "so it has lost its turn"
        nobody_looks.set()
        late.is_read.clear()
        late.comes.set()
        late.comes.clear()
        assert late.is_read.wait(10), "for the next piece"
        assert pool.submit(asked, turns, there(b"at once")).result(10) == [b"at once"]
        late.comes.set()
        assert waiting.result(10) == [b"a", b"b"]

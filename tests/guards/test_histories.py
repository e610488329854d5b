"""The checker of histories, by hand: it passes what one guard could have answered, and names what none could."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.histories import Frees, Name, Operation, Outcome, Shown, violations


def did(  # a test's own shorthand: "began-ended", nights as digits
    name: Name,
    claim: str | None,
    time: str,
    nights: str = "",
    outcome: Outcome = "ok",
    *,
    answer: str = "",
    frees: Frees | None = None,
) -> Operation:
    began, ended = map(float, time.split("-"))
    usual: dict[Name, Frees] = {"alter": "others", "cancel": "all", "decline": "all", "unblock": "all"}
    takes = frozenset(map(int, nights))
    return Operation(name, "cabin", claim, began, ended, outcome, takes, frees or usual.get(name, "nothing"), answer)


def refused(name: Name, claim: str | None, time: str, nights: str) -> Operation:
    return did(name, claim, time, nights, "refused", answer="nights_taken")


def shown(blocks: str = "", **bookings: str) -> Shown:
    """Bookings as `id="status nights"`; `blocks` is "id nights"."""
    said = {id_: (text.split()[0], frozenset(map(int, "".join(text.split()[1:])))) for id_, text in bookings.items()}
    claims = {(id_, "cabin", False): nights for id_, (_, nights) in said.items() if nights}
    if blocks:
        block, nights = blocks.split()
        claims[block, "cabin", True] = frozenset(map(int, nights))
    return Shown(claims, said)


RIGHT = {
    "one after the other": (
        [did("book", "a", "0-1", "12"), did("cancel", "a", "2-3"), did("book", "b", "4-5", "23")],
        shown(a="cancelled", b="pending 23"),
    ),
    "side by side": (
        [did("book", "a", "0-9", "12"), did("book", "b", "0-9", "34")],
        shown(a="pending 12", b="pending 34"),
    ),
    "nights given back during the call": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-5"), did("book", "b", "3-4", "1")],
        shown(a="cancelled", b="pending 1"),
    ),
    "refused for one that had them": (
        [did("book", "a", "0-1", "12"), refused("book", None, "2-3", "23")],
        shown(a="pending 12"),
    ),
    "refused for one that was being booked": (
        [did("book", "a", "0-9", "1"), refused("book", None, "2-3", "1")],
        shown(a="pending 1"),
    ),
    "refused for one that nobody knows of": (
        [did("book", None, "0-1", "1", "unknown"), refused("book", None, "8-9", "1")],
        shown(),
    ),
    "unknown and taken": (
        [did("book", None, "0-1", "1", "unknown")],
        replace(shown(), claims={("x", "cabin", False): frozenset({1})}),
    ),
    "unknown cancelling, then booked by somebody else": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-3", outcome="unknown"), did("book", "b", "8-9", "1")],
        shown(a="cancelled", b="pending 1"),
    ),
    "blocks over each other": (
        [did("block", "x", "0-1", "12"), did("block", "y", "0-1", "12"), did("unblock", "y", "2-3")],
        shown(blocks="x 12"),
    ),
    "altered over its own nights": (
        [did("book", "a", "0-1", "12"), did("alter", "a", "2-3", "23"), did("book", "b", "4-5", "1")],
        shown(a="confirmed 23", b="pending 1"),
    ),
    "an alteration that waits for money keeps what it had": (
        [
            did("book", "a", "0-1", "12"),
            did("alter", "a", "2-3", "234", frees="nothing"),
            refused("book", None, "4-5", "1"),
        ],
        shown(a="confirmed 1234"),
    ),
    "asking takes nothing, accepting does": (
        [
            did("ask", "a", "0-1"),
            did("book", "b", "2-3", "1"),
            refused("accept", "a", "4-5", "1"),
            did("decline", "a", "6-7"),
        ],
        shown(a="declined", b="pending 1"),
    ),
}

WRONG = {
    "two stays": (
        [did("book", "a", "0-1", "12"), did("book", "b", "2-3", "23")],
        shown(a="pending 12", b="pending 23"),
        ["a and b had night 2 of cabin at the same time", "night 2 of cabin is shown as taken by 2"],
    ),
    "two stays at once, of which one was soon given back": (
        [did("book", "a", "0-1", "1"), did("book", "b", "0-1", "1"), did("cancel", "b", "2-3")],
        shown(a="pending 1", b="cancelled"),
        ["a and b had night 1 of cabin at the same time"],
    ),
    "a block over a stay": (
        [did("accept", "a", "0-1", "1"), did("block", "x", "2-3", "1")],
        shown(blocks="x 1", a="pending 1"),
        ["a and x had night 1 of cabin at the same time", "night 1 of cabin is shown as taken by 2"],
    ),
    "an alteration onto a stay": (
        [did("book", "a", "0-1", "1"), did("book", "b", "0-1", "2"), did("alter", "a", "2-3", "2")],
        shown(a="confirmed 2", b="pending 2"),
        ["b and a had night 2 of cabin at the same time", "night 2 of cabin is shown as taken by 2"],
    ),
    "refused before anybody asked": (
        [refused("book", None, "0-1", "1"), did("book", "a", "2-3", "1")],
        shown(a="pending 1"),
        ["book of nights [1] of cabin was refused for nobody's sake"],
    ),
    "refused after they were given back": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-3"), refused("book", None, "4-5", "1")],
        shown(a="cancelled"),
        ["book of nights [1] of cabin was refused for nobody's sake"],
    ),
    "refused for other nights": (
        [did("book", "a", "0-1", "1"), refused("block", None, "2-3", "2")],
        shown(a="pending 1"),
        ["block of nights [2] of cabin was refused for nobody's sake"],
    ),
    "refused for its own": (
        [did("book", "a", "0-1", "1"), refused("alter", "a", "2-3", "12")],
        shown(a="confirmed 1"),
        ["alter of nights [1, 2] of cabin was refused for nobody's sake"],
    ),
    "a block refused for a block": (
        [did("block", "x", "0-1", "1"), refused("block", None, "2-3", "1")],
        shown(blocks="x 1"),
        ["block of nights [1] of cabin was refused for nobody's sake"],
    ),
    "a night lost": (
        [did("book", "a", "0-1", "12")],
        shown(a="pending 1"),
        ["a has lost night 2 of cabin"],
    ),
    "a night not given back": (
        [did("book", "a", "0-1", "12"), did("alter", "a", "2-3", "2")],
        shown(a="confirmed 12"),
        ["a still has nights [1] of cabin"],
    ),
    "taken though refused": (
        [did("book", "a", "0-1", "1"), refused("book", None, "2-3", "12")],
        replace(shown(a="pending 1"), claims={**shown(a="pending 1").claims, ("x", "cabin", False): frozenset({2})}),
        ["nobody asked for x, which has nights [2] of cabin"],
    ),
    "unknown once and taken twice": (
        [did("block", None, "0-1", "1", "unknown")],
        replace(shown(), claims={(name, "cabin", True): frozenset({1}) for name in "xy"}),
        ["nobody asked for y, which has nights [1] of cabin"],
    ),
    "a booking that the calendar does not know": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-3", outcome="unknown")],
        replace(shown(a="pending 1"), claims={}),
        ["a says it has [1], the calendar []"],
    ),
    "cancelled and still there": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-3")],
        shown(a="pending 1"),
        ["a still has nights [1] of cabin", "a is pending, though it should be cancelled"],
    ),
    "cancelled twice": (
        [did("book", "a", "0-1", "1"), did("cancel", "a", "2-3"), did("cancel", "a", "2-4")],
        shown(a="cancelled"),
        ["cancel of a took effect 2 times"],
    ),
    "cancelled by nobody": (
        [did("book", "a", "0-1")],
        shown(a="cancelled"),
        ["a is cancelled, though it should be confirmed or pending"],
    ),
    "a mistake of the server's": (
        [did("book", None, "0-1", "1", "unknown", answer="500")],
        shown(),
        ["book was answered 500"],
    ),
}


@pytest.mark.parametrize("history", RIGHT)
def test_what_one_guard_could_have_answered_is_right(history: str) -> None:
    assert violations(*RIGHT[history]) == []


@pytest.mark.parametrize("history", WRONG)
def test_what_no_guard_could_have_answered_is_named(history: str) -> None:
    operations, after, wrong = WRONG[history]
    assert violations(operations, after) == wrong


def test_other_properties_have_other_nights() -> None:
    booked = [did("book", "a", "0-1", "1"), replace(did("book", "b", "0-1", "1"), listing="loft")]
    claims = {("a", "cabin", False): frozenset({1}), ("b", "loft", False): frozenset({1})}
    assert violations(booked, Shown(claims, {})) == []

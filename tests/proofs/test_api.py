"""Anybody may have checkpoints and proofs, and they hold."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.checkpoints import PublicKey, opened
from domain.merkle import verify_consistency, verify_inclusion
from infrastructure.bootstrap import wire_notary
from infrastructure.proofs import ed25519
from tests.api.people import host, listing
from tests.api.stack import Stack, json_of, running
from tests.support.effort import effort


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    """A log with two checkpoints, a hole at its seventh position, and events that are under none."""
    with running(shared_database_url) as stack:
        notary = wire_notary(stack.wired.settings)
        ada = host(stack)
        notary.sign(stack.wired.log.safe_position())
        stack.count("SELECT nextval('events_position_seq')")
        listing(ada)
        listing(ada)
        notary.sign(stack.wired.log.safe_position())
        listing(ada)
        yield stack


def asked(stack: Stack, path: str, status: int = 200) -> Any:
    answer = stack.anybody().get(f"/v1/log{path}")
    assert answer.status_code == status, answer.text
    return json_of(answer)


def checkpoints(stack: Stack) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = asked(stack, "/checkpoints")["checkpoints"]
    return found


def test_the_newest_checkpoint_is_a_text_that_a_published_key_has_signed(stack: Stack) -> None:
    keys = [PublicKey.parsed(each["key"]) for each in asked(stack, "/keys")["keys"]]
    answer = stack.anybody().get("/v1/log/checkpoints/latest")

    found = opened(answer.text, keys, ed25519.verify)

    assert answer.mimetype == "text/plain"
    assert found.size == checkpoints(stack)[-1]["size"]
    assert stack.anybody().get(f"/v1/log/checkpoints/{found.size}").text == answer.text


def test_checkpoints_come_in_pages(stack: Stack) -> None:
    first, second = checkpoints(stack)

    page = asked(stack, "/checkpoints?limit=1")
    assert (page["checkpoints"], page["more"]) == ([first], True)
    page = asked(stack, f"/checkpoints?limit=1&after={first['size']}")
    assert (page["checkpoints"], page["more"]) == ([second], False)


@given(data=st.data())
@effort()
def test_every_event_under_a_checkpoint_is_proven_to_be(stack: Stack, data: st.DataObject) -> None:
    newest = checkpoints(stack)[-1]
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT position FROM events WHERE position <= %s ORDER BY position", [newest["position"]])
        positions = [position for (position,) in cursor.fetchall()]
    index = data.draw(st.integers(0, len(positions) - 1))
    size = data.draw(st.integers(index + 1, newest["size"]))

    proof = asked(stack, f"/proofs/{positions[index]}?size={size}")

    assert proof["leaf_index"] == index
    hashes = list(map(b64decode, proof["hashes"]))
    assert verify_inclusion(b64decode(proof["leaf_hash"]), index, size, hashes, b64decode(proof["root"]))


@given(data=st.data())
@effort()
def test_every_tree_is_proven_to_begin_with_every_earlier_one(stack: Stack, data: st.DataObject) -> None:
    second = data.draw(st.integers(1, checkpoints(stack)[-1]["size"]))
    first = data.draw(st.integers(1, second))

    proof = asked(stack, f"/consistency?first={first}&second={second}")

    roots = b64decode(proof["first_root"]), b64decode(proof["second_root"])
    assert verify_consistency(first, roots[0], second, roots[1], list(map(b64decode, proof["hashes"])))


def test_what_cannot_be_proven_says_why(stack: Stack) -> None:
    first, newest = checkpoints(stack)
    hole = first["position"] + 1
    beyond = newest["size"] + 1

    assert asked(stack, f"/proofs/{hole}", 404)["type"] == "/problems/event-not-found"
    assert asked(stack, "/proofs/0", 404)["type"] == "/problems/event-not-found"
    told = asked(stack, f"/proofs/{newest['position'] + 1}", 404)
    assert (told["type"], told["newest"]["size"]) == ("/problems/not-covered-yet", newest["size"])
    assert asked(stack, f"/proofs/1?size={beyond}", 404)["type"] == "/problems/not-covered-yet"
    assert asked(stack, f"/consistency?first=1&second={beyond}", 404)["type"] == "/problems/not-covered-yet"
    assert asked(stack, f"/proofs/{newest['position']}?size=1", 422)["type"] == "/problems/range-reversed"
    assert asked(stack, "/consistency?first=2&second=1", 422)["type"] == "/problems/range-reversed"
    assert asked(stack, f"/checkpoints/{first['size'] + 1}", 404)["type"] == "/problems/checkpoint-not-found"
    assert asked(stack, "/consistency?first=0&second=1", 422)["type"] == "/problems/validation-failed"
    assert asked(stack, "/consistency?first=1&second=99999999999999999999", 422)["errors"]
    assert asked(stack, f"/checkpoints/{10**30}", 404)["type"] == "/problems/not-found"
    assert asked(stack, "/proofs/-1", 404)["type"] == "/problems/not-found"

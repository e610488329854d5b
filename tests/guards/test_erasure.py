"""The search for canaries cries out when somebody is not forgotten altogether: else its silence would mean little."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from application import erasure
from domain import properties
from infrastructure.erasure import personal_data
from infrastructure.erasure.rules import Kept
from infrastructure.erasure.tables import TABLES
from tests.api.people import book, host, listing, register
from tests.api.stack import Client, Stack, running
from tests.erasure.canaries import MARK, PAYOUT_PHONE, PHONE, found_in_dump
from tests.erasure.forgetting import erase, settle


@pytest.fixture
def her(database_url: str) -> Iterator[Client]:
    """Somebody with a canary in some tables, and none of whose bookings is live."""
    with running(database_url) as stack:
        her, other = host(stack), register(stack)
        etag = her.get("/v1/users/me").headers["ETag"]
        said = {"name": MARK, "bio": MARK, "phone": PHONE}
        assert her.patch("/v1/users/me", said, If_Match=etag).status_code == 200
        chosen = her.json("PUT", "/v1/me/payout-destination", {"method": "mobile_money", "phone": PAYOUT_PHONE})
        assert chosen.status_code == 200, chosen.text
        property_id = listing(her, title=MARK, description=MARK)
        linked = {"name": MARK, "url": f"https://{MARK}.example/{MARK}.ics"}
        assert her.post(f"/v1/properties/{property_id}/calendar-feeds", linked).status_code == 201
        booking = book(other, property_id)
        assert her.wish(f"/v1/bookings/{booking}/messages", {"text": MARK}).status_code == 201
        assert her.post(f"/v1/bookings/{booking}/cancel", {"reason": MARK}).status_code == 200
        settle(stack)
        yield her


def found(her: Client) -> set[str]:
    """The tables in which there still is one."""
    return {each.partition(":")[0].removeprefix("public.") for each in found_in_dump(_url(her.stack))}


def _url(stack: Stack) -> str:
    return stack.wired.settings.database_url


def test_when_nothing_is_left_out_nothing_is_found(her: Client) -> None:
    assert {"people", "messages", "answers", "listings", "payout_destinations", "linked_calendars"} <= found(her)
    erase(her)
    assert found(her) == set()


@pytest.mark.parametrize("table", ["people", "answers", "messages", "payout_destinations", "linked_calendars"])
def test_a_table_that_is_left_out_is_found(her: Client, table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {**TABLES, table: Kept("for the guard")}
    if table == "linked_calendars":  # unlinking forgets the address too
        monkeypatch.setattr(erasure, "_forget_property", lambda *_: None)
    monkeypatch.setattr(personal_data, "TABLES", kept)
    erase(her)
    assert table in found(her)


def test_a_property_that_keeps_its_words_is_found(her: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "erase", lambda _: ())
    erase(her)
    assert found(her) == {"listings"}


def test_a_key_that_is_kept_lets_everything_in_the_log_be_read_again(
    her: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is sealed is not to be searched for: that nobody can open it any more is seen by opening it."""
    erase(her)
    assert MARK not in _read_again(her)


def test_and_is_found_when_it_is(her: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_data.PersonalDataTables, "destroy_key", lambda *_: None)
    monkeypatch.setattr(personal_data, "TABLES", {name: rule for name, rule in TABLES.items() if name != "person_keys"})
    erase(her)
    assert MARK in _read_again(her)


def _read_again(her: Client) -> str:
    """Every event, by a process that remembers no key."""
    with running(_url(her.stack)) as another:
        return str(another.wired.log.read(0, another.wired.log.safe_position(2.0), 10_000))

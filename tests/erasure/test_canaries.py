"""Somebody who left a canary in every field is erased: nothing anywhere sings any more, and the others go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import urllib3

from infrastructure.embedded.stack import Stack
from tests.erasure.canaries import found_in, found_in_dump, found_in_files, found_in_redis
from tests.erasure.life import PASSWORD, Town, live, until

pytestmark = pytest.mark.slow

UNMARKED: Final[Mapping[str, str]] = {
    ".token": "given out by Lodger",
    ".refresh_token": "given out by Lodger",
    ".quote": "given out by Lodger",
    ".after": "a cursor, given out by Lodger",
    ".code": "six digits, which are stored nowhere",
    ".recovery_code": "given out by Lodger",
    **dict.fromkeys((".password", ".new_password", ".current_password"), "stored as a hash: one had a canary"),
    ".languages[]": "a language's code of two or three letters; goes with the profile",
    ".location.country": "an ISO 3166 code",
    ".location.zone": "an IANA name",
}
"""Fields in which no word can be left."""

ADDED: Final = {"UserErased", "PropertyErased", "CalendarFeedUnlinked"}


class Silence:
    """What was found, and how everything stood, before and after."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.her, self.other = live(town)
        self.fields = dict(_fields(town))
        self.export = self.her.ask("GET", "/v1/users/me/export")
        self.singing = self._found()
        self.photos = until("small ones are made", self._photos)
        self.before = self._standing()
        until("it is taken", self._asked)
        # Twice: the second time nobody remembers her key.
        until("her traces are swept twice", lambda: town.rows("SELECT 1 FROM erasures WHERE sweeps >= 2"), 60.0)
        self.after = self._standing()
        self.still = self._found()
        until("her photos are gone", lambda: not self._photos())

    def _asked(self) -> bool:
        status, answer, _ = self.town.send(
            "DELETE", "/v1/users/me", headers={"Authorization": f"Bearer {self.her.token}"}, body={"password": PASSWORD}
        )
        assert status in (202, 409), answer
        self.town.told |= {"DELETE /v1/users/me .password"}
        return status == 202

    def _found(self) -> dict[str, list[str]]:
        settings = self.town.stack.settings
        return {
            "dump": found_in_dump(settings.database_url),
            "redis": found_in_redis(settings.redis_url),
            "mail": [each["subject"] for each in self.town.mails() if found_in(str(each))],
            # Dead rows and the write-ahead log are PostgreSQL's until it overwrites them: that is told in the docs.
            "files": found_in_files(self._data, but=("postgres",)),
        }

    @property
    def _data(self) -> Path:
        return Path(self.town.stack.settings.data)

    def _photos(self) -> list[Path]:
        return [path for path in (self._data / "photos").rglob("*") if path.is_file()]

    def _standing(self) -> dict[str, Any]:
        rows = self.town.rows
        booking = rows("SELECT booking_id FROM bookings WHERE guest_id = %s ORDER BY 1", self.other.id)[0][0]
        return {
            "events": rows("SELECT stream_id, version, type FROM events ORDER BY position"),
            "stored": rows("SELECT position, data, meta FROM events ORDER BY position"),
            "ledger": rows("SELECT account, currency, sum(minor) FROM ledger_entries GROUP BY 1, 2 ORDER BY 1, 2"),
            "his": {
                path: self.other.ask("GET", path)
                for path in (f"/v1/bookings/{booking}", f"/v1/bookings/{booking}/statement", "/v1/me/earnings")
            },
        }


@pytest.fixture(scope="module")
def silence() -> Iterator[Silence]:
    with Stack() as stack:
        yield Silence(Town(stack))


def test_every_field_that_a_client_can_set_had_a_canary(silence: Silence) -> None:
    assert sorted(silence.fields.keys() - silence.town.told) == []


def test_the_canaries_were_there(silence: Silence) -> None:
    """Else their silence would mean nothing."""
    assert {place for place, found in silence.singing.items() if found} >= {"dump", "mail"}
    tables = {found.partition(":")[0] for found in silence.singing["dump"]}
    assert tables >= {
        *("public.people", "public.messages", "public.answers", "public.payers", "public.listings"),
        *("public.webhook_endpoints", "public.linked_calendars", "public.payout_destinations"),
        *("public.api_keys", "public.token_families"),
    }


@pytest.mark.parametrize("place", ["dump", "redis", "mail", "files"])
def test_afterwards_none_is_found(silence: Silence, place: str) -> None:
    assert silence.still[place] == []


def test_the_files_of_her_photos_are_deleted(silence: Silence) -> None:
    assert silence.photos
    assert silence._photos() == []


def test_only_what_forgetting_adds_is_added_to_the_log(silence: Silence) -> None:
    before, after = silence.before["events"], silence.after["events"]
    assert after[: len(before)] == before
    assert {kind for _, _, kind in after[len(before) :]} == ADDED
    assert silence.after["stored"][: len(before)] == silence.before["stored"]


def test_the_books_stand_as_they_stood(silence: Silence) -> None:
    assert silence.after["ledger"] == silence.before["ledger"]


def test_the_other_side_goes_on_as_ever(silence: Silence) -> None:
    assert silence.after["his"] == silence.before["his"]


def test_she_was_given_her_words_before(silence: Silence) -> None:
    data = silence.export["data"]
    for section in ("profile", "properties", "messages", "webhook_endpoints", "api_keys", "linked_calendars", "logins"):
        assert found_in(str(data[section])), section
    assert [event["type"] for event in silence.export["events"]][:2] == ["UserRegistered", "UserEmailVerified"]


def _fields(town: Town) -> Iterator[tuple[str, Any]]:
    """Every text that a body may have, by operation: those of people, not of staff."""
    document = urllib3.request("GET", f"{town.stack.url}/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method == "parameters" or path.startswith("/v1/operator"):
                continue
            for media, body in operation.get("requestBody", {}).get("content", {}).items():
                if media == "application/json":
                    for name, schema in _texts(body["schema"], document["components"]["schemas"], ""):
                        if name not in UNMARKED:
                            yield f"{method.upper()} {path} {name}", schema


def _texts(schema: dict[str, Any], named: dict[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name != "Money":
            yield from _texts(named[name], named, path)
        return
    for part in (*schema.get("allOf", ()), *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _texts(part, named, path)
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else kinds
    if "object" in kinds:
        for name, part in schema.get("properties", {}).items():
            if not part.get("readOnly"):
                yield from _texts(part, named, f"{path}.{name}")
    elif "array" in kinds:
        yield from _texts(schema["items"], named, f"{path}[]")
    elif "string" in kinds and "enum" not in schema and not _is_wordless(schema):
        yield path, schema


def _is_wordless(schema: dict[str, Any]) -> bool:
    is_time_of_day = str(schema.get("pattern", "")).startswith("^([01][0-9]")
    return is_time_of_day or schema.get("format") in ("uuid", "date", "date-time")

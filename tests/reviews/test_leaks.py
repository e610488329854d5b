"""A sealed review shows nowhere, nor that there is one: by no GET, no field of the graph, no notice and no export, to
all but its author, whichever side that is.

The one exception are auditors below /v1/audit: they read the log as it is, where the review's words are encrypted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.bookings import Role
from domain.reviews import review_id
from infrastructure.analytics.exports import export
from infrastructure.workers.deadlines import meet_deadlines, reveal_reviews
from tests.api.people import host, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.graph.walk import everything, without_limits
from tests.permissions.cast import KEY_SCOPES, keyed, person
from tests.reviews.stays import StayOver, move, stay_over

CANARY = "zq-sealed-8842"
_CHANGING = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)|eyJ[\w-]+\.[\w-]+\.[\w-]+|urn:uuid:[0-9a-f-]{36}"
    r'|"as_of":\{[^}]*\}|"asOf":\{[^}]*\}'
)
"""What two answers to the same question need not have in common: instants, their own ids, tokens with an end, and how
far the log has come, which grows with whatever anybody does.
"""


_OF_THIS_ANSWER = ("X-Request-ID", "Lodger-Position", "RateLimit", "Content-Length")
_OF_NO_STAY = (
    "/docs",
    "/openapi.json",
    "/problems",
    "/sandbox",
    "/graphql",
    "/readyz",
    "/account",
    "/console",
    "/v1/sessions",
    "/v1/auth",
)
_AUDITING = "/v1/audit"
AUDITORS = {"an auditor", "an admin", "the settings' operator"}


def everybody(stack: Stack, other: Client) -> Mapping[str, Client]:
    """Everybody but who writes; `other` is who was there too."""
    return {
        "the other side": other,
        "the other side's key": keyed(other, *KEY_SCOPES),
        "another guest": register(stack),
        "another host": host(stack),
        "nobody": stack.anybody(),
        "an analyst": person(stack, "analyst"),
        "an auditor": person(stack, "auditor"),
        "an operator": person(stack, "operator"),
        "an admin": person(stack, "admin"),
        "the settings' operator": Client(stack, OPERATOR_TOKEN),
    }


def answers(stay: StayOver, clients: Mapping[str, Client], ids: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What each GET route answers to each of them about the stay."""
    found = {}
    for rule in stay.stack.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(_OF_NO_STAY):
            continue
        path = re.sub(r"<(?:[^:>]+:)?(\w+)>", lambda name: ids.get(name[1], "x"), rule.rule)
        for name, client in clients.items():
            asked = f"{path}?as={ids['as']}" if path in ("/v1/bookings", "/v1/bookings/counts") else path
            answer = client.get(asked)
            assert answer.status_code < 500, (asked, answer.text)
            headers = {key: value for key, value in answer.headers if key not in _OF_THIS_ANSWER}
            found[name, path] = f"{answer.status_code} {headers} {answer.text}"
    return found | graph_answers(stay, clients, ids)


def graph_answers(stay: StayOver, clients: Mapping[str, Client], ids: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """What the whole graph answers to each of them, by field of Query."""
    today = stay.stack.now().date()
    days = {"first": today.isoformat(), "until": (today + timedelta(days=2)).isoformat()}
    asked = everything(
        {**days, **{name: ids[f"{name}_id"] for name in ("property", "booking", "payment", "review", "user")}}
    )
    found = {}
    with without_limits(stay.stack.app):
        for name, client in clients.items():
            answer = json_of(client.post("/graphql", asked))
            assert "internal_error" not in str(answer.get("errors"))
            for field, value in answer["data"].items():
                errors = [error for error in answer.get("errors", ()) if error["path"][0] == field]
                text = json.dumps({field: value, "errors": errors}, separators=(",", ":"))
                found[name, f"Query.{field}"] = text
    return found


def of_the_log(about: tuple[str, str]) -> bool:
    """Whether somebody who may read the log asked for it."""
    name, path = about
    return name in AUDITORS and path.startswith(_AUDITING)


def seen(text: str) -> str:
    return re.sub(r"[0-9a-f]{32,}", "#", _CHANGING.sub("#", text))


def exported(stack: Stack, folder: Path) -> Mapping[str, list[str]]:
    """What the analysts' files say, line by line in any order, by their names."""
    export(stack.wired.analysts, folder, ("csv",))
    return {file.name: sorted(file.read_text().splitlines()) for file in folder.glob("*.csv")}


def told_of(stack: Stack, review_ids: Iterable[str]) -> dict[str, int]:
    """Where these are listed, and who is told of them: by mail, in the app, by the feed of changes and its webhooks."""
    those = ", ".join(f"'{each}'" for each in review_ids)
    places = {"mailings": "stream_id", "notifications": "event_id", "changes": "stream_id", "reviews": "review_id"}
    return {
        table: number
        for table, column in places.items()
        if (number := stack.count(f"SELECT count(*) FROM {table} WHERE {column}::text IN ({those})"))
    }


@dataclass
class Walk:
    """One stay that is over, and everything that anybody may ask about it while one side writes."""

    stay: StayOver
    side: Role
    folder: Path

    def __post_init__(self) -> None:
        stay, stack = self.stay, self.stay.stack
        sides: Mapping[Role, Client] = {"guest": stay.guest, "host": stay.host}
        (other,) = sides.keys() - {self.side}
        self.written, self.unwritten = (str(review_id(UUID(stay.booking_id), each)) for each in (self.side, other))
        ids = {"booking_id": stay.booking_id, "property_id": stay.property_id, "review_id": self.written}
        ids |= {"user_id": sides[other].id, "host_id": stay.host.id, "stream_id": self.written}
        unknown = dict.fromkeys(("payment_id", "photo_id", "endpoint_id", "delivery_id", "key_id"), str(uuid4()))
        self.ids = {**unknown, **ids, "as": other, "size": "small", "provider": "stripe"}
        self.clients = everybody(stack, sides[other])
        meet_deadlines(stack.wired.lodger, stack.wired.database)  # the end is recorded by whoever comes first
        stack.run_workers()
        self.before, self.files = self.answers(), self.exported("before")

    def answers(self) -> dict[tuple[str, str], str]:
        return answers(self.stay, self.clients, self.ids)

    def exported(self, moment: str) -> Mapping[str, list[str]]:
        return exported(self.stay.stack, self.folder / moment)

    def nothing_is_different(self, moment: str) -> None:
        """Nobody is answered anything else than before; but for auditors, who see that there is an event."""
        self.stay.stack.run_workers()
        after = self.answers()
        assert {about for about, text in after.items() if CANARY in text or self.unwritten in text} == set()
        unlike = {about for about, text in after.items() if seen(text) != seen(self.before[about])}
        assert {about for about in unlike if not of_the_log(about)} == set()
        assert {name for name, path in unlike if path == "/v1/audit/events"} == AUDITORS
        assert told_of(self.stay.stack, (self.written, self.unwritten)) == {}
        assert self.exported(moment) == self.files


@pytest.fixture
def walk(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Walk:
    return Walk(stay_over(stack), request.param, tmp_path)


@pytest.mark.parametrize("walk", ["guest"], indirect=True)
def test_nobody_sees_a_sealed_review_nor_that_there_is_one(walk: Walk) -> None:
    stay = walk.stay
    assert stay.write(stay.guest, 2, CANARY).status_code == 201
    walk.nothing_is_different("sealed")

    stay.write(stay.host)
    stay.stack.run_workers()

    revealed = walk.answers()
    assert {name for (name, path), text in revealed.items() if CANARY in text and "properties" in path} == {
        *walk.clients
    }
    assert not any(CANARY in text for (_, path), text in revealed.items() if path.startswith(_AUDITING))
    fields = {path for (name, path), text in revealed.items() if CANARY in text and name == "nobody"}
    assert {"Query.review", "Query.reviews", "Query.property"} <= fields
    assert told_of(stay.stack, [walk.written])["reviews"] == 1
    assert any(walk.written in line for line in walk.exported("revealed")["fact_reviews.csv"])


@pytest.mark.parametrize("walk", ["host"], indirect=True)
def test_guests_see_as_little_of_what_their_host_wrote_nor_that_it_was_removed_unread(walk: Walk) -> None:
    stay, stack = walk.stay, walk.stay.stack
    assert stay.write(stay.host, 2, CANARY).status_code == 201
    walk.nothing_is_different("sealed")

    path = f"/v1/operator/reviews/{walk.written}/remove"
    assert Client(stack, OPERATOR_TOKEN).post(path, {"reason": "names a child"}).status_code == 204
    walk.nothing_is_different("removed")

    move(stack, stay.closes_at + timedelta(minutes=1))
    reveal_reviews(stack.wired.lodger, stack.wired.database)
    stack.run_workers()
    assert not [about for about, text in walk.answers().items() if CANARY in text]
    assert told_of(stack, [walk.written]) == {}


def test_auditors_see_that_a_review_was_written_and_its_scores_and_no_word_of_it(shared: Stack) -> None:
    stay = stay_over(shared)
    written = stay.write(stay.guest, 2, CANARY)
    shared.run_workers()
    auditor = person(shared, "auditor")

    (event,) = json_of(auditor.get(f"/v1/audit/events?booking={stay.booking_id}&type=ReviewSubmitted"))["events"]

    assert event["stream"] == json_of(written)["id"]
    assert (event["data"]["ratings"]["overall"], event["data"]["comment"], event["sealed"]) == (2, "", ["comment"])
    for path in (f"events/{event['position']}", f"streams/{event['stream']}", f"bookings/{stay.booking_id}/timeline"):
        answer = auditor.get(f"/v1/audit/{path}")
        assert answer.status_code == 200, answer.text
        assert CANARY not in answer.text
    for other in (stay.host, stay.guest, person(shared, "operator"), person(shared, "analyst")):
        assert other.get(f"/v1/audit/events?booking={stay.booking_id}").status_code == 403

"""A sealed review shows nowhere, nor that there is one: by no GET and no field of the graph, to all but its author.

The one exception are auditors below /v1/audit: they read the log as it is, where the review's words are encrypted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from domain.reviews import review_id
from infrastructure.workers.deadlines import meet_deadlines
from tests.api.people import host
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.graph.walk import everything, without_limits
from tests.permissions.cast import person
from tests.reviews.stays import StayOver, stay_over

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
AUDITORS = {"an auditor", "the settings' operator"}


def everybody(stay: StayOver) -> Mapping[str, Client]:
    """Everybody but who wrote."""
    stack = stay.stack
    return {
        "the other side": stay.host,
        "another host": host(stack),
        "nobody": stack.anybody(),
        "an auditor": person(stack, "auditor"),
        "an operator": person(stack, "operator"),
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
            asked = f"{path}?as=host" if path in ("/v1/bookings", "/v1/bookings/counts") else path
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


def test_nobody_sees_a_sealed_review_nor_that_there_is_one(shared: Stack) -> None:
    stay = stay_over(shared)
    of_guest, of_host = (str(review_id(UUID(stay.booking_id), side)) for side in ("guest", "host"))
    ids = {"booking_id": stay.booking_id, "property_id": stay.property_id, "review_id": of_guest, "size": "small"}
    ids |= {"user_id": stay.guest.id, "host_id": stay.host.id, "provider": "stripe", "stream_id": of_guest}
    ids = {**dict.fromkeys(("payment_id", "photo_id", "endpoint_id", "delivery_id", "key_id"), str(uuid4())), **ids}
    clients = everybody(stay)
    meet_deadlines(shared.wired.lodger, shared.wired.database)  # the stay's end is recorded by whoever comes first
    shared.run_workers()
    before = answers(stay, clients, ids)

    assert stay.write(stay.guest, 2, CANARY).status_code == 201
    shared.run_workers()

    after = answers(stay, clients, ids)
    told = {about for about, text in after.items() if CANARY in text or of_host in text}
    assert told == set()
    unlike = {about for about, text in after.items() if seen(text) != seen(before[about])}
    assert {about for about in unlike if not of_the_log(about)} == set()
    assert {name for name, path in unlike if path == "/v1/audit/events"} == AUDITORS, "they see that there is one"
    for table in ("mailings", "notifications", "changes"):
        column = "event_id" if table == "notifications" else "stream_id"
        told_of = f"SELECT count(*) FROM {table} WHERE {column}::text IN ('{of_guest}', '{of_host}')"
        assert shared.count(told_of) == 0, table
    assert shared.count("SELECT count(*) FROM reviews") == 0

    stay.write(stay.host)
    shared.run_workers()

    revealed = answers(stay, clients, ids)
    assert {name for (name, path), text in revealed.items() if CANARY in text and "properties" in path} == {*clients}
    assert not any(CANARY in text for (_, path), text in revealed.items() if path.startswith(_AUDITING))
    fields = {path for (name, path), text in revealed.items() if CANARY in text and name == "nobody"}
    assert {"Query.review", "Query.reviews", "Query.property"} <= fields


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

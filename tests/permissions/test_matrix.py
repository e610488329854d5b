"""Every route, asked by everybody: exactly the statuses of docs/permissions.md."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.api.stack import Client, Stack, json_of
from tests.permissions import table
from tests.permissions.asking import CHANGE_WHO_ASKS, Ask, MadeUp, asking_of
from tests.permissions.cast import MAILS_END, NAMES_BEGIN, PHONES_BEGIN, Cast
from tests.permissions.world import World

ROWS = table.read()
PRIVILEGED = {"POST /v1/operator/users/look-up", "GET /v1/operator/users/{user_id}"}
PERSONAL = re.compile(rf"{NAMES_BEGIN}\d+|[\w-]+{MAILS_END}|{re.escape(PHONES_BEGIN)}\d+")


def routes(app: Flask) -> Iterator[str]:
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:>]+:)?([^>]+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield f"{method} {path}"


def test_every_route_has_a_row_and_every_row_is_a_route(stack: Stack) -> None:
    there = set(routes(stack.app))
    new, gone = sorted(there - ROWS.keys()), sorted(ROWS.keys() - there)
    assert not new, "say in docs/permissions.md who may ask, and in tests/permissions/asking how:\n" + "\n".join(new)
    assert not gone, "in docs/permissions.md and nowhere else:\n" + "\n".join(gone)


@pytest.mark.parametrize("route", ROWS)
def test_a_route_answers_each_as_the_table_says(
    world: World, examples: Mapping[str, object], route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = ROWS[route]
    if route in CHANGE_WHO_ASKS:
        monkeypatch.setattr(world, "cast", Cast(world.stack, world.cast["suspended"]))

    common = asking_of(route)(world)

    answers = answers_to_all(world, examples, route, common)

    assert {principal: answers[principal].status_code for principal in expected} == expected
    told = {principal: of_others(world.cast[principal], answer) for principal, answer in answers.items()}
    assert route in PRIVILEGED or not any(told.values()), "nobody reads others' names, addresses and telephones"


@pytest.mark.parametrize("route", ROWS)
def test_a_cookie_without_its_token_reads_as_its_user_and_changes_nothing(
    world: World, examples: Mapping[str, object], route: str
) -> None:
    row = ROWS[route]
    if route == "POST /graphql" or (row["anonymous"] == 401 and not route.startswith("GET ")):  # whatever it is about
        answer = send(world.cast.browser, route, Ask(MadeUp()), examples)
        assert (answer.status_code, json_of(answer)["type"]) == (403, "/problems/csrf-token-wrong")
        return
    read_as = "anonymous" if row["anonymous"] != 401 else "guest"
    answer = send(world.cast.browser, route, asking_of(route)(world), examples)
    assert answer.status_code == (200 if route == "GET /v1/sessions/current" else row[read_as])


def answers_to_all(world: World, examples: Mapping[str, object], route: str, common: Ask) -> Mapping[str, TestResponse]:
    """What the route answers each principal: first whom it refuses, then whom it lets in, to each something new.

    Reads, and those who are refused, change nothing, and ask for what is `common` to them.
    """
    expected, asking = ROWS[route], asking_of(route)
    refused = [principal for principal, status in expected.items() if status >= 400]
    let_in = [principal for principal, status in expected.items() if status < 400]
    answers = {principal: send(world.cast[principal], route, common, examples) for principal in refused}
    for principal in let_in:
        ask = common if route.startswith("GET ") else asking(world)
        answers[principal] = send(world.cast[principal], route, ask, examples)
    return answers


def of_others(client: Client, answer: TestResponse) -> set[str]:
    """The personal data in an answer that are not of who asked."""
    return set(PERSONAL.findall(answer.get_data().decode(errors="replace"))) - set(map(str, client.user.values()))


def send(client: Client, route: str, ask: Ask, examples: Mapping[str, object]) -> TestResponse:
    method, _, template = route.partition(" ")
    path = template.format_map(ask.ids) + (f"?{ask.query}" if ask.query and method in ("GET", "DELETE") else "")
    headers = {"Idempotency-Key": str(uuid4()), **ask.headers}
    ask = replace(ask, body=examples.get(route) if ask.body is None else ask.body)
    if isinstance(ask.body, bytes) and method != "GET":
        return client.raw(method, path, ask.body, ask.content_type, **headers)
    body = None if method == "GET" else ask.body
    return client.json(method, path, body, **headers)

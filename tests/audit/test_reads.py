"""Whoever reads the log as an auditor is kept: by request, before the answer, and for good."""

from __future__ import annotations

import json
from collections.abc import Iterator
from getpass import getuser
from typing import Any

import psycopg2
import pytest
from click.testing import CliRunner
from psycopg2.errors import InsufficientPrivilege, ObjectNotInPrerequisiteState

from infrastructure.cli import lodger as command_line
from infrastructure.rights import AUDITOR_ROLE
from tests.api.people import register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of, running
from tests.api_keys.keys import machine, make
from tests.permissions.cast import person

ID = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url) as stack:
        yield stack


@pytest.fixture(scope="module")
def auditor(stack: Stack) -> Client:
    return person(stack, "auditor")


def kept(auditor: Client, limit: int = 20) -> list[dict[str, Any]]:
    """The newest first, without the one that asks for them."""
    answer = auditor.get(f"/v1/audit/reads?limit={limit}")
    assert answer.status_code == 200, answer.text
    reads: list[dict[str, Any]] = json_of(answer)["reads"]
    assert reads[0]["request"] == f"GET /v1/audit/reads?limit={limit}"
    return reads[1:]


def test_every_read_of_every_route_is_kept_whether_or_not_it_was_answered(stack: Stack, auditor: Client) -> None:
    routes = [rule.rule for rule in stack.app.url_map.iter_rules() if rule.rule.startswith("/v1/audit")]
    assert len(routes) > 4
    for route in routes:
        path = "/".join("1" if "int(" in part else ID if part.startswith("<") else part for part in route.split("/"))
        auditor.get(f"{path}?booking={ID}")
        read = kept(auditor)[0]
        assert read["request"] == f"GET {path}?booking={ID}", route
        assert (read["credential"], read["reader"]) == ("access_token", auditor.id)


def test_who_read_is_told_apart_by_credential(stack: Stack, auditor: Client) -> None:
    key = make(auditor, "audit:read")
    machine(auditor, key["key"]).get("/v1/audit/events?limit=1")
    Client(stack, OPERATOR_TOKEN).get("/v1/audit/events?limit=2")
    settings, by_key = kept(auditor)[:2]
    assert (by_key["credential"], by_key["reader"]) == ("api_key", f"{auditor.id}/{key['id']}")
    assert (settings["credential"], settings["reader"]) == ("operator_token", "operator")


def test_who_is_not_let_in_has_read_nothing(stack: Stack, auditor: Client) -> None:
    before = kept(auditor)
    assert register(stack).get(f"/v1/audit/events?booking={ID}&limit=3").status_code == 403
    assert stack.anybody().get("/v1/audit/events").status_code == 401
    assert kept(auditor)[1 : len(before)] == before[: len(before) - 1]


def test_reads_come_in_pages(auditor: Client) -> None:
    for number in range(1, 4):
        auditor.get(f"/v1/audit/events?limit={number}")
    first = json_of(auditor.get("/v1/audit/reads?limit=2"))
    second = json_of(auditor.get(f"/v1/audit/reads?limit=2&cursor={first['next_cursor']}"))
    assert [read["request"][-7:] for read in (*first["reads"], *second["reads"])] == [
        *("limit=2", "limit=3", "limit=2", "limit=1"),
    ]


def test_no_read_is_shown_that_could_not_be_kept(stack: Stack, auditor: Client) -> None:
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("RESET ROLE; REVOKE INSERT ON audit_reads FROM lodger_auditor")
        try:
            answer = auditor.get("/v1/audit/events")
        finally:
            cursor.execute("GRANT INSERT ON audit_reads TO lodger_auditor")
            cursor.execute("SET ROLE lodger_writer")
    assert answer.status_code >= 500
    assert "events" not in answer.text


@pytest.mark.parametrize("statement", ["UPDATE audit_reads SET reader = ''", "DELETE FROM audit_reads"])
def test_nobody_changes_what_was_kept(stack: Stack, auditor: Client, statement: str) -> None:
    kept(auditor)
    url = stack.wired.settings.database_url
    for role, refusal in ((AUDITOR_ROLE, InsufficientPrivilege), (None, ObjectNotInPrerequisiteState)):
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            if role:
                cursor.execute(f"SET ROLE {role}")
            with pytest.raises(refusal):
                cursor.execute(statement)
        connection.close()


def test_commands_are_kept_as_requests_are(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("audit", "audit_reads"):
        monkeypatch.setattr(f"infrastructure.cli.{module}.current_settings", lambda: stack.wired.settings)
    CliRunner().invoke(command_line, ["audit", "history", ID])
    done = CliRunner().invoke(command_line, ["audit", "reads", "--json", "--limit", "2"])
    assert done.exit_code == 0, done.output
    mine, history = map(json.loads, done.output.splitlines())
    assert (history["credential"], history["reader"]) == ("command_line", getuser())
    assert "audit history" in history["request"]
    assert ID in history["request"]
    assert "audit reads" in mine["request"]

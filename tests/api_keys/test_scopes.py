"""What each operation asks of a key, held against the description of all operations there are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from domain.api_keys import RESERVED, SCOPES
from tests.api.people import employed
from tests.api.stack import Client, Stack, json_of
from tests.api_keys.keys import machine, make

OF_THE_ACCOUNT = re.compile(r"/v1/(auth|sessions|api-keys|operator|users)(/|$)")
"""What is for people: the account itself, and what the staff does."""

AND_STILL_FOR_MACHINES = {
    "/v1/operator/ledger",
    "/v1/users/me/properties",
    "/v1/users/me/notification-preferences",
}


def described(stack: Stack) -> Iterator[tuple[str, str, list[dict[str, list[str]]]]]:
    paths: dict[str, Any] = json_of(stack.anybody().get("/openapi.json"))["paths"]
    for path, methods in paths.items():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                yield method.upper(), path, operation["security"]


def scope_of(security: list[dict[str, list[str]]]) -> str | None:
    scopes = [scope for way in security for scope in way.get("api_key", ())]
    assert len(scopes) <= 1
    return scopes[0] if scopes else None


def code_of(client: Client, method: str, path: str) -> str:
    """What a request to a made-up thing is refused with; "" if it is not."""
    where = re.sub(r"\{\w+\}", lambda _: str(uuid4()), path.replace("{position}", "1"))
    answer = client.raw(method, where, b"{}" if method != "GET" else b"", Idempotency_Key=str(uuid4()))
    return "" if answer.status_code < 300 else json_of(answer)["type"]


def test_each_operation_takes_a_key_with_its_scope_and_no_other(shared: Stack) -> None:
    # Admins, so that no role is in the way.
    ada, eve = employed(shared, "admin"), employed(shared, "admin")
    only: dict[str, Client] = {scope: machine(ada, make(ada, scope)["key"]) for scope in SCOPES}
    all_but: dict[str | None, Client] = {
        scope: machine(eve, make(eve, *(set(SCOPES) - {scope}))["key"]) for scope in (None, *SCOPES)
    }
    checked = 0
    for method, path, security in described(shared):
        if not security:
            continue  # for anybody: nobody asks who it is
        needed = scope_of(security)
        assert code_of(all_but[needed], method, path) == "/problems/scope-missing", (method, path)
        if needed is not None:
            with_it = code_of(only[needed], method, path)
            assert with_it not in ("/problems/scope-missing", "/problems/api-key-invalid"), (method, path)
        checked += 1
    assert checked > 60


def test_the_scopes_are_those_that_operations_ask_for_and_the_reserved_ones(shared: Stack) -> None:
    asked = {scope_of(security) for _, _, security in described(shared)} - {None}
    assert asked | set(RESERVED) == set(SCOPES)


def test_account_matters_have_no_scope(shared: Stack) -> None:
    for method, path, security in described(shared):
        if OF_THE_ACCOUNT.match(path) and path not in AND_STILL_FOR_MACHINES:
            assert scope_of(security) is None, (method, path)


def test_no_machine_says_where_money_goes(shared: Stack) -> None:
    scopes = {method: scope_of(security) for method, path, security in described(shared) if "destination" in path}
    assert scopes == {"GET": "payouts:read", "PUT": None}


def test_reading_needs_no_right_to_write(shared: Stack) -> None:
    for method, path, security in described(shared):
        scope = scope_of(security)
        if scope is not None:
            assert scope.endswith(":read" if method == "GET" else ":write"), (method, path)

"""How tests ask the graph."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from tests.api.stack import Client, json_of


def ask(client: Client, query: str, *, at: str = "", **variables: Any) -> TestResponse:
    """One operation; `at` is the Lodger-Position to be seen."""
    headers = {"Lodger_Position": at} if at else {}
    return client.post("/graphql", {"query": query, "variables": variables}, **headers)


def data(client: Client, query: str, **variables: Any) -> Any:
    """What is answered, without an error."""
    answer = ask(client, query, **variables)
    told = json_of(answer)
    assert answer.status_code == 200, answer.text
    assert "errors" not in told, told
    return told["data"]


def code(client: Client, query: str, **variables: Any) -> str:
    """The code of the one error."""
    told = json_of(ask(client, query, **variables))
    (error,) = told["errors"]
    return str(error["extensions"]["code"])

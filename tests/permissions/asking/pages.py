"""How pages are asked for, the graph, and what proves the log."""

from __future__ import annotations

from tests.permissions.asking.registry import Ask, asks
from tests.permissions.world import World


@asks("GET /docs/files/{name}")
def file(_: World) -> Ask:
    return Ask({"name": "swagger-ui.css"})


@asks("GET /console/audit/{name}")
def file_of_the_console(_: World) -> Ask:
    return Ask({"name": "page.css"})


@asks("GET /problems/{slug}")
def problem(_: World) -> Ask:
    return Ask({"slug": "nights-taken"})


@asks("POST /graphql")
def operation(_: World) -> Ask:
    return Ask(body={"query": "{ __typename }"})


@asks("GET /v1/log/checkpoints/{size}", "GET /v1/log/proofs/{position}")
def _the_beginning_of_the_log(_: World) -> Ask:
    return Ask({"size": "1", "position": "1"})


@asks("GET /v1/log/consistency")
def _the_first_two(_: World) -> Ask:
    return Ask(query="first=1&second=2")

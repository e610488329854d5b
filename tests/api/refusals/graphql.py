"""Refusals of requests to the graph. `graphql_invalid` is an error of an operation, in tests/graph/test_server.py."""

from __future__ import annotations

from typing import Final

from tests.api.refusals import SCENES, Scene

_LEVELS: Final = 9


def _sending(*documents: str) -> Scene:
    batch = [{"query": document} for document in documents]
    return lambda stack: stack.anybody().post("/graphql", batch[0] if len(batch) == 1 else batch)


SCENES.update(
    graphql_batch_too_large=_sending(*["{ __typename }"] * 11),
    graphql_introspection_off=_sending("{ __schema { queryType { name } } }"),
    graphql_malformed=_sending("{ __typename"),
    graphql_too_costly=_sending("{" + " ".join(f"a{n}: now" for n in range(100)) + "}"),
    graphql_too_deep=_sending("{ a" * _LEVELS + "}" * _LEVELS),
    graphql_too_long=_sending("{" + "__typename " * 1_000 + "}"),
    graphql_too_many_fragments=_sending("{ __typename } " + "fragment f on Query { __typename } " * 31),
)

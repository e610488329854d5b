"""The schema, put together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from api.graph.queries import Query


class _Parsed(SchemaExtension):
    """Takes the document that was parsed when it was weighed: nobody reads the text twice."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self.execution_context.context.document
        yield


class Schema(strawberry.Schema):
    """Errors are logged where they become answers, in `errors`, and not twice."""

    def process_errors(self, errors: list[Any], execution_context: ExecutionContext | None = None) -> None:
        pass


SCHEMA: Final = Schema(
    Query,
    extensions=[_Parsed],
    config=StrawberryConfig(disable_field_suggestions=True),
)

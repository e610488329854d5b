"""The schema, put together, and one operation executed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, Final

import strawberry
from graphql import GraphQLSchema
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult

from api.graph.context import Context
from api.graph.documents import Operation
from api.graph.mutations import Mutation
from api.graph.queries import Query
from api.graph.scalars import SCALARS

_LOOPS: Final = threading.local()


class _ReadBefore(SchemaExtension):
    """Takes the document as it was read and held against the schema when it was weighed."""

    def on_parse(self) -> Iterator[None]:
        self.execution_context.graphql_document = self._operation.document
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.pre_execution_errors = list(self._operation.invalid)
        yield

    @property
    def _operation(self) -> Operation:
        context: Context = self.execution_context.context
        return context.operation


class Schema(strawberry.Schema):
    """Strawberry's, whose errors are logged where they become answers (`errors`) and not here."""

    @property
    def core(self) -> GraphQLSchema:
        """The schema as graphql-core knows it."""
        return self._schema

    def process_errors(self, errors: list[Any], execution_context: ExecutionContext | None = None) -> None:
        pass


SCHEMA: Final = Schema(Query, Mutation, extensions=[_ReadBefore], config=StrawberryConfig(scalar_map={**SCALARS}))


def execute(context: Context) -> ExecutionResult:
    """The context's operation, on this thread's event loop: only loaders wait for one another there."""
    operation, loop = context.operation, _loop()
    try:
        return loop.run_until_complete(
            SCHEMA.execute(
                operation.text,
                variable_values=dict(operation.variables),
                context_value=context,
                operation_name=operation.name,
            )
        )
    finally:
        _end_what_is_left(loop)


def _end_what_is_left(loop: asyncio.AbstractEventLoop) -> None:
    """What nobody waits for any more, since something required was refused, must not go on in the next request."""
    if left := asyncio.all_tasks(loop):
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))


def _loop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop | None = getattr(_LOOPS, "loop", None)
    if loop is None or loop.is_closed():
        loop = _LOOPS.loop = asyncio.new_event_loop()
    return loop

"""Mutations as what they are: operations of REST that come by another way, refused in the same words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, TypeAlias

import msgspec
import strawberry
from flask import Response
from marshmallow import Schema, ValidationError
from strawberry.extensions import FieldExtension
from strawberry.types.field import StrawberryField

from api.authentication import Who
from api.commands import POSITION_HEADER, REPLAYED_HEADER, Wish, wishing
from api.graph.access import allowed
from api.graph.context import Info
from api.graph.errors import problem
from api.graph.inputs import asked
from domain.rejections import Rejected

Key: TypeAlias = Annotated[
    str,
    strawberry.argument(
        name="idempotencyKey",
        description="Made up by you for this one wish: sent again with the same arguments it gets the same answer.",
    ),
]
MaybeKey: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        name="idempotencyKey",
        description="Made up by you for this one wish: sent again with the same arguments it gets the same answer.",
    ),
]


@strawberry.interface
class Payload:
    """What a command that was accepted answers."""

    position: str | None = strawberry.field(
        description="Where in the log this was committed: send it as Lodger-Position to see it in lists."
    )
    replayed: bool = strawberry.field(description="Whether this answer was given before, for the same key.")


class Done:
    """The answer of REST's operation: its JSON, and what goes into every payload."""

    def __init__(self, response: Response) -> None:
        text = response.get_data()
        self.json: Any = msgspec.json.decode(text) if text else None
        self.payload: dict[str, Any] = {
            "position": response.headers.get(POSITION_HEADER),
            "replayed": REPLAYED_HEADER in response.headers,
        }


def command(who: Who, scope: str, *, verified: bool = False) -> Callable[[Callable[..., Any]], StrawberryField]:
    """A mutation by its resolver. Every refusal, that of who calls too, is an answer and no error."""

    def declare(resolver: Callable[..., Any]) -> StrawberryField:
        field = allowed(who, scope, verified=verified)(resolver)
        field.extensions = [*field.extensions, _Refusals()]  # the last is around the others
        return field

    return declare


def carried_out(
    info: Info,
    key: str | None,
    operation: Callable[..., Response],
    ids: Mapping[str, Any],
    body: tuple[type[Schema], Any] | None = None,
    *,
    version: int | None = None,
) -> Done:
    """What an operation of REST answers to these ids, and to this body: a schema, and the input or the JSON for it.

    Raises ValidationError, and Rejected as the operation does.
    """
    said: dict[str, Any] = {}
    loaded: list[Any] = []
    if body is not None:
        schema, given = body
        said = given if isinstance(given, dict) else asked(given)
        loaded = [schema().load(said)]
    told = msgspec.json.encode([{name: str(each) for name, each in ids.items()}, said, version], order="deterministic")
    with wishing(Wish(info.python_name, f"graphql {info.field_name}", key, told.decode(), version)):
        done = Done(operation(*loaded, **ids))
    position = done.payload["position"]
    info.context.committed(int(position) if position else None)
    return done


class _Refusals(FieldExtension):
    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Info, **kwargs: Any) -> Any:
        try:
            return await next_(source, info, **kwargs)
        except (Rejected, ValidationError) as refusal:
            return problem(refusal)

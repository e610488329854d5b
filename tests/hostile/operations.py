"""What can be sent where, read from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

Place = tuple[str | int, ...]
"""Where in a body a value is: names of members and numbers of items."""

JSON: Final = "application/json"
_NOBODY: Final = str(UUID(int=9))
_FIRST: Final = "1"


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    given: Sequence[Mapping[str, Any]]
    described: Mapping[str, Any]
    components: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def target(self, known: Mapping[str, str], **changed: str) -> str:
        """The path with ids that exist, or nobody's."""
        others = {each["name"]: _FIRST if _is_number(each["schema"]) else _NOBODY for each in self.parameters("path")}
        return self.path.format(**{name: changed.get(name, known.get(name, other)) for name, other in others.items()})

    def parameters(self, place: str) -> list[Mapping[str, Any]]:
        return [each for each in self.given if each["in"] == place]

    def text_parameters(self, place: str) -> list[str]:
        """Those which are free text: no id, no number, no choice."""
        return [each["name"] for each in self.parameters(place) if _is_free_text(each["schema"])]

    def needs(self, header: str) -> bool:
        return any(each["name"] == header and each.get("required") for each in self.parameters("header"))

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """That of its JSON body, where it has one with members."""
        found = self.described.get("requestBody", {}).get("content", {}).get(JSON, {}).get("schema")
        return found if found and "$ref" in found else None

    @property
    def body(self) -> Any:
        """One that makes sense: the documented one, otherwise words for all that is required."""
        content = self.described["requestBody"]["content"][JSON]
        return deepcopy(content.get("example", {}))

    def places(self, wanted: str) -> list[Place]:
        """Where its body has `text`, an `amount` or a `date`."""
        return list(self._places(self.schema or {}, (), wanted))

    def _places(self, schema: Mapping[str, Any], at: Place, wanted: str) -> Iterator[Place]:
        name = schema.get("$ref", "").rpartition("/")[2]
        if name:
            if name == "Money" and wanted == "amount":
                yield (*at, "amount")
            elif len(at) < 8:
                yield from self._places(self.components[name], at, wanted)
            return
        for each in schema.get("anyOf", []):
            yield from self._places(each, at, wanted)
        kinds = schema.get("type", ())
        is_text = "string" in ([kinds] if isinstance(kinds, str) else kinds)
        if is_text and ("date" if schema.get("format") == "date" else "text") == wanted:
            yield at
        for member, each in schema.get("properties", {}).items():
            if not each.get("readOnly"):
                yield from self._places(each, (*at, member), wanted)
        if "items" in schema:
            yield from self._places(schema["items"], (*at, 0), wanted)


def operations(description: Mapping[str, Any]) -> list[Operation]:
    schemas = description["components"]["schemas"]
    return [
        Operation(
            method.upper(), path, [*methods.get("parameters", []), *described.get("parameters", [])], described, schemas
        )
        for path, methods in description["paths"].items()
        for method, described in methods.items()
        if method in ("get", "post", "put", "patch", "delete")
    ]


def changed(body: Any, place: Place, value: Any) -> Any:
    """The body with that value there, and with whatever has to be around it."""
    if not place:
        return value
    first, *rest = place
    if isinstance(first, int):
        items: Sequence[Any] = body if isinstance(body, list) and body else [None]
        return [changed(items[0], tuple(rest), value), *items[1:]]
    members = dict(body) if isinstance(body, dict) else {}
    members[first] = changed(members.get(first), tuple(rest), value)
    return members


def _is_free_text(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "string" and "enum" not in schema and "format" not in schema


def _is_number(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") in ("integer", "number")

"""The schema that is checked in is the one there is, and takes nothing away from whoever built on the released one."""

from __future__ import annotations

from typing import Final

from graphql import build_schema, find_breaking_changes

from api.graph.pages import printed
from infrastructure.settings import ROOT

FOLDER: Final = ROOT / "docs" / "graphql"
CURRENT: Final = FOLDER / "schema.graphql"
RELEASED: Final = FOLDER / "released.graphql"


def test_the_file_is_current() -> None:
    assert CURRENT.read_text() == printed(), "run: ./run lodger graphql > docs/graphql/schema.graphql"


def test_nothing_is_taken_away_that_was_released() -> None:
    """On purpose: see CONTRIBUTING.md."""
    assert broken(RELEASED.read_text(), printed()) == []


def test_what_takes_something_away_is_noticed() -> None:
    ours = printed()
    for before, after, told in [
        ("  checkIn: Date!\n", "", "removed"),
        ("  guests: Int!\n", "  guests: Int\n", "changed type"),
        ("enum Side {\n  guest\n", "enum Side {\n", "removed"),
        ("  property(id: ID!): Property", "  property(id: ID!, now: Boolean!): Property", "required arg"),
        ("union BookingResult = BookingPayload | Problem", "union BookingResult = BookingPayload", "removed"),
    ]:
        assert before in ours
        assert any(told in change for change in broken(ours, ours.replace(before, after, 1))), before
    assert broken(ours, ours.replace("enum Side {\n", "enum Side {\n  neighbour\n")) == []


def broken(before: str, after: str) -> list[str]:
    """What somebody who wrote operations for the one schema would miss in the other."""
    return [change.description for change in find_breaking_changes(build_schema(before), build_schema(after))]

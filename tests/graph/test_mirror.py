"""The graph has the names of REST's schemas: what REST learns to show or to take, the graph does too."""

from __future__ import annotations

import pytest
from marshmallow import Schema

from api.graph.inputs import input_of, names_of
from api.graph.queries import BOOKING_FILTER
from api.graph.searches import FILTER, Facets
from api.graph.shown import Shown, rest_names, shown_names
from api.graph.types.bookings import Agreed, Booking
from api.graph.types.properties import Particulars, Property
from api.graph.types.reviews import Review
from api.graph.types.users import User
from api.schemas.booking_lists import ListBookingsSchema
from api.schemas.properties import ChangePropertySchema, ShownPropertySchema
from api.schemas.search import SearchSchema

EDGES: dict[type[Shown], set[str]] = {
    Facets: {"room_types"},
    Booking: shown_names(Agreed),
    Agreed: shown_names(Booking),
    Particulars: shown_names(Property),
    Property: {"updated_at", "rating", "ratings"},  # of a row of the read model; `rating` says it all
}
"""What of a schema a type shows by other means, or by another type."""


def every(kind: type[Shown]) -> list[type[Shown]]:
    return [each for child in kind.__subclasses__() for each in (child, *every(child))]


@pytest.mark.parametrize("kind", every(Shown), ids=lambda kind: kind.__name__)
def test_a_type_shows_all_that_its_schema_does(kind: type[Shown]) -> None:
    otherwise = EDGES.get(kind, set())
    assert shown_names(kind) == rest_names(kind.SCHEMA) - otherwise
    assert otherwise <= rest_names(kind.SCHEMA)


def test_a_property_has_everything_that_rest_shows_of_one() -> None:
    assert shown_names(Property) | shown_names(Particulars) == rest_names(ShownPropertySchema)


@pytest.mark.parametrize(
    ("declared", "schema", "otherwise"),
    [
        (FILTER, SearchSchema, {"limit", "cursor", "facets"}),  # first, after, and whatever is selected
        (BOOKING_FILTER, ListBookingsSchema, {"limit", "cursor", "as"}),
        (input_of(ChangePropertySchema, "ChangePropertyInput"), ChangePropertySchema, set()),
    ],
)
def test_an_input_takes_all_that_its_schema_does(declared: type, schema: type[Schema], otherwise: set[str]) -> None:
    assert names_of(declared) == {field.data_key or name for name, field in schema().load_fields.items()} - otherwise


def test_what_schemas_say_of_fields_the_graph_says_too() -> None:
    fields = {field.python_name: field.description for field in Review.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    assert fields["written_by"] == "The side of the stay that wrote it."
    of_user = {field.python_name: field.description for field in User.__strawberry_definition__.fields}  # type: ignore[attr-defined]
    assert of_user["email_verified"] == "Before it is, you look, and neither book nor host."

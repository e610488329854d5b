"""How each field of the graph is asked so that only who asks decides."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Final
from uuid import uuid4

from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_union_type
from strawberry.types.field import StrawberryField
from werkzeug.test import TestResponse

from api.graph.access import ACCESS, Access
from api.graph.cost import PAGING
from api.graph.schema import SCHEMA
from tests.api.people import book, draft, pay
from tests.api.stack import Client, json_of
from tests.permissions.world import NIGHTS, World

ROOTS: Final = ("Query", "Mutation")

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asking:
    """Fields, each inside the one before; the last is what it is about. `given` makes the variables that they use."""

    steps: Sequence[str]
    given: Callable[[World], Given]

    def document(self, name: str) -> str:
        """The operation. Of what is an object its type's name is asked, of a command also how it was refused."""
        kind, _, field = name.partition(".")
        type_ = SCHEMA.core.get_type(kind)
        assert isinstance(type_, GraphQLObjectType)
        found = get_named_type(type_.fields[field].type)
        inside = "" if is_leaf_type(found) else "{ __typename }"
        if is_union_type(found):
            inside = "{ __typename ... on Problem { code status } }"
        used = [each for each in VARIABLES if any(f"${each}" in step for step in self.steps)]
        declared = ", ".join(f"${each}: {VARIABLES[each]}" for each in used)
        begin = ("mutation" if kind == "Mutation" else "query") + (f" ({declared})" if used else "")
        return " { ".join([begin, *self.steps]) + f" {inside}" + " }" * len(self.steps)


VARIABLES: Final = {
    "property": "ID!",
    "booking": "ID!",
    "payment": "ID!",
    "review": "ID!",
    "user": "ID!",
    "block": "ID!",
    "revision": "Int!",
    "first": "Date!",
    "until": "Date!",
    "key": "String!",
}


def fields() -> Iterator[str]:
    """What must have a row: every field of the roots, and each that somebody has to look for."""
    for type_ in SCHEMA.core.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name in type_.fields:
                is_edge = access_of(f"{type_.name}.{name}") is not None and name not in PAGING
                if type_.name in ROOTS or is_edge:
                    yield f"{type_.name}.{name}"


def access_of(name: str) -> Access | None:
    """What a field's declaration says of who may see it; None of what is a part of what it is of."""
    kind, _, field = name.partition(".")
    type_ = SCHEMA.core.get_type(kind)
    assert isinstance(type_, GraphQLObjectType)
    definition = type_.fields[field].extensions.get("strawberry-definition")
    assert definition is None or isinstance(definition, StrawberryField)
    if definition is None or definition.base_resolver is None:
        return None
    access = definition.metadata.get(ACCESS)
    assert isinstance(access, Access), f"declare {name} with `allowed`"
    return access


ASKINGS: Final[dict[str, Asking]] = {}


def _asks(given: Callable[[World], Given], **named: Sequence[str]) -> None:
    """`Type__field=[step, …]`."""
    ASKINGS.update({name.replace("__", "."): Asking(steps, given) for name, steps in named.items()})


def _nothing(_: World) -> Given:
    return {}


def _things(world: World) -> Given:
    """What belongs to the guest and the host, made once."""
    return _made_once(world)


@cache
def _made_once(world: World) -> Given:
    booking, review = world.confirmed(), world.review()
    (payment,) = json_of(world.cast["guest"].get(f"/v1/bookings/{booking}/payments"))["payments"]
    host = world.cast["host"].id
    return {"property": world.cottage, "booking": booking, "payment": payment["id"], "review": review, "user": host}


def _stay(world: World) -> Given:
    first, until = world.nights()
    return {"property": world.cottage, "first": first, "until": until, "key": str(uuid4())}


_PROPERTY: Final = "property(id: $property)"
_BOOKING: Final = "booking(id: $booking)"
_REVIEW: Final = "review(id: $review)"
_STAY: Final = "checkIn: $first, checkOut: $until, guests: 2"

_asks(_nothing, Query__now=["now"], Query__me=["me"], Query__properties=["properties(first: 1)"])
_asks(_stay, Query__quote=[f"quote(property: $property, {_STAY})"], Property__quote=[_PROPERTY, f"quote({_STAY})"])
_asks(
    _things,
    Query__property=[_PROPERTY],
    Query__availability=["availability(property: $property)"],
    Query__bookings=["bookings(as: guest, first: 1)"],
    Query__booking=[_BOOKING],
    Query__payments=["payments(booking: $booking)"],
    Query__payment=["payment(id: $payment)"],
    Query__history=["history(booking: $booking)"],
    Query__review=[_REVIEW],
    Query__reviews=["reviews(property: $property)"],
    Query__user=["user(id: $user)"],
    Query__users=["users(ids: [$user])"],
    Property__host=[_PROPERTY, "host"],
    Property__pricing=[_PROPERTY, "pricing"],
    Property__houseRules=[_PROPERTY, "houseRules"],
    Property__missing=[_PROPERTY, "missing"],
    Property__rating=[_PROPERTY, "rating"],
    Property__reviews=[_PROPERTY, "reviews"],
    Property__availability=["properties(first: 1)", "edges", "node", "availability"],
    Booking__lines=[_BOOKING, "lines"],
    Booking__unreadMessages=[_BOOKING, "unreadMessages"],
    Booking__property=[_BOOKING, "property"],
    Booking__host=[_BOOKING, "host"],
    Booking__guest=[_BOOKING, "guest"],
    Booking__payments=[_BOOKING, "payments"],
    Booking__reviews=[_BOOKING, "reviews"],
    Booking__history=[_BOOKING, "history"],
    Payment__booking=["payment(id: $payment)", "booking"],
    Review__author=[_REVIEW, "author"],
    Review__about=[_REVIEW, "about"],
    Review__property=[_REVIEW, "property"],
    User__properties=["user(id: $user)", "properties"],
    User__reviews=["user(id: $user)", "reviews"],
    User__rating=["user(id: $user)", "rating"],
)

_asks(lambda world: {"booking": _altered(world)}, Booking__alteration=[_BOOKING, "alteration"])
_asks(lambda world: {"booking": _cancelled(world)}, Booking__cancellation=[_BOOKING, "cancellation"])
_asks(
    lambda world: {**_things(world), **_stay(world)},  # workers have run, so there is something to be found
    PropertyHit__stay=["properties(first: 1, where: {checkIn: $first, checkOut: $until})", "edges", "stay"],
    PropertyHit__distanceKm=[
        'properties(first: 1, where: {lat: "42.2173", lon: "-73.8646", radiusKm: "1"})',
        "edges",
        "distanceKm",
    ],
    Facets__roomTypes=["properties(first: 1)", "facets", "roomTypes"],
)


def _altered(world: World) -> str:
    """A booking of more nights once they are paid."""
    guest, (first, until) = world.cast["guest"], world.nights()
    booking = book(guest, world.property(), first, until)
    pay(guest, booking)
    world.stack.run_workers()
    longer = {"check_in": first, "check_out": (date.fromisoformat(until) + NIGHTS).isoformat(), "guests": 2}
    assert guest.post(f"/v1/bookings/{booking}/alter", longer).status_code == 200
    return booking


def _cancelled(world: World) -> str:
    booking = world.booking()
    assert world.cast["guest"].post(f"/v1/bookings/{booking}/cancel").status_code == 200
    return booking


_KEY: Final = "idempotencyKey: $key"


def _new(**makers: Callable[[World], str]) -> Callable[[World], Given]:
    """Variables that are made anew, each by what the world can make."""
    return lambda world: {"key": str(uuid4()), **{name: make(world) for name, make in makers.items()}}


def _shown(world: World) -> Given:
    """A property and its revision."""
    property_id = world.property()
    shown = json_of(world.cast["host"].get(f"/v1/properties/{property_id}"))
    return {"property": property_id, "revision": shown["revision"]}


def _blocked(world: World) -> Given:
    property_id, block_id = world.block()
    return {"property": property_id, "block": block_id}


def _another_stay(world: World) -> Given:
    first, until = world.nights()
    return {"booking": world.confirmed(), "first": first, "until": until}


_asks(_nothing, Mutation__createProperty=['createProperty(input: {title: "A place"})'])
_asks(
    _shown,
    Mutation__changeProperty=[
        'changeProperty(id: $property, expectedRevision: $revision, input: {title: "Another title"})'
    ],
    Mutation__unpublishProperty=["unpublishProperty(id: $property)"],
)
_asks(
    lambda world: {"property": draft(world.cast["host"])},
    Mutation__publishProperty=["publishProperty(id: $property)"],
)
_asks(_stay, Mutation__blockNights=["blockNights(property: $property, from: $first, until: $until)"])
_asks(_blocked, Mutation__unblockNights=["unblockNights(property: $property, blocks: [$block])"])
_asks(_stay, Mutation__requestBooking=[f"requestBooking({_KEY}, input: {{property: $property, {_STAY}}})"])
_asks(
    _new(booking=World.requested),
    Mutation__acceptBooking=["acceptBooking(id: $booking)"],
    Mutation__declineBooking=["declineBooking(id: $booking)"],
)
_asks(_new(booking=World.booking), Mutation__cancelBooking=["cancelBooking(id: $booking)"])
_asks(_another_stay, Mutation__alterBooking=[f"alterBooking(id: $booking, input: {{{_STAY}}})"])
_asks(_new(booking=World.begun), Mutation__recordNoShow=["recordNoShow(id: $booking)"])
_asks(
    _new(booking=World.booking),
    Mutation__startPayment=[f"startPayment(booking: $booking, {_KEY}, input: {{paymentMethod: card}})"],
)
_asks(_new(booking=World.over), Mutation__writeReview=["writeReview(booking: $booking, input: {rating: 4})"])
_asks(_new(review=World.review), Mutation__replyToReview=['replyToReview(id: $review, text: "Come again!")'])


def sent(client: Client, name: str, asking: Asking, given: Given) -> TestResponse:
    """One operation that asks for the field."""
    return client.post("/graphql", {"query": asking.document(name), "variables": given})


def status(answer: Mapping[str, Any], asking: Asking) -> int:
    """What the field came to, in the words of the table: 200, or the status that REST has for the refusal.

    404 is also nothing, where there is something for others.
    """
    for error in answer.get("errors", ()):
        return int(error["extensions"]["status"])
    value: Any = answer["data"]
    for step in asking.steps:
        value = value[0] if isinstance(value, list) else value
        if value is None:
            return 404
        value = value[step.partition("(")[0]]
    if isinstance(value, dict) and value.get("__typename") == "Problem":
        return int(value["status"])
    return 404 if value is None or value == [None] else 200

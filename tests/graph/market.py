"""Many properties of a few hosts, with reviews, made faster than requests would."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from psycopg2.extras import execute_values

from api.json_body import parse
from api.schemas.properties import CreatePropertySchema, changes
from application import properties
from application.calls import Call
from domain.events import Actor
from tests.api.people import PROPERTY, host
from tests.api.stack import Client, Stack


def crowd(stack: Stack, hosts: int = 4, each: int = 25, reviews: int = 3) -> list[Client]:
    """Hosts with as many published properties `each`, of which each has as many reviews by another host."""
    people = [host(stack) for _ in range(hosts)]
    rows: list[tuple[Any, ...]] = []
    for number, client in enumerate(people):
        author = people[(number + 1) % hosts].id
        for property_id in homes(stack, client, each):
            rows += [_review(stack, property_id, author, client.id) for _ in range(reviews)]
    stack.run_workers()
    with stack.wired.projecting.connection() as connection, connection.cursor() as cursor:
        execute_values(
            cursor,
            """INSERT INTO reviews (review_id, booking_id, property_id, author, author_id, subject_id, overall, comment,
                                    submitted_at, revealed_at) VALUES %s""",
            rows,
        )
    return people


def homes(stack: Stack, client: Client, number: int) -> list[UUID]:
    """New, published properties of a host."""
    lodger, host_id = stack.wired.lodger, UUID(client.id)
    body = parse(json.dumps(PROPERTY).encode(), depth=8, items=10)
    known = changes(CreatePropertySchema().load(body), None, lambda *_: "America/New_York")
    ids = [lodger.new_id() for _ in range(number)]
    for property_id in ids:
        call = Call(Actor("user", client.id), stack.now(), lodger.new_id(), lodger.new_id())
        properties.create(lodger, call, property_id, host_id, known)
        properties.publish(lodger, call, property_id, host_id)
    return ids


def _review(stack: Stack, property_id: UUID, author: str, subject: str) -> tuple[Any, ...]:
    now = stack.now()
    return uuid4(), uuid4(), property_id, "guest", author, subject, 4, "The creek sings.", now, now

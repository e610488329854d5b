"""An id of something else is the id of nothing."""

from __future__ import annotations

import pytest

from tests.api.people import book, host, listing, register
from tests.api.stack import Client, Stack

NOTHING = [
    "/v1/properties/{}",
    "/v1/properties/{}/calendar",
    "/v1/users/{}",
    "/v1/bookings/{}",
    "/v1/bookings/{}/history",
    "/v1/bookings/{}/payments",
    "/v1/bookings/{}/reviews",
    "/v1/payments/{}",
    "/v1/reviews/{}",
]
KINDS = {"properties": "property", "users": "user", "bookings": "booking"}


@pytest.fixture(scope="module")
def ids(shared: Stack) -> tuple[Client, dict[str, str]]:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada)
    return bob, {"property": property_id, "user": bob.id, "booking": book(bob, property_id)}


@pytest.mark.parametrize("path", NOTHING)
def test_the_id_of_another_kind_of_thing_is_not_found(ids: tuple[Client, dict[str, str]], path: str) -> None:
    bob, known = ids
    own = KINDS.get(path.split("/")[2])
    answers = {kind: bob.get(path.format(each)).status_code for kind, each in known.items() if kind != own}
    assert set(answers.values()) == {404}, answers

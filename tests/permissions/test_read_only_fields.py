"""What only the server writes is refused in every body, and not quietly left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest

from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.permissions.asking import MadeUp
from tests.permissions.cast import hosting, person

READ_ONLY: Mapping[str, object] = {
    "id": str(uuid4()),
    "user_id": str(uuid4()),
    "host": str(uuid4()),
    "host_id": str(uuid4()),
    "guest_id": str(uuid4()),
    "total_price": {"amount": "1.00", "currency": "USD"},
    "status": "confirmed",
    "roles": ["admin"],
    "is_host": True,
    "is_verified": True,
    "is_admin": True,
    "revision": 7,
    "version": 7,
    "actor": "system",
    "__proto__": {"roles": ["admin"]},
}


@pytest.fixture(scope="module")
def described(stack: Stack) -> dict[str, Any]:
    return json_of(stack.anybody().get("/openapi.json"))


@pytest.fixture(scope="module")
def senders(stack: Stack) -> Mapping[bool, Client]:
    """Whoever may send anything: a host, and for what staff sends, the settings' token."""
    return {False: hosting(person(stack)), True: Client(stack, OPERATOR_TOKEN)}


def bodies(described: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Method, path, example and schema of every operation that takes JSON of ours."""
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}) if isinstance(operation, dict) else {}
            media = content.get("application/json")
            if media and "$ref" in media["schema"]:
                name = media["schema"]["$ref"].rpartition("/")[2]
                yield method.upper(), path, media.get("example") or {}, described["components"]["schemas"][name]


def test_no_body_takes_what_only_the_server_writes(described: dict[str, Any], senders: Mapping[bool, Client]) -> None:
    asked = 0
    for method, path, example, schema in bodies(described):
        client = senders["/operator/" in path]
        where = path.format_map(MadeUp())
        for name in READ_ONLY.keys() - schema.get("properties", {}).keys():
            body = {**deepcopy(example), name: READ_ONLY[name]}
            answer = client.json(method, where, body, Idempotency_Key=str(uuid4()), If_Match='"1"')
            assert answer.status_code == 422, (method, path, name, answer.text)
            assert name in str(json_of(answer)["errors"]), (method, path, name, answer.text)
            asked += 1
    assert asked > 30 * len(READ_ONLY) // 2


def test_no_body_takes_a_person_s_rights(described: dict[str, Any]) -> None:
    """Only an admin's act names a role, one, and nothing else that is sent says what somebody may do."""
    rights = {"role", "roles", "is_verified", "is_host", "is_admin", "is_suspended", "host", "host_id", "guest_id"}
    named = {
        f"{method} {path}": sorted(rights & schema.get("properties", {}).keys())
        for method, path, _, schema in bodies(described)
        if rights & schema.get("properties", {}).keys()
    }
    assert named == {
        "POST /v1/operator/users/{user_id}/grant-role": ["role"],
        "POST /v1/operator/users/{user_id}/revoke-role": ["role"],
    }


@pytest.mark.parametrize(
    ("part", "field"),
    [("location", "owner"), ("pricing", "total_price"), ("house_rules", "status"), ("price_per_night", "minor")],
)
def test_nor_does_what_is_inside_a_body(senders: Mapping[bool, Client], part: str, field: str) -> None:
    inside: dict[str, Any] = {
        "location": {"address": "1", "city": "Albany", "country": "US", "coordinates": {"latitude": 1, "longitude": 1}},
        "pricing": {},
        "house_rules": {},
        "price_per_night": {"amount": "1.00", "currency": "USD"},
    }
    body = {"title": "A room", part: {**inside[part], field: "mine"}}
    refused = senders[False].post("/v1/properties", body)
    assert (refused.status_code, part in json_of(refused)["errors"]) == (422, True)


def test_nor_does_a_query(senders: Mapping[bool, Client]) -> None:
    for path in ("/v1/bookings?as=guest", "/v1/users/me/properties?limit=2", "/v1/me/statement?limit=2"):
        assert senders[False].get(path).status_code == 200
        for name in ("user", "user_id", "host", "guest", "role", "is_admin"):
            assert senders[False].get(f"{path}&{name}={uuid4()}").status_code == 422, (path, name)

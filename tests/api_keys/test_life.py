"""A key's life: shown once, listed, used, rolled, revoked; and whose hands it is refused in."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from api.api_keys import KNOWN_SECONDS
from application.calls import Call
from application.streams import USER
from domain.events import Actor
from domain.policies import API_KEYS_MAX
from domain.users import UserDeactivated, UserErased, UserFact, UserRoleRevoked
from tests.api.people import book, employed, host, listing, register, wait
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.api_keys.keys import KEYS, machine, make, tables_of

TRIPS = "/v1/bookings?as=guest"


@pytest.fixture
def bob(shared: Stack) -> Client:
    return register(shared, "bob")


def refused(answer: TestResponse, status: int, code: str) -> bool:
    return (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}")


def test_a_key_is_shown_once_and_recognised_by_its_ends_after_that(bob: Client) -> None:
    answer = bob.post(KEYS, {"name": "Channel manager", "scopes": ["calendars:write", "bookings:read"]})
    assert answer.status_code == 201
    made = json_of(answer)
    key = made.pop("key")
    assert key.startswith(f"lk_test_{UUID(made['id']).hex}_")
    assert (made["prefix"], made["last_four"]) == (key[:41], key[-4:])
    assert made["scopes"] == ["bookings:read", "calendars:write"]
    assert (made["name"], made["expires_at"], made["last_used_at"]) == ("Channel manager", None, None)
    assert json_of(bob.get(KEYS)) == {"api_keys": [made]}
    assert json_of(bob.get(answer.headers["Location"])) == made


def test_nothing_of_a_secret_is_in_the_database(shared: Stack, bob: Client) -> None:
    made = make(bob, "bookings:read")
    rolled = json_of(bob.post(f"{KEYS}/{made['id']}/roll", {}, Idempotency_Key="roll"))
    assert machine(bob, rolled["key"]).get(TRIPS).status_code == 200
    tables = tables_of(shared)
    assert {"api_keys", "api_key_secrets", "answers", "events"} <= {*tables}
    for key in (made["key"], rolled["key"]):
        secret = key[41:-8]
        for table in tables:
            shapes = " OR ".join(f"t::text LIKE '%{shape}%'" for shape in (secret, secret.encode().hex()))
            assert shared.count(f"SELECT count(*) FROM {table} t WHERE {shapes}") == 0, table


def test_a_machine_acts_for_its_user_and_the_log_says_by_which_key(shared: Stack, bob: Client) -> None:
    made = make(bob, "bookings:write", "bookings:read")
    robot = machine(bob, made["key"])
    booking_id = book(robot, listing(host(shared)))
    assert json_of(bob.get(f"/v1/bookings/{booking_id}"))["guest"] == bob.id
    (event,) = shared.wired.lodger.read(UUID(booking_id)).in_order()
    assert (event.actor.kind, event.actor.id) == ("api_key", f"{bob.id}/{made['id']}")


def test_a_wish_is_the_users_whichever_credential_repeats_it(shared: Stack, bob: Client) -> None:
    robot = machine(bob, make(bob, "bookings:write")["key"])
    wanted = {"property": listing(host(shared)), "check_in": "2031-06-12", "check_out": "2031-06-15", "guests": 2}
    first, again = robot.wish("/v1/bookings", wanted, "k"), bob.wish("/v1/bookings", wanted, "k")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (first.text, "true")


@pytest.mark.slow
def test_last_use_is_noted_but_not_twice_a_minute(shared: Stack, bob: Client) -> None:
    made = make(bob, "bookings:read")
    robot, path = machine(bob, made["key"]), f"{KEYS}/{made['id']}"
    before = shared.now()
    robot.get(TRIPS)
    first = json_of(bob.get(path))["last_used_at"]
    assert before.isoformat() <= first <= shared.now().isoformat()
    time.sleep(KNOWN_SECONDS + 0.05)
    robot.get(TRIPS)
    assert json_of(bob.get(path))["last_used_at"] == first
    time.sleep(KNOWN_SECONDS + 0.05)
    wait(shared, 1)
    robot.get(TRIPS)
    assert json_of(bob.get(path))["last_used_at"] > first


def test_a_busy_key_is_looked_up_once(shared: Stack, bob: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    robot = machine(bob, make(bob, "messages:read")["key"])
    asked: list[str] = []
    secrets = shared.wired.lodger.key_secrets
    find = secrets.find

    def looking(text: str) -> object:
        asked.append(text)
        return find(text)

    monkeypatch.setattr(secrets, "find", looking)
    for _ in range(5):
        assert robot.get(TRIPS).status_code == 403
    assert len(asked) == 1


@pytest.mark.slow
def test_a_revoked_key_lets_nobody_in_after_a_second(bob: Client) -> None:
    made, other = make(bob, "bookings:read"), make(bob, "bookings:read")
    robot = machine(bob, made["key"])
    assert robot.get(TRIPS).status_code == 200
    assert bob.delete(f"{KEYS}/{made['id']}").status_code == 204
    time.sleep(KNOWN_SECONDS + 0.05)
    assert refused(robot.get(TRIPS), 401, "api-key-invalid")
    assert [key["id"] for key in json_of(bob.get(KEYS))["api_keys"]] == [other["id"]]
    assert refused(bob.delete(f"{KEYS}/{made['id']}"), 404, "api-key-not-found")


def test_revoking_is_repeated_as_it_was_answered(bob: Client) -> None:
    path = f"{KEYS}/{make(bob, 'bookings:read')['id']}"
    assert bob.delete(path, Idempotency_Key="k").status_code == 204
    again = bob.delete(path, Idempotency_Key="k")
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (204, "true")


@pytest.mark.slow
def test_a_rolled_key_is_taken_with_both_secrets_until_the_overlap_is_over(shared: Stack, bob: Client) -> None:
    made = make(bob, "bookings:read")
    rolled = json_of(bob.post(f"{KEYS}/{made['id']}/roll", {"overlap_minutes": 60}))
    assert rolled["key"].startswith(made["prefix"])
    assert rolled["key"] != made["key"]
    assert (rolled["last_four"], rolled["former_last_four"]) == (rolled["key"][-4:], made["last_four"])
    for key in (made["key"], rolled["key"]):
        assert machine(bob, key).get(TRIPS).status_code == 200
    time.sleep(KNOWN_SECONDS + 0.05)
    wait(shared, 60)
    assert refused(machine(bob, made["key"]).get(TRIPS), 401, "api-key-invalid")
    assert machine(bob, rolled["key"]).get(TRIPS).status_code == 200


def test_a_key_that_leaked_is_rolled_without_an_overlap(bob: Client) -> None:
    made = make(bob, "bookings:read")
    rolled = json_of(bob.post(f"{KEYS}/{made['id']}/roll", {"overlap_minutes": 0}))
    assert refused(machine(bob, made["key"]).get(TRIPS), 401, "api-key-invalid")
    assert machine(bob, rolled["key"]).get(TRIPS).status_code == 200


def test_an_expired_key_lets_nobody_in(shared: Stack, bob: Client) -> None:
    until = shared.now() + timedelta(minutes=10)
    made = make(bob, "bookings:read", expires_at=until.isoformat())
    wait(shared, 10)
    assert refused(machine(bob, made["key"]).get(TRIPS), 401, "api-key-invalid")
    assert refused(bob.post(f"{KEYS}/{made['id']}/roll", {}), 409, "api-key-expired")
    past = {"name": "Late", "scopes": ["bookings:read"], "expires_at": until.isoformat()}
    assert refused(bob.post(KEYS, past), 422, "api-key-expiry-past")


def test_what_is_no_whole_key_is_refused_without_asking_the_database(shared: Stack, bob: Client) -> None:
    key, other = make(bob, "bookings:read")["key"], make(bob, "bookings:read")["key"]
    wrong = chr(ord(key[-1]) ^ 1)
    swapped = other[:41] + key[41:]
    for text in (
        key[:-1],
        key[:-12],
        key[:-1] + wrong,
        swapped,
        key[:8] + key[8:].upper(),
        f"{key}x",
        "lk_",
        "lk_test_",
        "lk_ä",
    ):
        assert refused(machine(bob, text).get(TRIPS), 401, "api-key-invalid"), text


def test_a_made_up_key_with_a_good_checksum_is_refused(bob: Client) -> None:
    key = make(bob, "bookings:read")["key"]
    table = bob.stack.wired.lodger.key_secrets
    made_up = table.make(UUID(hex=key[8:40]), bob.stack.wired.lodger.new_id())  # in the table, and in no stream
    assert refused(machine(bob, made_up).get(TRIPS), 401, "api-key-invalid")


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A", "scopes": []},
        {"name": "A", "scopes": ["bookings"]},
        {"name": "A", "scopes": ["bookings:delete"]},
        {"name": "A", "scopes": ["*"]},
        {"name": "", "scopes": ["bookings:read"]},
        {"name": "A", "scopes": ["bookings:read"], "expires_at": "tomorrow"},
        {"name": "A", "scopes": ["bookings:read"], "id": "x"},
        {"scopes": ["bookings:read"]},
    ],
)
def test_what_no_key_can_be_is_refused(bob: Client, body: dict[str, object]) -> None:
    assert refused(bob.post(KEYS, body), 422, "validation-failed")


def test_keys_are_for_people_with_an_address_of_theirs(shared: Stack) -> None:
    eve = register(shared, "eve", verified=False)
    assert refused(eve.post(KEYS, {"name": "A", "scopes": ["bookings:read"]}), 403, "email-unverified")
    operator = Client(shared, OPERATOR_TOKEN)
    assert refused(operator.post(KEYS, {"name": "A", "scopes": ["bookings:read"]}), 401, "token-invalid")


def test_reserved_scopes_are_given_by_those_with_the_role(bob: Client) -> None:
    assert refused(bob.post(KEYS, {"name": "A", "scopes": ["audit:read"]}), 403, "role-missing")


def test_so_many_and_no_more(bob: Client) -> None:
    for _ in range(API_KEYS_MAX):
        make(bob, "bookings:read")
    answer = bob.post(KEYS, {"name": "A", "scopes": ["bookings:read"]})
    assert refused(answer, 409, "too-many-api-keys")
    assert json_of(answer)["maximum"] == API_KEYS_MAX


def test_others_keys_are_not_there(shared: Stack, bob: Client) -> None:
    made, eve = make(bob, "bookings:read"), register(shared, "eve")
    path = f"{KEYS}/{made['id']}"
    for method, where in (("GET", path), ("DELETE", path), ("POST", f"{path}/roll")):
        assert refused(eve.raw(method, where, json.dumps({}).encode()), 404, "api-key-not-found"), method
    assert json_of(eve.get(KEYS)) == {"api_keys": []}
    assert machine(bob, made["key"]).get(TRIPS).status_code == 200


@pytest.mark.slow
def test_the_key_of_somebody_suspended_is_refused_and_counts_again_afterwards(shared: Stack, bob: Client) -> None:
    robot = machine(bob, make(bob, "bookings:read")["key"])
    operator = Client(shared, OPERATOR_TOKEN)
    assert robot.get(TRIPS).status_code == 200
    assert operator.post(f"/v1/operator/users/{bob.id}/suspend", {"reason": "Fraud."}).status_code == 200
    time.sleep(KNOWN_SECONDS + 0.05)
    assert refused(robot.get(TRIPS), 403, "user-suspended")
    assert operator.post(f"/v1/operator/users/{bob.id}/reinstate", {"reason": "A mistake."}).status_code == 200
    assert robot.get(TRIPS).status_code == 200


@pytest.mark.parametrize(
    ("fact", "status", "code"),
    [(UserDeactivated(), 403, "user-deactivated"), (UserErased(), 401, "api-key-invalid")],
)
def test_the_key_of_somebody_who_left_is_refused(
    shared: Stack, bob: Client, fact: UserFact, status: int, code: str
) -> None:
    robot = machine(bob, make(bob, "bookings:read")["key"])
    happen(shared, bob, fact)
    assert refused(robot.get(TRIPS), status, code)


@pytest.mark.slow
def test_a_role_that_is_taken_away_is_taken_from_the_key_too(shared: Stack) -> None:
    oona = employed(shared, "auditor")
    robot = machine(oona, make(oona, "statements:read", "audit:read")["key"])
    assert robot.get("/v1/operator/ledger").status_code == 200
    happen(shared, oona, UserRoleRevoked("auditor"))
    time.sleep(KNOWN_SECONDS + 0.05)
    assert refused(robot.get("/v1/operator/ledger"), 403, "role-missing")


def happen(stack: Stack, client: Client, fact: UserFact) -> None:
    lodger = stack.wired.lodger
    user = lodger.load(USER, UUID(client.id))
    lodger.append(Call(Actor("system", "test"), stack.now(), lodger.new_id(), lodger.new_id()), user.then([fact]))


def test_whoever_gets_a_key_is_told(shared: Stack, bob: Client) -> None:
    make(bob, "bookings:read")
    shared.run_workers()
    told = json_of(bob.get("/v1/notifications"))["notifications"]
    assert told[0]["kind"] == "api_key_created", told

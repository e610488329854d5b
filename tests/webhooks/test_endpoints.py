"""What owners do with their endpoints: register, change, watch, replay, remove. Nobody else's are there."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from application.webhooks import ENDPOINTS_MAX
from infrastructure.sealing import CannotOpen, Sealer
from tests.accounts.logins import log_in
from tests.accounts.test_life import reactivate, suspend
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import Client, Stack, json_of, running
from tests.api.test_changes import PAID, everything, page
from tests.webhooks.post import carry, deliveries, hook, let_time_pass, shown
from tests.webhooks.receiver import Receiver, is_genuine

pytestmark = pytest.mark.slow

ENDPOINTS = "/v1/webhook-endpoints"
URL = "https://hooks.example.org/lodger"


@pytest.fixture
def bob(shared: Stack) -> Client:
    return register(shared, "bob")


def refused(answer: TestResponse, status: int, code: str) -> bool:
    return (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}")


def test_an_endpoint_is_registered_and_shows_its_secret_once(bob: Client) -> None:
    answer = bob.post(ENDPOINTS, {"url": URL, "types": ["booking.held", "booking.held"]})
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    made = json_of(answer)
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert len(secret) == len("whsec_") + 43  # 32 bytes in base64
    assert (made["url"], made["types"], made["enabled"]) == (URL, ["booking.held"], True)
    assert (made["failing_since"], made["given_up_at"]) == (None, None)
    shown_again = bob.get(answer.headers["Location"])
    assert json_of(shown_again) == made
    assert json_of(bob.get(ENDPOINTS)) == {"webhook_endpoints": [made]}
    assert secret not in shown_again.text


def test_no_secret_is_in_the_database_in_a_form_to_be_read(shared: Stack, bob: Client) -> None:
    made = json_of(bob.post(ENDPOINTS, {"url": URL}, Idempotency_Key=str(uuid4())))
    renewed = json_of(bob.post(f"{ENDPOINTS}/{made['id']}/secret", Idempotency_Key=str(uuid4())))
    for secret in (made["secret"], renewed["secret"]):
        for table in ("answers", "webhook_endpoints", "webhook_deliveries"):
            as_hex = secret.encode().hex()
            found = f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%{secret}%' OR t::text LIKE '%{as_hex}%'"
            assert shared.count(found) == 0, table


def test_a_sealed_secret_opens_for_its_endpoint_under_its_key_only() -> None:
    endpoint, sealer = uuid4(), Sealer.under(["k" * 32], "webhook secret")
    sealed = sealer.seal(endpoint, b"whsec_x")
    assert sealer.open(endpoint, sealed) == b"whsec_x"
    assert sealer.seal(endpoint, b"whsec_x") != sealed
    for other, key, altered in ((uuid4(), "k", sealed), (endpoint, "j", sealed), (endpoint, "k", sealed[:-1] + b"x")):
        with pytest.raises(CannotOpen):
            Sealer.under([key * 32], "webhook secret").open(other, altered)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://hooks.example.org/",
        "hooks",
        "https://me:secret@hooks.example.org/",
        "https://hooks.example.org/a b",
        "https://",
    ],
)
def test_what_is_no_address_to_send_to_is_refused(bob: Client, url: str) -> None:
    assert refused(bob.post(ENDPOINTS, {"url": url}), 422, "webhook-url-refused")


@pytest.mark.parametrize(
    "url", ["http://hooks.example.org/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/x"]
)
def test_without_private_addresses_only_public_ones_by_tls_are_taken(database_url: str, url: str) -> None:
    with running(database_url, LODGER_PRIVATE_ADDRESSES="false") as stack:
        bob = register(stack, "bob")
        assert refused(bob.post(ENDPOINTS, {"url": url}), 422, "webhook-url-refused")
        made = hook(bob, URL)
        change = bob.patch(f"{ENDPOINTS}/{made['id']}", {"url": url}, If_Match='"1"')
        assert refused(change, 422, "webhook-url-refused")


def test_an_address_is_registered_once_and_by_anybody(shared: Stack, bob: Client) -> None:
    made = hook(bob, URL)
    again = bob.post(ENDPOINTS, {"url": URL})
    assert refused(again, 409, "webhook-endpoint-exists")
    assert json_of(again)["id"] == made["id"]
    other = hook(bob, f"{URL}/2")
    taken = bob.patch(f"{ENDPOINTS}/{other['id']}", {"url": URL}, If_Match='"1"')
    assert refused(taken, 409, "webhook-endpoint-exists")
    hook(register(shared, "eve"), URL)


def test_so_many_and_no_more(bob: Client) -> None:
    for number in range(ENDPOINTS_MAX):
        hook(bob, f"{URL}/{number}")
    assert refused(bob.post(ENDPOINTS, {"url": URL}), 409, "too-many-webhook-endpoints")


def test_a_type_that_is_none_is_refused(bob: Client) -> None:
    assert refused(bob.post(ENDPOINTS, {"url": URL, "types": ["booking.imagined"]}), 422, "validation-failed")


def test_a_change_is_of_the_version_that_was_seen(bob: Client) -> None:
    path = f"{ENDPOINTS}/{hook(bob, URL)['id']}"
    changed = bob.patch(path, {"types": ["payment.failed"], "enabled": False}, If_Match='"1"', Idempotency_Key="k")
    assert (json_of(changed)["types"], json_of(changed)["enabled"]) == (["payment.failed"], False)
    assert changed.headers["ETag"] == '"2"'
    assert json_of(bob.get(path)) == json_of(changed)
    again = bob.patch(path, {"types": ["payment.failed"], "enabled": False}, If_Match='"1"', Idempotency_Key="k")
    assert (again.text, again.headers["Idempotency-Replayed"]) == (changed.text, "true")
    assert refused(bob.patch(path, {"enabled": True}, If_Match='"1"'), 412, "revision-stale")
    assert refused(bob.patch(path, {"enabled": True}), 428, "precondition-required")


def test_others_endpoints_are_not_there(shared: Stack, bob: Client) -> None:
    eve = register(shared, "eve")
    path = f"{ENDPOINTS}/{hook(bob, URL)['id']}"
    book(bob, listing(host(shared)))
    carry(shared)
    delivery = deliveries(bob, {"id": path.rpartition("/")[2]})[0]["id"]
    asked = [
        ("GET", path, None),
        ("PATCH", path, {"enabled": False}),
        ("DELETE", path, None),
        ("POST", f"{path}/secret", None),
        ("GET", f"{path}/deliveries", None),
        ("POST", f"{path}/deliveries/{delivery}/replay", None),
        ("POST", f"{path}/replay", {"since": "2031-01-01T00:00:00Z"}),
    ]
    for method, where, body in asked:
        sent = json.dumps(body).encode() if body else b""
        assert refused(eve.raw(method, where, sent, If_Match='"1"'), 404, "webhook-endpoint-not-found"), (method, where)
    assert json_of(eve.get(ENDPOINTS)) == {"webhook_endpoints": []}
    assert json_of(bob.get(path))["enabled"] is True


def test_a_removed_endpoint_is_gone_with_its_log(shared: Stack, bob: Client, receiver: Receiver) -> None:
    endpoint = hook(bob, receiver.url)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    book(bob, listing(host(shared)))
    carry(shared)
    assert bob.delete(path, Idempotency_Key="k").status_code == 204
    assert bob.delete(path, Idempotency_Key="k").status_code == 204
    assert refused(bob.get(path), 404, "webhook-endpoint-not-found")
    left = f"SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = '{endpoint['id']}'"
    assert shared.count(left) == 0


def test_with_a_new_secret_the_former_one_still_holds_for_a_day(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    property_id = listing(host(stack))
    endpoint = hook(bob, receiver.url)
    renewed = json_of(bob.post(f"{ENDPOINTS}/{endpoint['id']}/secret"))
    book(bob, property_id, "2031-06-12", "2031-06-13")
    carry(stack)
    (received,) = receiver.received
    assert is_genuine(received, endpoint["secret"])
    assert is_genuine(received, renewed["secret"])
    let_time_pass(stack, "24 hours")
    book(bob, property_id, "2031-06-13", "2031-06-14")
    carry(stack)
    assert not is_genuine(receiver.received[1], endpoint["secret"])
    assert is_genuine(receiver.received[1], renewed["secret"])


def test_while_disabled_nothing_is_sent_and_nothing_is_skipped(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    property_id = listing(host(stack))
    endpoint = hook(bob, receiver.url)
    path = f"{ENDPOINTS}/{endpoint['id']}"
    assert bob.patch(path, {"enabled": False}, If_Match='"1"').status_code == 200
    pay(bob, book(bob, property_id))
    carry(stack)
    assert receiver.received == []
    assert bob.patch(path, {"enabled": True}, If_Match='"2"').status_code == 200
    carry(stack)
    assert receiver.types() == PAID


@pytest.mark.parametrize("away", ["closed", "suspended"])
def test_to_an_account_that_is_not_open_nothing_is_sent_until_its_user_wants_it_again(
    stack: Stack, receiver: Receiver, away: str
) -> None:
    bob, ada = register(stack, "bob"), host(stack)
    endpoint, others = hook(bob, receiver.url), hook(ada, receiver.url)
    booking_id = book(bob, listing(ada))
    carry(stack)
    told = len(receiver.received)
    if away == "closed":
        bob.post("/v1/users/me/deactivation")
    else:
        suspend(bob)
    carry(stack)
    assert ada.post(f"/v1/bookings/{booking_id}/cancel", {"reason": "The roof leaks."}).status_code == 200

    carry(stack)
    (hers,) = receiver.types()[told:]
    assert hers == "booking.cancelled"

    reactivate(bob) if away == "closed" else suspend(bob, "reinstate")
    back = log_in(bob).client
    carry(stack)
    assert len(receiver.received) == told + 1
    assert (shown(back, endpoint)["enabled"], shown(ada, others)["enabled"]) == (False, True)
    assert back.patch(f"{ENDPOINTS}/{endpoint['id']}", {"enabled": True}, If_Match='"1"').status_code == 200
    carry(stack)
    assert receiver.types()[told:] == ["booking.cancelled"] * 2


def test_one_delivery_is_sent_again_under_its_id(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    endpoint = hook(bob, receiver.url)
    pay(bob, book(bob, listing(host(stack))))
    carry(stack)
    third = deliveries(bob, endpoint)[2]
    path = f"{ENDPOINTS}/{endpoint['id']}/deliveries"
    again = bob.post(f"{path}/{third['id']}/replay")
    assert (again.status_code, again.text) == (202, "")
    carry(stack)
    assert len(receiver.received) == len(PAID) + 1
    repeated = receiver.received[-1]
    assert (repeated.headers["lodger-delivery"], repeated.attempt) == (third["id"], 2)
    assert repeated.body == receiver.received[2].body
    assert refused(bob.post(f"{path}/{endpoint['id']}/replay"), 404, "webhook-delivery-not-found")


def test_everything_behind_a_cursor_is_sent_again_in_its_order(stack: Stack, receiver: Receiver) -> None:
    """Also what happened before the endpoint was registered."""
    bob = register(stack, "bob")
    pay(bob, book(bob, listing(host(stack))))
    stack.run_workers()
    endpoint = hook(bob, receiver.url)
    two = page(bob, limit=2)
    replay = f"{ENDPOINTS}/{endpoint['id']}/replay"
    for _ in range(2):
        assert bob.post(replay, {"after": two["next"]}).status_code == 202
        carry(stack)
    assert receiver.types() == PAID[2:] * 2
    ids = [change["id"] for change in everything(bob)][2:]
    assert [received.change["id"] for received in receiver.received] == ids * 2
    assert refused(bob.post(replay, {"after": "nonsense"}), 422, "cursor-invalid")
    assert refused(bob.post(replay, {}), 422, "validation-failed")
    both = {"after": two["next"], "since": "2031-01-01T00:00:00Z"}
    assert refused(bob.post(replay, both), 422, "validation-failed")


def test_everything_since_an_instant_is_sent_again(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    pay(bob, book(bob, listing(host(stack))))
    stack.run_workers()
    endpoint = hook(bob, receiver.url)
    fourth = everything(bob)[3]["occurred_at"]
    assert bob.post(f"{ENDPOINTS}/{endpoint['id']}/replay", {"since": fourth}).status_code == 202
    carry(stack)
    assert receiver.types() == PAID[3:]
    assert bob.post(f"{ENDPOINTS}/{endpoint['id']}/replay", {"since": "2131-01-01T00:00:00Z"}).status_code == 202
    carry(stack)
    assert receiver.types() == PAID[3:]


def test_what_is_sent_again_while_it_is_being_sent_is_sent_again(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    endpoint = hook(bob, receiver.url)
    book(bob, listing(host(stack)))
    stack.run_workers()

    def replay_meanwhile(_: object) -> int:
        if len(receiver.received) == 1:
            (waiting,) = deliveries(bob, endpoint)
            bob.post(f"{ENDPOINTS}/{endpoint['id']}/deliveries/{waiting['id']}/replay")
        return 200

    receiver.answer = replay_meanwhile
    carry(stack)
    carry(stack)
    assert len(receiver.received) == 2
    assert [each["status"] for each in deliveries(bob, endpoint)] == ["delivered"]


def test_the_log_is_paged_newest_first(stack: Stack, receiver: Receiver) -> None:
    bob = register(stack, "bob")
    endpoint = hook(bob, receiver.url)
    pay(bob, book(bob, listing(host(stack))))
    carry(stack)
    path = f"{ENDPOINTS}/{endpoint['id']}/deliveries"
    first = json_of(bob.get(f"{path}?limit=4&status=delivered"))
    second = json_of(bob.get(f"{path}?limit=4&status=delivered&cursor={first['next_cursor']}"))
    found = [each["type"] for each in first["deliveries"] + second["deliveries"]]
    assert (found, second["next_cursor"]) == (PAID[::-1], None)
    assert shown(bob, endpoint)["failing_since"] is None

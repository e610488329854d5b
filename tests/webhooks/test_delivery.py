"""Changes arrive: signed, in order, at least once, whatever the receiver does."""

from __future__ import annotations

import time

import pytest

from infrastructure.outgoing import Outgoing
from infrastructure.webhooks import courier as couriers
from infrastructure.webhooks import outbox
from infrastructure.webhooks.courier import Courier
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import Client, Stack, json_of
from tests.api.test_changes import PAID, everything
from tests.webhooks.post import carry, courier_of, deliveries, hook, let_time_pass, shown
from tests.webhooks.receiver import Received, Receiver, is_genuine

pytestmark = pytest.mark.slow


@pytest.fixture
def bob(stack: Stack) -> Client:
    return register(stack, "bob")


@pytest.fixture
def property_id(stack: Stack) -> str:
    return listing(host(stack))


def test_a_stay_arrives_in_its_order_with_the_very_bodies_of_the_changes(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    pay(bob, book(bob, property_id))
    carry(stack)
    assert receiver.types() == PAID
    assert [received.change for received in receiver.received] == everything(bob)
    (raw,) = {received.body for received in receiver.received[:1]}
    assert raw.decode() in bob.get("/v1/changes?limit=1").text
    assert all(is_genuine(received, endpoint["secret"]) for received in receiver.received)
    assert not any(is_genuine(received, "whsec_another") for received in receiver.received)
    log = deliveries(bob, endpoint)
    assert [each["status"] for each in log] == ["delivered"] * 6
    assert [each["id"] for each in log] == [received.headers["lodger-delivery"] for received in receiver.received]
    assert [each["change"] for each in log] == [change["id"] for change in everything(bob)]
    assert [(each["attempts"], each["response_status"], each["error"]) for each in log] == [(1, 200, None)] * 6


def test_a_body_that_was_altered_on_its_way_is_not_genuine(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)
    carry(stack)
    (received,) = receiver.received
    assert is_genuine(received, endpoint["secret"])
    altered = Received(received.path, received.headers, received.body.replace(b"pending", b"confirmed"))
    assert not is_genuine(altered, endpoint["secret"])
    at = int(received.headers["lodger-signature"].split(",")[0].removeprefix("t="))
    assert abs(at - time.time()) < 30
    moved = {
        **received.headers,
        "lodger-signature": received.headers["lodger-signature"].replace(f"t={at}", f"t={at + 9}"),
    }
    assert not is_genuine(Received(received.path, moved, received.body), endpoint["secret"])


def test_guest_and_host_each_get_their_own_and_a_stranger_nothing(stack: Stack, bob: Client) -> None:
    ada, eve = host(stack), register(stack, "eve")
    receivers = [Receiver() for _ in range(3)]
    for client, receiver in zip((ada, bob, eve), receivers, strict=True):
        hook(client, receiver.url)
    book(bob, listing(ada))
    book(bob, listing(host(stack)))
    carry(stack)
    assert [len(receiver.received) for receiver in receivers] == [1, 2, 0]
    for receiver in receivers:
        receiver.close()


def test_only_what_is_wanted_is_sent(stack: Stack, bob: Client, property_id: str, receiver: Receiver) -> None:
    endpoint = hook(bob, receiver.url, "booking.confirmed", "payment.captured")
    pay(bob, book(bob, property_id))
    carry(stack)
    assert receiver.types() == ["payment.captured", "booking.confirmed"]
    assert len(deliveries(bob, endpoint)) == 2


def test_what_happened_before_is_not_sent(stack: Stack, bob: Client, property_id: str, receiver: Receiver) -> None:
    book(bob, property_id, "2031-06-12", "2031-06-13")
    stack.run_workers()
    hook(bob, receiver.url)
    second = book(bob, property_id, "2031-06-13", "2031-06-14")
    carry(stack)
    assert [received.change["booking"]["id"] for received in receiver.received] == [second]


def test_a_receiver_that_errs_gets_it_again_after_pauses_that_double_until_it_recovers(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)
    receiver.answer = lambda _: 500
    pauses = []
    for _ in range(5):
        carry(stack)
        carry(stack)  # too early: nothing is sent
        (log,) = deliveries(bob, endpoint)
        assert (log["status"], log["response_status"], log["error"]) == ("pending", 500, "not a status of success")
        paused = "extract(epoch FROM next_attempt_at - attempted_at)"
        # To 15 s, as the test itself takes its time too.
        pause = stack.count(f"SELECT (round({paused} / 15) * 15)::int FROM webhook_deliveries")
        pauses.append(pause)
        left = "extract(epoch FROM next_attempt_at - clock_timestamp()) * 1000000"
        let_time_pass(stack, f"{stack.count(f'SELECT ceil({left})::bigint FROM webhook_deliveries')} microseconds")
    assert pauses == [15, 15, 30, 60, 120]
    assert [received.attempt for received in receiver.received] == [1, 2, 3, 4, 5]
    assert len({received.body for received in receiver.received}) == 1
    assert shown(bob, endpoint)["failing_since"] is not None
    receiver.answer = lambda _: 204
    carry(stack)
    (log,) = deliveries(bob, endpoint)
    assert (log["status"], log["attempts"], log["response_status"], log["error"]) == ("delivered", 6, 204, None)
    assert shown(bob, endpoint)["failing_since"] is None


def test_a_redirect_is_not_followed(stack: Stack, bob: Client, property_id: str, receiver: Receiver) -> None:
    elsewhere = Receiver()
    receiver.redirect_to = elsewhere.url
    receiver.answer = lambda _: 302
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)
    carry(stack)
    (log,) = deliveries(bob, endpoint)
    assert (log["status"], log["response_status"], log["error"]) == ("pending", 302, "redirects are not followed")
    assert elsewhere.received == []
    elsewhere.close()


def test_a_receiver_that_hangs_holds_up_no_other_and_counts_as_failed(
    stack: Stack, bob: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(couriers, "_TIMEOUT_SECONDS", 3.0)
    ada = host(stack)
    hanging, well = Receiver(), receiver
    hanging.answer = hanging.hang
    stuck, fine = hook(ada, hanging.url), hook(bob, well.url)
    for night in range(12, 22):
        book(bob, listing(ada), f"2031-06-{night}", f"2031-06-{night + 1}")
    stack.run_workers()
    courier = courier_of(stack)
    begun = time.monotonic()
    courier.run()
    while len(well.received) < 10:
        assert time.monotonic() - begun < 2.8, "held up"
        time.sleep(0.01)
    courier.wait()
    assert len(hanging.received) == 1, "it rests after a failure, whatever else waits for it"
    log = deliveries(ada, stuck)
    assert [each["status"] for each in log] == ["pending"] * 10
    assert [each["error"] for each in log] == ["no answer in time"] + [None] * 9
    assert [each["status"] for each in deliveries(bob, fine)] == ["delivered"] * 10
    hanging.close()


def test_trouble_with_one_booking_holds_back_its_later_changes_and_no_others(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    troubled = book(bob, property_id, "2031-06-12", "2031-06-13")
    other = book(bob, property_id, "2031-06-13", "2031-06-14")
    stack.run_workers()
    endpoint = hook(bob, receiver.url)
    receiver.answer = lambda received: 500 if troubled in received.body.decode() else 200
    for booking in (troubled, other):
        assert bob.post(f"/v1/bookings/{booking}/cancel").status_code == 200
    again = bob.post(f"/v1/webhook-endpoints/{endpoint['id']}/replay", {"since": "2031-01-01T00:00:00Z"})
    assert again.status_code == 202
    courier = courier_of(stack)
    for _ in range(4):
        carry(stack, courier)
        let_time_pass(stack, "3 s")  # the endpoint has rested, the delivery has not
    taken = [(r.change["booking"]["id"], r.change["type"]) for r in receiver.received]
    assert taken == [(troubled, "booking.held"), (other, "booking.held"), (other, "booking.cancelled")]
    receiver.answer = lambda _: 200
    let_time_pass(stack, "1 minute")
    carry(stack, courier)
    taken = [(r.change["booking"]["id"], r.change["type"]) for r in receiver.received[3:]]
    assert taken == [(troubled, "booking.held"), (troubled, "booking.cancelled")]


def test_after_a_day_it_is_failed_and_what_came_later_goes_on(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    booking_id = book(bob, property_id)
    receiver.answer = lambda _: 500
    carry(stack)
    let_time_pass(stack, "24 hours")
    carry(stack)
    receiver.answer = lambda _: 200
    bob.post(f"/v1/bookings/{booking_id}/cancel")
    let_time_pass(stack, "1 hour")
    carry(stack)
    log = deliveries(bob, endpoint)
    assert [(each["status"], each["attempts"], each["next_attempt_at"]) for each in log] == [
        ("failed", 2, None),
        ("delivered", 1, None),
    ]
    assert deliveries(bob, endpoint, "?status=failed") == log[:1]


def test_an_endpoint_that_only_fails_for_five_days_is_disabled_and_goes_on_where_it_stopped(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    receiver.answer = lambda _: 500
    book(bob, property_id, "2031-06-12", "2031-06-13")
    carry(stack)
    let_time_pass(stack, "5 days")
    second = book(bob, property_id, "2031-06-13", "2031-06-14")
    carry(stack)
    told = shown(bob, endpoint)
    assert (told["enabled"], told["given_up_at"] is not None) == (False, True)
    third = book(bob, property_id, "2031-06-14", "2031-06-15")
    let_time_pass(stack, "1 day")
    heard = len(receiver.received)
    carry(stack)
    assert len(receiver.received) == heard
    receiver.answer = lambda _: 200
    enabled = bob.patch(f"/v1/webhook-endpoints/{endpoint['id']}", {"enabled": True}, If_Match='"1"')
    assert json_of(enabled)["given_up_at"] is None
    carry(stack)
    assert [r.change["booking"]["id"] for r in receiver.received[heard:]] == [second, third]
    assert shown(bob, endpoint)["failing_since"] is None


def test_what_was_sent_and_not_recorded_is_sent_again(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "delivered", die)
        with pytest.raises(Killed):
            carry(stack)
    carry(stack)
    assert len(receiver.received) == 1, "nobody else sends to it while the claim holds"
    let_time_pass(stack, "2 minutes")
    carry(stack)
    first, second = receiver.received
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.headers["lodger-delivery"] == second.headers["lodger-delivery"]
    assert first.body == second.body
    assert [each["status"] for each in deliveries(bob, endpoint)] == ["delivered"]


def test_two_workers_at_once_send_each_change_once_and_in_order(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    hook(bob, receiver.url)
    for night in range(10, 25):
        pay(bob, book(bob, property_id, f"2031-06-{night}", f"2031-06-{night + 1}"))
    stack.run_workers()
    couriers_at_work = [courier_of(stack) for _ in range(3)]
    for _ in range(5):
        for courier in couriers_at_work:
            courier.run()
    for courier in couriers_at_work:
        courier.wait()
    carry(stack)
    assert [received.change["id"] for received in receiver.received] == [change["id"] for change in everything(bob)]
    assert len(receiver.received) == 15 * len(PAID)


def test_where_private_addresses_are_refused_nothing_is_sent_to_one(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    """Were the check at registration passed by a name that leads elsewhere later."""
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)
    wired = stack.wired
    strict = Outgoing(allow_private=False)
    carry(stack, Courier(wired.database, wired.lodger, wired.keyring.sealer("webhook secret"), strict))
    assert receiver.received == []
    (log,) = deliveries(bob, endpoint)
    assert (log["status"], log["error"]) == ("pending", "Only https is spoken here.")


def test_settled_deliveries_are_forgotten_after_a_month_and_can_still_be_sent_again(
    stack: Stack, bob: Client, property_id: str, receiver: Receiver
) -> None:
    endpoint = hook(bob, receiver.url)
    book(bob, property_id)
    carry(stack)
    let_time_pass(stack, "31 days")
    carry(stack)
    assert deliveries(bob, endpoint) == []
    bob.post(f"/v1/webhook-endpoints/{endpoint['id']}/replay", {"since": "2031-01-01T00:00:00Z"})
    carry(stack)
    assert receiver.types() == ["booking.held", "booking.held"]

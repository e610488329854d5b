"""What people are told in the app and by mail, what they have read of it, and what they want."""

from __future__ import annotations

from typing import Any

import pytest

from infrastructure.embedded.mail_sink import MailSink
from infrastructure.mail.letters import Letters
from infrastructure.mail.postman import Postman
from infrastructure.workers.deadlines import meet_deadlines
from infrastructure.workers.rebuild import rebuild
from projections.notifications import NOTIFICATIONS
from tests.api.people import book, host, listing, pay, register, wait
from tests.api.stack import Client, Stack, json_of
from tests.support.servers import free_port

pytestmark = pytest.mark.slow

PREFERENCES = "/v1/users/me/notification-preferences"


def told(client: Client, query: str = "") -> dict[str, Any]:
    answer = client.get(f"/v1/notifications{query}")
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def kinds(client: Client) -> list[str]:
    return [each["kind"] for each in told(client)["notifications"]]


def put(client: Client, path: str, body: bytes) -> dict[str, Any]:
    answer = client.raw("PUT", path, body)
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def mailed(stack: Stack) -> list[tuple[str, str]]:
    """Every mail that waits, quiet period or not, delivered: to whom, and its subject."""
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE mailings SET next_attempt_at = clock_timestamp() WHERE status = 'pending'")
    port = free_port()
    with MailSink(port, free_port()) as sink:
        letters = Letters(stack.wired.lodger, stack.wired.settings)
        Postman(stack.wired.database, letters, f"smtp://127.0.0.1:{port}").deliver_due()
        return [(message.to[0], message.subject) for message in sink.inbox.messages()[::-1]]


@pytest.fixture
def people(stack: Stack) -> tuple[Client, Client, str]:
    """A host, a guest, and the guest's confirmed booking; their mails so far are sent."""
    ada, bob = host(stack), register(stack, "bob")
    booking = book(bob, listing(ada))
    pay(bob, booking)
    stack.run_workers()
    mailed(stack)
    return ada, bob, booking


def test_each_side_of_a_booking_is_told_its_own(stack: Stack, people: tuple[Client, Client, str]) -> None:
    ada, bob, booking = people
    eve = register(stack, "eve")
    stack.run_workers()
    assert kinds(bob) == ["booking_confirmed", "booking_held", "welcome"]
    assert kinds(ada) == ["booking_confirmed", "welcome"]
    assert kinds(eve) == ["welcome"]
    assert stack.anybody().get("/v1/notifications").status_code == 401
    confirmed = told(bob)["notifications"][0]
    assert (confirmed["booking"], confirmed["category"], confirmed["read"]) == (booking, "bookings", False)
    events = json_of(bob.get(f"/v1/bookings/{booking}/history"))["events"]
    assert [each["position"] for each in events if each["type"] == "BookingConfirmed"] == [confirmed["position"]]


def test_a_list_waits_for_the_position_it_is_sent(stack: Stack, people: tuple[Client, Client, str]) -> None:
    ada, bob, booking = people
    cancelled = bob.post(f"/v1/bookings/{booking}/cancel")
    position = cancelled.headers["Lodger-Position"]
    assert ada.get("/v1/notifications", Lodger_Position=position).status_code == 503
    stack.run_workers()
    assert kinds(ada)[0] == "booking_cancelled"


def test_what_was_shown_is_marked_read_and_what_comes_later_is_not(
    stack: Stack, people: tuple[Client, Client, str]
) -> None:
    ada, bob, booking = people
    shown = told(bob)
    assert shown["unread"] == 3
    newest = shown["notifications"][0]["position"]
    assert put(bob, "/v1/notifications/read", b'{"upto": %d}' % (newest - 1)) == {"unread": 1}
    assert [each["read"] for each in told(bob)["notifications"]] == [False, True, True]
    # A position that nobody was told of yet does not make the future read.
    assert put(bob, "/v1/notifications/read", b'{"upto": 999999999}') == {"unread": 0}
    assert put(bob, "/v1/notifications/read", b'{"upto": 1}') == {"unread": 0}
    ada.post(f"/v1/bookings/{booking}/cancel")
    stack.run_workers()
    assert [each["kind"] for each in told(bob)["notifications"] if not each["read"]] == [
        *("refund_sent", "booking_cancelled")
    ]
    assert told(ada)["unread"] == 3


def test_pages_and_their_cursors_are_ones_own(stack: Stack, people: tuple[Client, Client, str]) -> None:
    ada, bob, _ = people
    first = told(bob, "?limit=2")
    second = told(bob, f"?limit=2&cursor={first['next_cursor']}")
    assert [each["kind"] for each in first["notifications"] + second["notifications"]] == kinds(bob)
    assert second["next_cursor"] is None
    stolen = ada.get(f"/v1/notifications?limit=2&cursor={first['next_cursor']}")
    assert json_of(stolen)["type"] == "/problems/cursor-invalid"


def test_a_rebuild_tells_nobody_anything_anew(stack: Stack, people: tuple[Client, Client, str]) -> None:
    ada, bob, booking = people
    put(bob, "/v1/notifications/read", b'{"upto": %d}' % told(bob)["notifications"][0]["position"])
    ada.wish(f"/v1/bookings/{booking}/messages", {"text": "Welcome."})
    before = told(ada), told(bob)
    assert before[1]["unread"] == 1  # the message

    rebuild(stack.wired.projecting, stack.wired.log, NOTIFICATIONS)
    stack.run_workers()

    assert (told(ada), told(bob)) == before
    assert mailed(stack) == [(bob.user["email"], "Host has written to you")]
    rebuild(stack.wired.projecting, stack.wired.log, NOTIFICATIONS)
    assert mailed(stack) == []


def test_a_conversation_is_one_notification_and_one_mail_until_it_is_read(
    stack: Stack, people: tuple[Client, Client, str]
) -> None:
    ada, bob, booking = people
    path = f"/v1/bookings/{booking}/messages"
    for number in range(3):
        bob.wish(path, {"text": f"line {number}"})
    newest = told(ada)["notifications"][0]
    assert (newest["kind"], newest["messages"], newest["booking"]) == ("message_received", 3, booking)
    assert "message_received" not in kinds(bob)
    assert mailed(stack) == [(ada.user["email"], "Bob has written to you")]

    put(ada, f"{path}/read", b'{"upto": 3}')
    newest = told(ada)["notifications"][0]
    assert (newest["kind"], newest["messages"], newest["read"]) == ("message_received", 0, True)
    bob.wish(path, {"text": "Are you there?"})
    assert mailed(stack) == [(ada.user["email"], "Bob has written to you")]


def test_nobody_is_mailed_about_messages_that_were_read_within_the_quiet_period(
    stack: Stack, people: tuple[Client, Client, str]
) -> None:
    ada, bob, booking = people
    path = f"/v1/bookings/{booking}/messages"
    bob.wish(path, {"text": "Hello?"})
    assert stack.count("SELECT count(*) FROM mailings WHERE status = 'pending' AND next_attempt_at < now()") == 0
    put(ada, f"{path}/read", b'{"upto": 1}')
    assert mailed(stack) == []
    assert stack.count("SELECT count(*) FROM mailings WHERE status = 'unwanted'") == 1


def test_preferences_are_as_chosen_and_by_default_everything(stack: Stack) -> None:
    bob, eve = register(stack, "bob"), register(stack, "eve")
    every = {"email": True, "in_app": True}
    assert json_of(bob.get(PREFERENCES)) == {"updates": every, "messages": every}
    quiet = {"email": False, "in_app": True}
    assert put(bob, PREFERENCES, b'{"messages": {"email": false, "in_app": true}}') == {
        "updates": every,
        "messages": quiet,
    }
    assert json_of(bob.get(PREFERENCES))["messages"] == quiet
    assert json_of(eve.get(PREFERENCES))["messages"] == every
    assert put(bob, PREFERENCES, b"{}") == {"updates": every, "messages": every}


@pytest.mark.parametrize(
    "body",
    [
        b'{"bookings": {"email": false, "in_app": false}}',
        b'{"payments": {"email": false, "in_app": true}}',
        b'{"account": {"email": false, "in_app": true}}',
        b'{"messages": {"email": false}}',
        b'{"messages": {"email": "no", "in_app": true}}',
        b'{"messages": {"email": false, "in_app": true, "sms": true}}',
        b'{"messages": null}',
    ],
)
def test_what_people_must_know_cannot_be_switched_off(shared: Stack, body: bytes) -> None:
    answer = register(shared).raw("PUT", PREFERENCES, body)
    assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/validation-failed")


def test_mails_that_nobody_wants_are_not_sent_though_they_were_planned_before(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    booking = book(bob, listing(ada))
    ada.wish(f"/v1/bookings/{booking}/messages", {"text": "Do you come?"})
    wait(stack, minutes=15)
    _expire(stack)
    off = b'{"updates": {"email": false, "in_app": false}, "messages": {"email": false, "in_app": false}}'
    put(bob, PREFERENCES, off)
    assert [subject for to, subject in mailed(stack) if to == bob.user["email"]] == [
        "Welcome to Lodger",
        "Cabin by the creek: held for you until 08:15 on 1 June 2031 (America/New_York)",
    ]
    assert kinds(bob) == ["booking_held", "welcome"]
    assert told(bob)["unread"] == 2
    put(bob, PREFERENCES, b"{}")
    assert mailed(stack) == []  # what was not wanted then is not sent later
    assert kinds(bob) == ["booking_expired", "message_received", "booking_held", "welcome"]


def _expire(stack: Stack) -> None:
    """What lapsed expires, as the workers do it."""
    stack.run_workers()
    meet_deadlines(stack.wired.lodger, stack.wired.database)
    stack.run_workers()

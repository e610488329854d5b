"""Mails: what they say, and that each is sent though the server is away for a while."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from dataclasses import replace

import pytest

from application import bookings
from infrastructure.embedded.mail_sink import MailSink, Message
from infrastructure.mail.letters import Letters
from infrastructure.mail.postman import Postman
from infrastructure.workers.projector import Projector
from projections import mailings
from projections.mailings import MAILINGS
from tests.support.servers import free_port
from tests.support.world import World

pytestmark = pytest.mark.slow


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


def postman(world: World, port: int) -> Postman:
    letters = Letters(world.lodger, world.wired.settings)
    return Postman(world.wired.database, letters, f"smtp://127.0.0.1:{port}")


def sent(world: World) -> list[Message]:
    """Everything that the outbox holds now, delivered; in the order it was sent."""
    Projector(world.wired.projecting, world.log, [MAILINGS]).run()
    port = free_port()
    with MailSink(port, free_port()) as sink:
        postman(world, port).deliver_due()
        return sink.inbox.messages()[::-1]


def statuses(world: World) -> list[tuple[str, str | None]]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT status, last_error FROM mailings ORDER BY position, recipient")
        return cursor.fetchall()


def let_time_pass(world: World) -> None:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE mailings SET next_attempt_at = clock_timestamp()")


def test_guest_and_host_are_written_to_about_a_stay_each_in_their_own_words(world: World) -> None:
    booking = world.confirmed(world.listing())
    mails = sent(world)
    assert [(mail.to, mail.subject) for mail in mails] == [
        (["person-1@example.org"], "Welcome to Lodger"),
        (["person-2@example.org"], "Welcome to Lodger"),
        (["person-2@example.org"], "A room: held for you until 08:15 on 1 June 2026 (America/New_York)"),
        (["person-2@example.org"], "Confirmed: A room, Wednesday 1 July 2026"),
        (["person-1@example.org"], "New booking: A room, Wednesday 1 July 2026"),
    ]
    to_guest = mails[3].text
    assert "from Wednesday 1 July 2026, 15:00\nto Saturday 4 July 2026, 11:00\n" in to_guest
    assert "3 nights, 2 guests\nUSD 336.00 in all\n" in to_guest
    assert "Address: 1 Lark Street\n" in to_guest
    assert f"/v1/bookings/{booking}\n" in to_guest
    assert "person-2 has booked and paid." in mails[4].text


def test_a_cancelled_stay_a_failed_payment_and_a_refund_say_what_becomes_of_the_money(world: World) -> None:
    booking = world.hold(world.listing())
    world.decline(world.pay(booking))
    world.approve(world.pay(booking))
    world.react()
    guest = world.booking(booking).made.guest_id
    bookings.cancel(world.lodger, world.call(guest), booking, guest, None)
    world.react()
    to_guest = {mail.subject: mail.text for mail in sent(world) if mail.to == ["person-2@example.org"]}
    failed = to_guest["A room: your payment did not go through"]
    assert "your payment of USD 336.00 did not go through (declined)." in failed
    cancelled = to_guest["Cancelled: A room, Wednesday 1 July 2026"]
    assert "you have cancelled your booking.\nYou get USD 336.00 back." in cancelled
    assert "we have sent back USD 336.00" in to_guest["USD 336.00 are on their way back to you"]


def test_a_mail_is_sent_once(world: World) -> None:
    assert len(sent(world)) == 1
    let_time_pass(world)
    assert sent(world) == []


def test_a_mail_whose_postman_died_before_saying_so_is_sent_again_as_the_same_mail(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = list[str]()
    send = smtplib.SMTP.send_message

    def remember(server, msg, *args, **kwargs):  # type: ignore[no-untyped-def]
        given.append(msg["Message-ID"])
        return send(server, msg, *args, **kwargs)

    def die(*_: object) -> None:
        raise SystemExit

    monkeypatch.setattr(smtplib.SMTP, "send_message", remember)
    world.person()
    with monkeypatch.context() as dying:
        dying.setattr(mailings, "settle", die)
        with pytest.raises(SystemExit):
            sent(world)
    assert statuses(world) == [("pending", None), ("pending", None)]
    let_time_pass(world)
    assert [mail.to for mail in sent(world)] == [["person-1@example.org"], ["person-2@example.org"]]
    assert statuses(world) == [("sent", None), ("sent", None)]
    first, *again = given
    assert again[0] == first
    assert len(set(given)) == 2


def test_mails_wait_while_the_server_is_away_and_are_sent_when_it_is_back(world: World) -> None:
    Projector(world.wired.projecting, world.log, [MAILINGS]).run()
    postman(world, free_port()).deliver_due()
    assert statuses(world) == [("pending", None)]
    assert sent(world) == []  # not due yet
    let_time_pass(world)
    assert [mail.subject for mail in sent(world)] == ["Welcome to Lodger"]
    assert statuses(world) == [("sent", None)]


def test_a_mail_that_is_refused_for_good_is_not_tried_again_and_keeps_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.person()

    class Picky(smtplib.SMTP):
        def send_message(self, msg, *args, **kwargs):  # type: ignore[no-untyped-def]
            if "person-1" in msg["To"]:
                raise smtplib.SMTPRecipientsRefused({msg["To"]: (550, b"no such user")})
            return super().send_message(msg, *args, **kwargs)

    monkeypatch.setattr(smtplib, "SMTP", Picky)
    assert [mail.to for mail in sent(world)] == [["person-2@example.org"]]
    (refused, error), other = statuses(world)
    assert (refused, other) == ("refused", ("sent", None))
    assert error is not None
    assert error == "SMTPRecipientsRefused 550", "no words of others, which may hold an address"


@pytest.mark.parametrize("email", ["host-7@import.invalid", '"@example.org'])
def test_nobody_is_written_to_at_an_address_that_is_none(world: World, email: str) -> None:
    user_id = world.person()
    world.execute(f"UPDATE people SET email = '{email}' WHERE user_id = '{user_id}'")
    assert [mail.to for mail in sent(world)] == [["person-1@example.org"]]
    assert statuses(world)[1] == ("refused", "the recipient has no address")


def test_line_breaks_in_names_make_no_header(world: World) -> None:
    person = world.lodger.people.get([world.host])[world.host]
    changed = replace(person, name="Eve\r\nBcc: everybody@example.org")
    world.lodger.people.change_profile(changed, expected_version=person.version)
    (mail,) = sent(world)
    assert mail.to == ["person-1@example.org"]

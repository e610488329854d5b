"""Mails: what they say, and that each is sent though the server is away for a while."""

from __future__ import annotations

import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from email.mime.text import MIMEText
from itertools import count
from time import monotonic
from uuid import UUID

import pytest

from application import bookings, messages, notifications
from application.ports import Person
from domain.notices import Channels
from infrastructure.database import Unavailable
from infrastructure.embedded.mail_sink import MailSink, Message
from infrastructure.event_store.people import People
from infrastructure.mail import known
from infrastructure.mail.letters import Letters
from infrastructure.mail.postman import BATCH, Postman
from infrastructure.workers.projector import Projector
from projections import mailings
from projections.mailings import MAILINGS
from tests.support.servers import free_port
from tests.support.statements import executed
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


def plan(world: World) -> None:
    """Put the mails about everything that happened into the outbox."""
    Projector(world.wired.projecting, world.log, [MAILINGS]).run()


def sent(world: World) -> list[Message]:
    """Everything that the outbox holds now, delivered; in the order it was sent."""
    plan(world)
    return delivered(world)


def delivered(world: World) -> list[Message]:
    """The same of what was planned before."""
    port = free_port()
    with MailSink(port, free_port()) as sink:
        postman(world, port).deliver_due()
        return sink.inbox.messages()[::-1]


def statuses(world: World) -> list[tuple[str, str | None]]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT status, last_error FROM mailings ORDER BY position, recipient")
        return cursor.fetchall()


def both_write(world: World) -> tuple[UUID, UUID]:
    """Guest and host of a booking write to each other, and their mails, the guest's first, are due: booking, guest."""
    booking = world.hold(world.listing())
    guest = world.booking(booking).made.guest_id
    sent(world)
    for author in (world.host, guest):
        messages.send(world.lodger, world.call(author), booking, author, "Hello.")
    let_time_pass(world)
    return booking, guest


def statements(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is executed while everything is delivered, on new connections; not what a process asks now and then."""
    plan(world)
    monkeypatch.setattr(known, "monotonic", lambda: 0.0)  # on a busy machine a second may pass
    with executed(world.wired.database) as statements:
        delivered(world)
    aside = ("PREPARE", "set_config", "keyring", "person_keys")
    return [each for each in statements if not any(word in each for word in aside)]


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
    plan(world)
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


def test_however_many_letters_what_they_are_written_from_is_the_same_few_statements(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, guests = world.listing(), [world.person() for _ in range(4)]
    nights = (date(2026, 7, 1) + timedelta(n) for n in range(60))
    sent(world)
    beside = {}
    for letters in (5, BATCH):
        for n in range(letters):
            world.hold(home, guests[n % 4], (str(next(nights)), str(next(nights))))
        executed = statements(world, monkeypatch)
        settled = sum("SET status" in each for each in executed)
        assert settled == letters
        beside[letters] = len(executed) - settled
    # Two to plan and claim, and one to find that no more are due; streams, properties, people, preferences.
    assert beside == {5: 7, BATCH: 7}


def test_bookings_that_payments_are_of_and_unread_messages_are_a_statement_each_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = world.listing()
    held = [world.hold(home, nights=(f"2026-07-{day:02}", f"2026-07-{day + 1:02}")) for day in range(1, 9)]
    sent(world)
    for booking in held[:5]:
        world.decline(world.pay(booking))
    for booking in held[5:]:
        messages.send(world.lodger, world.call(world.host), booking, world.host, "Hello.")
    let_time_pass(world)
    assert len(statements(world, monkeypatch)) - len(held) == 7 + 2


def _wants_no_such_mail(world: World, _: UUID) -> None:
    notifications.prefer(world.lodger, world.host, {"messages": Channels(email=False)})


def _leaves(world: World, _: UUID) -> None:
    world.execute(f"DELETE FROM people WHERE user_id = '{world.host}'")


def _reads(world: World, booking: UUID) -> None:
    messages.mark_read(world.lodger, booking, world.host, 2)


@pytest.mark.parametrize(
    ("meanwhile", "outcome"),
    [
        (_wants_no_such_mail, ("unwanted", "the recipient does not want such mails")),
        (_leaves, ("refused", "the recipient has no address")),
        (_reads, ("unwanted", "the recipient has read it meanwhile")),
    ],
)
def test_a_slow_server_gets_no_mail_that_its_recipient_has_done_without_since_the_first_of_its_batch(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Callable[[World, UUID], None],
    outcome: tuple[str, str],
) -> None:
    booking, _ = both_write(world)
    passed = list[float]()

    class Slow(smtplib.SMTP):
        def send_message(self, msg, *args, **kwargs):  # type: ignore[no-untyped-def]
            meanwhile(world, booking)
            passed.append(known.FRESH_SECONDS)
            return super().send_message(msg, *args, **kwargs)

    monkeypatch.setattr(known, "monotonic", lambda: monotonic() + sum(passed))
    monkeypatch.setattr(smtplib, "SMTP", Slow)
    assert [mail.to for mail in delivered(world)] == [["person-2@example.org"]]
    assert statuses(world)[:2] == [("sent", None), outcome]


def test_of_a_message_that_comes_while_letters_are_under_way_its_reader_is_told(world: World) -> None:
    booking, guest = both_write(world)
    messages.mark_read(world.lodger, booking, world.host, 2)
    letters = Letters(world.lodger, world.wired.settings)
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        batch = mailings.claim_due(cursor, BATCH)
    looked_up = letters.about(batch)
    messages.send(world.lodger, world.call(guest), booking, guest, "One more thing.")
    (mail,) = [letters.write(each, looked_up) for each in batch if each.recipient == "host"]
    assert isinstance(mail, MIMEText)


def test_a_letter_whose_stream_cannot_be_read_waits_and_keeps_no_other(world: World) -> None:
    unreadable, _ = world.person(), world.person()
    plan(world)
    world.execute(
        f"""INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
            SELECT partition_key, stream_id, 2, 'UserTeleported', 1, '{{}}', meta
            FROM events WHERE stream_id = '{unreadable}'"""
    )
    assert [mail.to for mail in delivered(world)] == [["person-1@example.org"], ["person-3@example.org"]]
    assert statuses(world) == [("sent", None), ("pending", "UnknownEvent"), ("sent", None)]


def test_mails_wait_when_the_database_is_away_for_a_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    get, tries = People.get, count()

    def away_at_first(people: People, user_ids: Sequence[UUID]) -> Mapping[UUID, Person]:
        if next(tries) == 0:
            raise Unavailable
        return get(people, user_ids)

    plan(world)
    monkeypatch.setattr(People, "get", away_at_first)
    with pytest.raises(Unavailable):
        delivered(world)
    assert statuses(world) == [("pending", None)]
    let_time_pass(world)
    assert [mail.subject for mail in delivered(world)] == ["Welcome to Lodger"]

"""Every letter to everybody it goes to, whenever after its fact it is written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.mime.text import MIMEText
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from application.keys import Key, Keys
from application.lodger import Lodger
from application.ports import Correspondent, Events, Person, Range, Reading
from domain.events import Event, Fact
from domain.host_accounts import account_id
from domain.notices import BY_MAIL_ALONE, MESSAGE, TOLD, Recipient, Template, recipients
from domain.reviews import review_id
from infrastructure.mail.letters import Letters, plain_mail
from infrastructure.signing import KeyedSigner
from projections.mailings import Mailing
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    GUEST,
    HOST,
    HOST_ACCOUNT_HISTORIES,
    NOW,
    PAYMENT,
    PAYMENT_HISTORIES,
    PROPERTY,
    PUBLISHED,
    REVIEW_HISTORIES,
    USER_HISTORIES,
)
from tests.support.tales import Tale
from tests.support.world import HandClock, settings_for

PEOPLE = {
    user_id: Person(user_id, name.lower(), f"{name.lower()}@example.org", name, None, "", None, 1, NOW)
    for user_id, name in [(GUEST, "Gil"), (HOST, "Hana")]
}
REVIEW = review_id(BOOKING, "guest")
STORIES: list[tuple[UUID, Sequence[Fact]]] = [
    *((GUEST, history) for history in USER_HISTORIES),
    *((BOOKING, history) for history in BOOKING_HISTORIES),
    *((PAYMENT, history) for history in PAYMENT_HISTORIES),
    *((account_id(HOST), history) for history in HOST_ACCOUNT_HISTORIES),
    *((REVIEW, history) for history in REVIEW_HISTORIES),
]


class Told:
    """A log of which nothing is remembered, and the ports that letters ask, with everybody wanting every mail."""

    generation = 0

    def __init__(self, events: Sequence[Event]) -> None:
        self._events = events

    def recall(self, _: UUID) -> None:
        return None

    def remember(self, *_: object) -> None:
        pass

    def load(self, stream_ids: Sequence[UUID], _: object = None, after: int = 0) -> Mapping[UUID, Sequence[Event]]:
        told = [event for event in self._events if event.version > after]
        return {each: [event for event in told if event.stream_id == each] for each in stream_ids}

    def get(self, user_ids: Sequence[UUID]) -> Mapping[UUID, Person]:
        return {user_id: PEOPLE[user_id] for user_id in user_ids}

    def load_with_claims(self, _: Sequence[Range], after: Mapping[UUID, int]) -> tuple[Mapping[UUID, Events], Any]:
        return {each: self.load([each], after=version)[each] for each, version in after.items()}, {}

    def preferences(self, user_ids: Collection[UUID]) -> Mapping[UUID, Mapping[Any, Any]]:
        return {user_id: {} for user_id in user_ids}

    def readings(self, asked: Collection[Correspondent]) -> Mapping[Correspondent, Reading]:
        return dict.fromkeys(asked, Reading(0, 1))


class OneKey:
    """Implements `infrastructure.signing.Ring`."""

    def keys(self, purpose: str) -> Keys:
        return Keys(Key(purpose.encode() * 8))


def letters(events: Sequence[Event]) -> Letters:
    told: Any = Told(events)
    unused: Any = None
    ports = dict.fromkeys(Lodger.__dataclass_fields__, unused)
    ports |= {
        "log": told,
        "memory": told,
        "people": told,
        "notifications": told,
        "messages": told,
        "signer": KeyedSigner(OneKey()),
        "clock": HandClock(NOW),
    }
    return Letters(Lodger(**ports), settings_for("postgresql://nowhere/lodger"))


def letter(events: Sequence[Event], mailing: Mailing) -> MIMEText:
    """One that everybody wants, after some events."""
    by = letters(events)
    mail = by.write(mailing, by.about([mailing]))
    assert isinstance(mail, MIMEText)
    return mail


def text_of(mail: MIMEText) -> str:
    """As a mail program reads it."""
    read = message_from_bytes(mail.as_bytes(), policy=default)
    assert isinstance(read, EmailMessage)
    return str(read.get_content())


def test_a_letter_with_accents_is_one_that_mail_programs_read() -> None:
    text = "Hello Zoë,\n\n€ 12.00, as agreed = good.\n"
    assert text_of(plain_mail(text)) == text
    assert b"Hello Zo=C3=AB" in plain_mail(text).as_bytes(), "readable on the wire"


def written(stream_id: UUID, facts: Sequence[Fact]) -> dict[tuple[Template, Recipient], list[MIMEText]]:
    """Every letter about a story: written at once, and again after each fact that follows."""
    tale = Tale()
    tale.tell(PROPERTY, *PUBLISHED)
    if stream_id in (PAYMENT, REVIEW):
        tale.tell(BOOKING, *BOOKING_HISTORIES[0])
    before, mails = list(tale.events), dict[tuple[Template, Recipient], list[MIMEText]]()
    is_account = stream_id == account_id(HOST)
    events = tale.tell(stream_id, *facts, partition=HOST if is_account else None)
    for told, event in enumerate(events):
        notice = TOLD.get(type(event.fact))
        for upto in range(told + 1, len(events) + 1):
            for recipient in recipients(event.fact) if notice else ():
                assert notice is not None
                mailing = Mailing(event.event_id, recipient, notice.template, stream_id, told)
                mail = letter([*before, *events[:upto]], mailing)
                mails.setdefault((notice.template, recipient), []).append(mail)
    return mails


@pytest.mark.parametrize(("stream_id", "facts"), STORIES)
def test_a_letter_is_to_its_recipient_and_says_something(stream_id: UUID, facts: Sequence[Fact]) -> None:
    for (_, recipient), mails in written(stream_id, facts).items():
        name = "Hana" if recipient == "host" or stream_id == account_id(HOST) else "Gil"
        for mail in mails:
            assert mail["To"] == f"{name} <{name.lower()}@example.org>"
            subject, text = str(mail["Subject"]), text_of(mail)
            assert 10 < len(subject) < 120
            assert text.startswith(f"Hello {name},\n\n")
            assert not {"None", "{{", "}}", "Undefined"} & set(text.split())
            if stream_id not in (GUEST, account_id(HOST)):
                assert "Cabin by the creek, Catskill\n" in text


def test_every_template_is_written_by_these_stories() -> None:
    seen = {key for stream_id, facts in STORIES for key in written(stream_id, facts)}
    assert seen == {(notice.template, recipient) for notice in TOLD.values() for recipient in notice.recipients}


@pytest.mark.parametrize("template", [notice.template for notice in BY_MAIL_ALONE])
def test_a_letter_about_an_account_leads_to_where_its_token_counts(template: Template) -> None:
    events = Tale().tell(GUEST, USER_HISTORIES[0][0])
    mail = letter(events, Mailing(UUID(int=1), "user", template, GUEST, 0))
    links = [line for line in text_of(mail).splitlines() if "token=" in line]
    page = {"verify_email": "verification", "password_reset": "password-reset"}.get(template)
    assert [link.partition("?")[0] for link in links] == ([f"http://127.0.0.1:8000/account/{page}"] if page else [])


@pytest.mark.parametrize(("recipient", "other"), [("guest", "Hana"), ("host", "Gil")])
def test_a_letter_about_messages_says_who_wrote_and_not_what(recipient: Recipient, other: str) -> None:
    tale = Tale()
    tale.tell(PROPERTY, *PUBLISHED)
    tale.tell(BOOKING, *BOOKING_HISTORIES[0])
    mail = letter(tale.events, Mailing(UUID(int=1), recipient, MESSAGE.template, BOOKING, 0))
    assert mail["Subject"] == f"{other} has written to you"
    assert f"{other} has written to you about this booking." in text_of(mail)
    assert f"/v1/bookings/{BOOKING}/messages\n" in text_of(mail)


def subject_and_text(facts: Sequence[Fact], told: int, recipient: Recipient, template: Template) -> tuple[str, str]:
    tale = Tale()
    tale.tell(PROPERTY, *PUBLISHED)
    events = tale.tell(BOOKING, *facts)
    mail = letter(tale.events, Mailing(events[told].event_id, recipient, template, BOOKING, 1))
    return str(mail["Subject"]), text_of(mail)


def test_a_request_that_nobody_answered_and_a_hold_that_nobody_paid_end_in_other_words() -> None:
    unpaid, unanswered = BOOKING_HISTORIES[2], BOOKING_HISTORIES[9]
    subject, text = subject_and_text(unpaid, 1, "guest", "booking_expired")
    assert subject == "Cabin by the creek: no longer held for you"
    assert "no payment came in time" in text
    subject, text = subject_and_text(unanswered, 1, "guest", "booking_expired")
    assert subject == "Cabin by the creek: no answer to your request"
    assert "the host has not answered in time" in text


def test_an_accepted_request_is_told_with_the_hold_that_follows_it() -> None:
    accepted, instant = BOOKING_HISTORIES[7], BOOKING_HISTORIES[0]
    assert "Hana has accepted your request" in subject_and_text(accepted, 2, "guest", "booking_held")[1]
    assert "accepted" not in subject_and_text(instant, 0, "guest", "booking_held")[1]


def test_a_change_is_told_with_the_stay_as_it_becomes() -> None:
    changed = BOOKING_HISTORIES[12]
    held: Any = changed[2]
    subject, text = subject_and_text(changed, 2, "guest", "alteration_held")
    assert subject.startswith("Cabin by the creek: your change waits for USD ")
    assert f"{held.quote.stay.nights} nights, " in text

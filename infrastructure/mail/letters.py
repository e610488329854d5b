"""Letters: what a mail says. Each template's first line is its subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.charset import QP, Charset
from email.errors import MessageError
from email.headerregistry import Address
from email.mime.text import MIMEText
from email.utils import format_datetime, formataddr
from typing import Any, Final, Literal
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from application import passwords, verification
from application.lodger import Lodger
from application.ports import Person, Reading
from application.streams import BOOKING, HOST_ACCOUNT, PAYMENT, PROPERTY, REVIEW, USER, Stream
from domain.bookings import Booking, BookingFact, must_be_made
from domain.host_accounts import PayoutFailed, PayoutPaid
from domain.lifecycle import available_actions, due_at
from domain.money import Money
from domain.notices import CATEGORY_OF, Template, wants_mail
from domain.payments import must_be_started
from domain.properties import must_exist
from domain.reviews import ReviewSubmitted
from domain.users import User
from infrastructure.settings import Settings
from projections.mailings import Mailing

NOWHERE: Final = ".invalid"
"""Addresses that end so are nobody's (RFC 2606): imported hosts have them."""

_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

_UTF8: Final = Charset("utf-8")
_UTF8.body_encoding = QP


@dataclass(frozen=True, slots=True)
class Withheld:
    """A mail that is not to be sent, ever."""

    status: Literal["refused", "unwanted"]
    because: str


class Letters:
    """Writes mails from what the streams and people's profiles say now."""

    def __init__(self, lodger: Lodger, settings: Settings) -> None:
        self._lodger = lodger
        self._settings = settings
        # Plain text: nothing in it is markup, so nothing needs escaping.
        self._templates = Environment(
            loader=PackageLoader("infrastructure.mail"),
            undefined=StrictUndefined,
            autoescape=False,  # noqa: S701
            keep_trailing_newline=True,
        )
        self._templates.filters |= {
            "one_line": _one_line,
            "money": _money,
            "day": _day,
            "clock": _clock,
            "moment": _moment,
        }

    def write(self, mailing: Mailing) -> MIMEText | Withheld:
        """The mail, unless it is not to be sent: whether somebody wants it is looked up now.

        Its Message-ID is made from the mailing: a mail that is sent twice, because a worker died between sending it
        and saying so, can be told from another one.
        """
        to, context = self._context(mailing)
        if not wants_mail(self._lodger.notifications.preferences(to.user_id), mailing.template):
            return Withheld("unwanted", "the recipient does not want such mails")
        if mailing.template == "message_received" and not self._unread(mailing.stream_id, to):
            return Withheld("unwanted", "the recipient has read it meanwhile")
        if mailing.template == "verify_email" and context["link"] is None:
            return Withheld("unwanted", "the recipient has confirmed the address meanwhile")
        address = _address(to)
        if address is None:
            return Withheld("refused", "the recipient has no address")
        template = self._templates.get_template(f"{mailing.template}.{mailing.recipient}.txt")
        text = template.render(context, to=to, public_url=self._settings.public_url)
        subject, _, body = text.partition("\n")
        sender = Address("Lodger", addr_spec=self._settings.mail_from)
        mail = plain_mail(body.strip() + "\n")
        mail["From"] = formataddr((sender.display_name, sender.addr_spec))
        mail["To"] = formataddr((address.display_name, address.addr_spec))
        mail["Subject"] = _one_line(subject)
        mail["Date"] = format_datetime(self._lodger.clock.now())
        message_id = uuid5(mailing.event_id, f"{mailing.template}:{mailing.recipient}")
        mail["Message-ID"] = f"<{message_id}@{sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _context(self, mailing: Mailing) -> tuple[Person, Mapping[str, Any]]:
        """The recipient, and what the template may use. `fact` is what it tells of."""
        history = self._lodger.read(mailing.stream_id)
        events = history.in_order()
        fact = next((event.fact for event in events if event.event_id == mailing.event_id), None)
        match mailing.template:
            case template if CATEGORY_OF[template] == "account":
                person = self._people(mailing.stream_id)[mailing.stream_id]
                user = history.stream(USER, mailing.stream_id).state
                return person, {"fact": fact, "link": self._link(template, person, user)}
            case "payout_paid" | "payout_failed":
                account = history.stream(HOST_ACCOUNT, mailing.stream_id)
                assert isinstance(fact, PayoutPaid | PayoutFailed)
                payout = account.state.payouts[fact.payout_id].scheduled
                host_id = account.partition_key
                return self._people(host_id)[host_id], {"fact": fact, "payout": payout}
            case "payment_failed" | "refund_sent":
                payment = must_be_started(history.stream(PAYMENT, mailing.stream_id).state)
                booking = self._lodger.load(BOOKING, payment.started.booking_id)
                return self._about(mailing, booking, {"fact": fact, "payment": payment})
            case "review_revealed" | "review_replied":
                review = history.stream(REVIEW, mailing.stream_id).state
                assert review is not None, "it was told of"
                assert isinstance(review.written, ReviewSubmitted), "of what is imported nobody is told"
                return self._about(mailing, self._lodger.load(BOOKING, review.written.booking_id), {"fact": fact})
            case _:
                booking = history.stream(BOOKING, mailing.stream_id)
                happened = {event.fact.TOPIC for event in events}
                return self._about(mailing, booking, {"fact": fact, "happened": happened})

    def _link(self, template: Template, person: Person, user: User) -> str | None:
        """The page that a mail about an account leads to, with a token that is made here and stands nowhere else."""
        match template:
            case "welcome" | "verify_email" if not user.is_verified:
                path, token = "verification", verification.token_for(self._lodger, person)
            case "password_reset":
                path, token = "password-reset", passwords.token_for(self._lodger, person)
            case _:
                return None
        return f"{self._settings.public_url}/account/{path}?token={token}"

    def _about(
        self, mailing: Mailing, stream: Stream[Booking | None, BookingFact], more: Mapping[str, Any]
    ) -> tuple[Person, Mapping[str, Any]]:
        booking = must_be_made(stream.state)
        made = booking.made
        listing = must_exist(self._lodger.load(PROPERTY, made.property_id).state)
        people = self._people(made.guest_id, made.host_id)
        context = {
            "booking": booking,
            "made": made,
            "quote": made.quote,
            "details": listing.details,
            "location": listing.location,
            "guest": people[made.guest_id],
            "host": people[made.host_id],
            "payable": "pay" in available_actions(booking, "guest", self._lodger.clock.now()),
            "due_at": due_at(booking),
            "booking_url": f"{self._settings.public_url}/v1/bookings/{stream.id}",
            **more,
        }
        return people[made.guest_id if mailing.recipient == "guest" else made.host_id], context

    def _unread(self, booking_id: UUID, reader: Person) -> int:
        return self._lodger.messages.readings(reader.user_id, [booking_id]).get(booking_id, Reading()).unread

    def _people(self, *user_ids: UUID) -> Mapping[UUID, Person]:
        found = self._lodger.people.get(user_ids)
        return {user_id: found.get(user_id) or _left(user_id) for user_id in user_ids}


def plain_mail(text: str) -> MIMEText:
    """A text as a mail, readable on the wire. The newer EmailMessage takes ten times as long to make."""
    charset = "us-ascii" if text.isascii() else _UTF8
    return MIMEText(text, "plain", charset)  # type: ignore[arg-type]  # it takes a Charset, which its stub does not say


def _left(user_id: UUID) -> Person:
    """Whoever was erased: others are told of them still."""
    return Person(user_id, "", f"nobody@erased{NOWHERE}", "Somebody who left", None, "", None, 0, _LONG_AGO)


def _address(person: Person) -> Address | None:
    try:
        return None if person.email.endswith(NOWHERE) else Address(_one_line(person.name), addr_spec=person.email)
    except (ValueError, MessageError):  # it has an @ and still is no address
        return None


def _one_line(text: str) -> str:
    """Without line breaks, which would end a header."""
    return " ".join(text.split())


def _money(amount: Money) -> str:
    """ "USD 1,234.50"."""
    whole, point, rest = amount.decimal().partition(".")
    return f"{amount.currency} {int(whole):,}{point}{rest}"


def _day(day: date) -> str:
    """ "Wednesday 1 July 2026"."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def _clock(at: time) -> str:
    return f"{at:%H:%M}"


def _moment(instant: datetime, zone: str) -> str:
    """ "12:15 on 1 June 2026 (America/New_York)"."""
    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M} on {local.day} {local:%B} {local.year} ({zone})"

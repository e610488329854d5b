"""Letters: what a mail says. Each template's first line is its subject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
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
from application.ports import Correspondent, Person, Reading
from domain.lifecycle import available_actions, due_at
from domain.money import Money
from domain.notices import Template, wants_mail
from infrastructure.mail.known import NOWHERE, Known, OfBooking, OfUser, look_up
from infrastructure.settings import Settings
from projections.mailings import Mailing

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

    def about(self, mailings: Sequence[Mailing]) -> Known:
        """What letters are written from, looked up together."""
        return look_up(self._lodger, mailings)

    def write(self, mailing: Mailing, known: Known) -> MIMEText | Withheld:
        """The mail, unless it is not to be sent: whether somebody wants it has just been looked up (`Known.is_old`).

        Its Message-ID is made from the mailing: a mail that is sent twice, because a worker died between sending it
        and saying so, can be told from another one.
        """
        to = known.person(known.recipients[mailing])
        context = self._context(mailing, known, to)
        if not wants_mail(known.preferences[to.user_id], mailing.template):
            return Withheld("unwanted", "the recipient does not want such mails")
        if mailing.template == "message_received" and not self._has_unread((mailing.stream_id, to.user_id), known):
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

    def _context(self, mailing: Mailing, known: Known, to: Person) -> Mapping[str, Any]:
        """What the template may use."""
        match known.subjects[mailing]:
            case OfUser(_, told):
                return {**told, "link": self._link(mailing.template, to, told)}
            case OfBooking(booking_id, told):
                return {**self._stay(booking_id, known), **told}

    def _link(self, template: Template, person: Person, told: Mapping[str, Any]) -> str | None:
        """The page that a mail about an account leads to, with a token that is made here and stands nowhere else."""
        match template:
            case "welcome" | "verify_email" if not told["user"].is_verified:
                path, token = "verification", verification.token_for(self._lodger, person)
            case "password_reset":
                path, token = "password-reset", passwords.token_for(self._lodger, person)
            case _:
                return None
        return f"{self._settings.public_url}/account/{path}?token={token}"

    def _stay(self, booking_id: UUID, known: Known) -> Mapping[str, Any]:
        booking = known.bookings[booking_id]
        made = booking.made
        listing = known.listings[made.property_id]
        return {
            "booking": booking,
            "made": made,
            "quote": made.quote,
            "details": listing.details,
            "location": listing.location,
            "guest": known.person(made.guest_id),
            "host": known.person(made.host_id),
            "payable": "pay" in available_actions(booking, "guest", self._lodger.clock.now()),
            "due_at": due_at(booking),
            "booking_url": f"{self._settings.public_url}/v1/bookings/{booking_id}",
        }

    def _has_unread(self, reader: Correspondent, known: Known) -> bool:
        """Asked once more before it is denied: of what is written until this mail is settled no other one will tell."""
        return bool(_unread(known.readings, reader) or _unread(self._lodger.messages.readings([reader]), reader))


def plain_mail(text: str) -> MIMEText:
    """A text as a mail, readable on the wire. The newer EmailMessage takes ten times as long to make."""
    charset = "us-ascii" if text.isascii() else _UTF8
    return MIMEText(text, "plain", charset)  # type: ignore[arg-type]  # it takes a Charset, which its stub does not say


def _unread(readings: Mapping[Correspondent, Reading], reader: Correspondent) -> int:
    return readings.get(reader, Reading()).unread


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

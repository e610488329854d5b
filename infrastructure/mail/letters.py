"""Letters: what a mail says. Each template's first line is its subject."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, Final, assert_never
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined

from application.lodger import Lodger
from application.ports import Person
from application.streams import BOOKING, PAYMENT, PROPERTY
from domain.bookings import available_actions, must_be_made
from domain.events import Event
from domain.money import Money
from domain.payments import PaymentFailed, RefundSucceeded, must_be_started
from domain.properties import must_exist
from infrastructure.settings import Settings
from projections.mailings import Mailing

NOWHERE: Final = ".invalid"
"""Addresses that end so are nobody's (RFC 2606): imported hosts have them."""


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

    def write(self, mailing: Mailing) -> EmailMessage | None:
        """The mail; None when the recipient has no address that could be written to.

        Its Message-ID is made from the mailing: a mail that is sent twice, because a worker died between sending it
        and saying so, can be told from another one.
        """
        to, context = self._context(mailing)
        address = _address(to)
        if address is None:
            return None
        template = self._templates.get_template(f"{mailing.template}.{mailing.recipient}.txt")
        text = template.render(context, to=to, public_url=self._settings.public_url)
        subject, _, body = text.partition("\n")
        sender = Address("Lodger", addr_spec=self._settings.mail_from)
        mail = EmailMessage()
        mail["From"] = sender
        mail["To"] = address
        mail["Subject"] = _one_line(subject)
        mail["Date"] = format_datetime(self._lodger.clock.now())
        message_id = uuid5(mailing.event_id, f"{mailing.template}:{mailing.recipient}")
        mail["Message-ID"] = f"<{message_id}@{sender.domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(body.strip() + "\n")
        return mail

    def _context(self, mailing: Mailing) -> tuple[Person, Mapping[str, Any]]:
        """The recipient, and what the template may use."""
        match mailing.template:
            case "welcome":
                return self._people(mailing.stream_id)[mailing.stream_id], {}
            case "booking_held" | "booking_confirmed" | "booking_expired" | "booking_cancelled":
                return self._about_booking(mailing, mailing.stream_id, {})
            case "payment_failed" | "refund_sent":
                history = self._lodger.read(mailing.stream_id)
                payment = must_be_started(history.stream(PAYMENT, mailing.stream_id).state)
                context = {"amount": payment.started.amount, **_told(history.in_order(), mailing.event_id)}
                if "refund_id" in context:
                    context["refunded"] = payment.refunds[context["refund_id"]].amount
                return self._about_booking(mailing, payment.started.booking_id, context)
            case _:
                assert_never(mailing.template)

    def _about_booking(
        self, mailing: Mailing, booking_id: UUID, more: Mapping[str, Any]
    ) -> tuple[Person, Mapping[str, Any]]:
        booking = must_be_made(self._lodger.load(BOOKING, booking_id).state)
        made = booking.made
        listing = must_exist(self._lodger.load(PROPERTY, made.property_id).state)
        people = self._people(made.guest_id, made.host_id)
        context = {
            "booking": booking,
            "made": made,
            "details": listing.details,
            "location": listing.location,
            "guest": people[made.guest_id],
            "host": people[made.host_id],
            "payable": "pay" in available_actions(booking, "guest", self._lodger.clock.now()),
            "booking_url": f"{self._settings.public_url}/v1/bookings/{booking_id}",
            **more,
        }
        return people[made.guest_id if mailing.recipient == "guest" else made.host_id], context

    def _people(self, *user_ids: UUID) -> Mapping[UUID, Person]:
        return self._lodger.people.get(user_ids)


def _told(events: list[Event], event_id: UUID) -> dict[str, Any]:
    """What the event itself says."""
    (fact,) = (event.fact for event in events if event.event_id == event_id)
    match fact:
        case PaymentFailed(code):
            return {"failure": code.replace("_", " ")}
        case RefundSucceeded(refund_id):
            return {"refund_id": refund_id}
        case _:
            return {}


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

"""What a life cycle should be like, told a second time and simply: no code of the domain is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from tests.api.stack import Client

HOLD = timedelta(minutes=15)
ANSWER = timedelta(hours=24)
QUOTE = timedelta(minutes=30)
ZONE = ZoneInfo("America/New_York")
"""Of every property here."""

State = Literal["asked", "held", "confirmed", "declined", "expired", "cancelled", "completed", "no_show"]
Side = Literal["guest", "host"]
Range = tuple[date, date]
Claim = tuple[str, str, date, date, datetime | None]
"""Property, who has the nights, from, until, and until when if they are only held."""


def local(day: date, hour: int) -> datetime:
    """The instant of a full hour at the properties."""
    return datetime.combine(day, time(hour), ZONE)


@dataclass(eq=False)
class Home:
    """A property and who offers it."""

    id: str
    host: Client
    on_request: bool
    blocks: dict[str, Range] = field(default_factory=dict)


@dataclass(eq=False)
class Quoted:
    """A signed price: `body` books at it."""

    home: Home
    body: dict[str, Any]
    total: int
    until: datetime


@dataclass(eq=False)
class Alteration:
    """Another stay that is not paid for yet."""

    stay: Range
    guests: int
    total: int
    due: int
    until: datetime


@dataclass(eq=False)
class Attempt:
    """A payment, of the booking itself or of an alteration of it. `approved` is what the payer said and was heard."""

    id: str
    booking: Booking
    purpose: Alteration | None
    page: str
    approved: bool = False
    answers: int = 0


@dataclass(eq=False)
class Booking:
    """A booking as it should be. `until` is the deadline while it is asked for or held; amounts are minor units."""

    id: str
    home: Home
    guest: Client
    stay: Range
    guests: int
    total: int
    state: State
    until: datetime
    alteration: Alteration | None = None
    is_paid: bool = False
    refund: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    pried_in: set[State] = field(default_factory=set)

    def actions(self, side: Side, now: datetime) -> list[str]:
        """What each side may do."""
        check_in, check_out = local(self.stay[0], 15), local(self.stay[1], 11)
        match self.state, side:
            case "asked", _ if now < self.until:
                return {"guest": ["cancel"], "host": ["accept", "decline"]}[side]
            case "held", _ if now < self.until:
                return {"guest": ["pay", "cancel"], "host": ["cancel"]}[side]
            case "confirmed", "guest" if now < check_out:
                return ["pay", "cancel"] if self.alteration and now < self.alteration.until else ["cancel", "alter"]
            case "confirmed", "host" if now < check_out:
                return ["cancel", "record_no_show"] if now >= check_in else ["cancel"]
        return []

    def shown(self, side: Side, now: datetime) -> dict[str, Any]:
        """What the API says of it to one of its sides."""
        pending = {"asked": "host_approval", "held": "payment"}.get(self.state)
        other = self.alteration
        return {
            "status": "pending" if pending else self.state,
            "pending_reason": pending,
            "expires_at": self.until if pending else None,
            "stay": self.stay,
            "guests": self.guests,
            "total_price": self.total,
            "available_actions": self.actions(side, now),
            "alteration": (other.stay, other.guests, other.total, other.due, other.until) if other else None,
            "refund": self.refund if self.state == "cancelled" else None,
        }

    def claims(self) -> Iterator[Claim]:
        """The nights that it has."""
        if self.state in ("held", "confirmed", "completed", "no_show"):
            yield (self.home.id, self.id, *self.stay, self.until if self.state == "held" else None)
        if self.alteration:
            (first, until), (had, had_until) = self.alteration.stay, self.stay
            if until <= had or had_until <= first:
                yield (self.home.id, self.id, first, until, self.alteration.until)
                return
            for added in ((first, had), (had_until, until)):
                if added[0] < added[1]:
                    yield (self.home.id, self.id, *added, self.alteration.until)

    def keeps(self) -> int:
        """How much of the guest's money stays, once everything that follows has happened."""
        return self.total - self.refund if self.is_paid else 0

    def elapse(self, now: datetime) -> None:
        """Time passes: one thing at a time, as for everybody whose deadline came."""
        if self.state in ("asked", "held") and now >= self.until:
            self.state = "expired"
        elif self.alteration:
            if now >= self.alteration.until:
                self.alteration = None
        elif self.state == "confirmed" and now >= local(self.stay[1], 11):
            self.state = "completed"

    def buy(self) -> None:
        """The payment for it came."""
        self.state, self.is_paid = "confirmed", True

    def alter(self, stay: Range, guests: int, total: int) -> None:
        self.stay, self.guests, self.total, self.alteration = stay, guests, total, None

    def cancel(self, refund: int) -> None:
        self.state, self.refund, self.alteration = "cancelled", refund, None


def overlap(one: Range, other: Range) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def minor(money: dict[str, str]) -> int:
    return int(money["amount"].replace(".", ""))


def seen(booking: dict[str, Any]) -> dict[str, Any]:
    """An answer of the API in the words of `Booking.shown`."""
    other, given_back = booking["alteration"], booking["cancellation"]
    return {
        **{name: booking[name] for name in ("status", "pending_reason", "guests", "available_actions")},
        "expires_at": booking["expires_at"] and datetime.fromisoformat(booking["expires_at"]),
        "stay": nights_of(booking),
        "total_price": minor(booking["total_price"]),
        "alteration": other
        and (
            nights_of(other),
            other["guests"],
            minor(other["total_price"]),
            minor(other["due"]),
            datetime.fromisoformat(other["expires_at"]),
        ),
        "refund": given_back and minor(given_back["refund"]),
    }


def nights_of(stay: dict[str, str]) -> Range:
    return date.fromisoformat(stay["check_in"]), date.fromisoformat(stay["check_out"])

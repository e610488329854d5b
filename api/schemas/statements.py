"""Statements and the ledger, as JSON and as rows of CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from marshmallow import fields

from api.schemas.fields import Choice, Id, Instant, MoneyField, NumberText, Strict
from api.schemas.pages import NextCursor, PageOf
from domain.bookings import Role
from domain.host_accounts import HostDebtRecorded, PayoutPaid
from domain.ledger import Account
from domain.money import Money
from projections.changes import TYPES
from projections.ledger import LINES_MAX, Moved, Standing
from projections.projection import Page

Viewer = Literal["guest", "host", "operator"]

SEEN: Final[Mapping[Role, tuple[Account, ...]]] = {
    "guest": ("guest_funds",),
    "host": ("host_payable", "host_receivable"),
}
"""Each side sees the accounts that hold its own money, and none of the other side's; operators see all."""

LINE_TYPES: Final[Mapping[str, str]] = {
    **{fact.TOPIC: name for fact, name in TYPES.items()},
    HostDebtRecorded.TOPIC: "host_account.debt_recorded",
    PayoutPaid.TOPIC: "host_account.paid_out",
}
"""The name by which clients know a fact that moved money."""


class StatementAskedSchema(PageOf):
    """Which lines, and how."""

    limit = NumberText(1, LINES_MAX, load_default=100)
    since = Instant(data_key="from", metadata={"description": "The first instant of it; by default the beginning."})
    until = Instant(metadata={"description": "The first instant that is too late; by default none is."})
    format = Choice(Literal["json", "csv"], metadata={"description": "By default what Accept asks for."})


class LedgerAskedSchema(StatementAskedSchema):
    account = Choice(Account)
    host = Id()
    booking = Id()
    position = NumberText(0, 10**12 - 1, metadata={"description": "As the books were after this place in the log."})


class StandingSchema(Strict):
    """What stands in an account before the time asked for, and at its end."""

    account = Choice(Account, required=True)
    opening = MoneyField(required=True)
    closing = MoneyField(required=True)


class StatementLineSchema(Strict):
    """An amount that something moved. The lines of one `event` are parts of the same."""

    id = fields.String(required=True, metadata={"description": "Never changes. Lines come in their order."})
    event = Id(required=True)
    occurred_at = Instant(required=True)
    type = Choice(sorted(set(LINE_TYPES.values())), required=True)
    account = Choice(Account, required=True)
    amount = MoneyField(required=True)
    booking = Id(required=True, allow_none=True)
    payment = Id(required=True, allow_none=True)
    host = Id(required=True)


_USD: Final = "USD"
_LINE: Final = {
    "id": "4711-2",
    "event": "01900000-0000-7000-8000-00000000000a",
    "occurred_at": "2031-06-01T12:00:00Z",
    "type": "booking.confirmed",
    "account": "host_payable",
    "amount": {"amount": "402.55", "currency": _USD},
    "booking": "01900000-0000-7000-8000-00000000000b",
    "payment": None,
    "host": "01900000-0000-7000-8000-00000000000c",
}
_STANDING: Final = {
    "account": "host_payable",
    "opening": {"amount": "0.00", "currency": _USD},
    "closing": {"amount": "402.55", "currency": _USD},
}


class StatementSchema(Strict):
    """What stands in your accounts, and what moved it. Amounts are as you see them: what comes to you is positive.

    `opening`, and all lines of the time asked for, add up to `closing`.
    """

    standings = fields.List(fields.Nested(StandingSchema), required=True, metadata={"examples": [[_STANDING]]})
    lines = fields.List(fields.Nested(StatementLineSchema), required=True, metadata={"examples": [[_LINE]]})
    next_cursor = NextCursor()


class LedgerSchema(StatementSchema):
    """What stands in all accounts, and every entry. A debit is positive, a credit negative: they add up to nothing."""


def stated(standings: Sequence[Standing], page: Page[Moved], viewer: Viewer) -> dict[str, Any]:
    """What StatementSchema and LedgerSchema show, without the cursor."""
    return {
        "standings": [
            {
                "account": each.account,
                "opening": _seen(each.opening, viewer),
                "closing": _seen(each.closing, viewer),
            }
            for each in standings
        ],
        "lines": [_line(moved, viewer) for moved in page.items],
    }


COLUMNS: Final = (
    *("id", "event", "occurred_at", "type", "account", "amount", "currency", "booking", "payment", "host"),
)


def rows(page: Page[Moved], viewer: Viewer) -> list[list[object]]:
    """The lines as rows of `COLUMNS`."""
    lines = (StatementLineSchema().dump(_line(moved, viewer)) for moved in page.items)
    return [[{**line, **line["amount"]}[column] for column in COLUMNS] for line in lines]


def _line(moved: Moved, viewer: Viewer) -> dict[str, Any]:
    return {
        "id": f"{moved.position}-{moved.line}",
        "event": moved.event_id,
        "occurred_at": moved.occurred_at,
        "type": LINE_TYPES[moved.fact],
        "account": moved.account,
        "amount": _seen(moved.amount, viewer),
        "booking": moved.booking_id,
        "payment": moved.payment_id,
        "host": moved.host_id,
    }


def _seen(amount: Money, viewer: Viewer) -> Money:
    """What the platform owes somebody stands in credit: for them it is what they have."""
    return amount if viewer == "operator" else -amount

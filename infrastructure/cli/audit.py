"""`lodger audit`: replay what happened."""

from __future__ import annotations

from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.table import Table

from application.audit import story
from domain.events import Event
from domain.money import Money
from domain.rejections import Rejected
from infrastructure.cli.audit_reads import reads
from infrastructure.cli.audit_verify import verifier, verify
from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused


@click.group()
def command() -> None:
    """Replay and check what happened."""


command.add_command(verify)
command.add_command(verifier)
command.add_command(reads)


@command.command()
@click.argument("booking", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event, for programs.")
def history(booking: UUID, as_json: bool) -> None:
    """The whole story of a BOOKING (its id): the booking and its payments, in the log's order.

    What guests and hosts wrote is not shown: it is encrypted, and auditors have no keys.
    """
    reading = auditing(current_settings())
    try:
        events = story(reading.events, booking)
    except Rejected as refusal:
        raise Refused(f"{refusal} A booking's id is in its address: /v1/bookings/ID.") from refusal
    if as_json:
        for event in events:
            click.echo(msgspec.json.encode(_shown(event)))
    else:
        Console().print(_table(events))


def _table(events: list[Event]) -> Table:
    table = Table("position", "occurred (UTC)", "event", "by", "what it says", expand=True, pad_edge=False, box=None)
    for event in events:
        says = "  ".join(f"{name}={value}" for name, value in _facts(event).items())
        when = f"{event.occurred_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(str(event.position), when, event.fact.TOPIC, f"{event.actor.kind} {event.actor.id[:8]}", says)
    return table


def _facts(event: Event) -> dict[str, object]:
    """The fact's fields, each in few words."""
    fields: dict[str, object] = msgspec.to_builtins(event.fact)
    return {name: _brief(value) for name, value in fields.items() if value is not None}


def _brief(value: object) -> object:
    match value:
        case {"minor": _, "currency": _}:
            return str(msgspec.convert(value, Money))
        case {"total": total, **_rest}:
            return f"total {_brief(total)}"
        case dict() | list():
            return f"({len(value)} fields)" if isinstance(value, dict) else f"({len(value)} items)"
        case _:
            return value


def _shown(event: Event) -> dict[str, object]:
    return {"type": event.fact.TOPIC, "schema_version": event.fact.SCHEMA_VERSION, **msgspec.to_builtins(event)}

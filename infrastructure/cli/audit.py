"""`lodger audit`: replay what happened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import click
import msgspec

from api.answers import text
from api.schemas.audit_states import MomentSchema, StepSchema, moved, stepped
from application import audit_states, audit_timeline
from domain.prefixes import At, AtLog, AtVersion
from domain.rejections import Rejected
from infrastructure.bootstrap import Reading
from infrastructure.cli import audit_events, audit_tables
from infrastructure.cli.audit_reads import reads
from infrastructure.cli.audit_verify import verifier, verify
from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.cli.when import When, position_at
from infrastructure.refusals import Refused


@click.group()
def command() -> None:
    """Replay and check what happened."""


command.add_command(verify)
command.add_command(verifier)
command.add_command(reads)
command.add_command(audit_events.command, "events")


@command.command()
@click.argument("booking", type=click.UUID)
@click.option("--at", type=When(), help="As of a day, an instant, or position:N of the log.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event, for programs.")
def history(booking: UUID, at: AtLog | None, as_json: bool) -> None:
    """The whole story of a BOOKING (its id): its own, its payments', its reviews' and its share of its host's account.

    In the log's order, with what each event changed and what money it moved. What guests and hosts wrote is not shown:
    it is encrypted, and auditors have no keys.
    """
    reading = auditing(current_settings())
    with _refusing("A booking's id is in its address: /v1/bookings/ID."):
        upto = _upto(reading, at)
        moments = audit_timeline.timeline(reading.keyless, booking, upto)
    if as_json:
        for moment in moments:
            click.echo(text(MomentSchema, moved(moment, booking)))
        return
    audit_tables.show(audit_tables.moments(moments))
    for stream_id, step in audit_timeline.states(moments).items():
        click.echo(f"\nThe {step.kind.name} {stream_id} as of position {upto}:")
        audit_tables.show(audit_tables.state(step.state))


@command.command()
@click.argument("stream", type=click.UUID)
@click.option("--at", type=When(versions=True), help="As of a day, an instant, position:N of the log, or version:N.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event and then the state, for programs.")
def stream(stream: UUID, at: At | None, as_json: bool) -> None:
    """What happened to one STREAM (the id of a user, property, booking, payment, host's account or review).

    By version, with what each event changed, and what it all came to.
    """
    reading = auditing(current_settings())
    with _refusing(""):
        until = at if isinstance(at, AtVersion) else _upto(reading, at)
        told = audit_states.stream(reading.keyless, stream, until)
        table = audit_tables.steps()
        for last in audit_states.steps(told):
            if as_json:
                click.echo(text(StepSchema, stepped(last, audit_states.booking_of(last))))
            else:
                audit_tables.add(table, last)
    if as_json:
        click.echo(msgspec.json.encode({"version": last.version, "state": last.state}))
        return
    audit_tables.show(table)
    click.echo(f"\nThe {last.kind.name} at version {last.version}, position {last.recorded.position}:")
    audit_tables.show(audit_tables.state(last.state))


def _upto(reading: Reading, at: AtLog | None) -> int:
    return position_at(at, reading.keyless.last, reading.database)


@contextmanager
def _refusing(hint: str) -> Iterator[None]:
    try:
        yield
    except Rejected as refusal:
        details = ", ".join(f"{name} {value}" for name, value in refusal.details.items())
        raise Refused(" ".join(filter(None, [str(refusal), details and f"({details}).", hint]))) from refusal

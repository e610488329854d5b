"""`lodger projections parked`: events that a read model could not take."""

from __future__ import annotations

import sys

import click
from rich.console import Console
from rich.table import Table

from application import platform
from application.calls import Call
from domain.events import Actor
from domain.platform import ProjectionEventSkipped
from infrastructure.bootstrap import wire, wire_projector
from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused
from infrastructure.workers import parking
from projections import parked
from projections.catalogue import PROJECTIONS


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List events that read models could not take, and later ones of the same streams; exits with 1 when there are any.

    The first of each stream says why. The read models go on without them.
    """
    if context.invoked_subcommand is not None:
        return
    reading = wire_projector(current_settings())
    with reading.database.connection() as connection, connection.cursor() as cursor:
        waiting = parked.waiting(cursor)
    if not waiting:
        click.echo("Nothing is parked.")
        return
    table = Table("projection", "position", "fact", "stream", "since", "why", box=None)
    for each in waiting:
        why = each.reason or "waits for those before it"
        since = f"{each.parked_at:%Y-%m-%d %H:%M:%S}"
        table.add_row(each.projection, str(each.position), each.fact, str(each.stream_id), since, why)
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
    context.exit(1)


@command.command()
@click.argument("name", type=click.Choice(list(PROJECTIONS)))
def replay(name: str) -> None:
    """Try what is parked once more, in the log's order; exits with 1 when something stays."""
    _replay(name)


@command.command()
@click.argument("name", type=click.Choice(list(PROJECTIONS)))
@click.argument("position", type=int)
@click.option("--as", "who", required=True, help="Who you are; it is kept with the event.")
@click.option("--reason", required=True, help="Why; it is kept with the event.")
def skip(name: str, position: int, who: str, reason: str) -> None:
    """Let a read model do without one parked event, for good, and replay the others."""
    wired = wire(current_settings(), wake=lambda: None)
    with wired.projecting.connection() as connection, connection.cursor() as cursor:
        found = [each for each in parked.waiting(cursor, name) if each.position == position]
    if not found:
        raise Refused(f"No event at position {position} is parked for {name}. See ./run lodger projections parked.")
    lodger = wired.lodger
    if (name, position) not in platform.platform(lodger).skipped:
        call = Call(Actor("operator", who, reason), lodger.clock.now(), lodger.new_id(), lodger.new_id())
        platform.record(lodger, call, ProjectionEventSkipped(name, position, found[0].event_id))
    _replay(name)


def _replay(name: str) -> None:
    reading = wire_projector(current_settings(), transaction_timeout=0, lock_timeout=60)
    done = parking.replay(reading.database, reading.log, PROJECTIONS[name])
    click.echo(f"{name}: {done.applied} applied, {done.skipped} skipped, {done.left} still parked")
    if done.left:
        raise click.exceptions.Exit(1)

"""`lodger projections`: the read models."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from infrastructure.bootstrap import Reading, wire_auditor, wire_projector
from infrastructure.cli import as_of, parked
from infrastructure.cli.environment import current_settings
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.failpoints import dying_at
from infrastructure.refusals import Refused
from infrastructure.settings import Settings
from infrastructure.workers import rebuild as rebuilds
from infrastructure.workers.differences import Difference
from infrastructure.workers.rebuild import Rebuilt
from projections import positions
from projections.catalogue import PROJECTIONS
from projections.positions import Standing
from projections.projection import Projection


@click.group()
def command() -> None:
    """See, rebuild and repair the read models."""


command.add_command(parked.command, "parked")
command.add_command(as_of.command, "as-of")


@command.command()
def status() -> None:
    """Show how far each reader of the log has come, and what is wrong; exits with 1 when something is."""
    reading = wire_auditor(current_settings())
    head = reading.log.safe_position()
    with reading.database.connection() as connection, connection.cursor() as cursor:
        standings = positions.standings(cursor)
    table = Table("name", "version", "position", "lag", "moved at", "state", box=None)
    for standing in standings.values():
        lag = max(0, head - standing.position)
        wrong = wrong_with(standing)
        row = [standing.name, standing.version, standing.position, lag, f"{standing.moved_at:%Y-%m-%d %H:%M:%S}"]
        table.add_row(*map(str, row), wrong or ("behind" if lag else "up to date"))
    # Into a pipe nothing is folded to the width of a screen that is not there.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
    if any(map(wrong_with, standings.values())):
        raise click.exceptions.Exit(1)


@command.command("rebuild")
@click.argument("names", nargs=-1)
@click.option("--changed", is_flag=True, help="Those whose rows were made by another version of Lodger.")
@click.option("--all", "everything", is_flag=True, help="Every read model there is.")
@click.option("--only-compare", is_flag=True, help="Show how they differ and leave them; exits with 1 when they do.")
def rebuild_(names: tuple[str, ...], changed: bool, everything: bool, only_compare: bool) -> None:
    """Make read models anew beside the live ones, show by what these differed, and switch.

    Meanwhile people read the old rows and workers keep them up to date; no mail is sent. The old ones are kept: see
    rollback and discard.
    """
    reading = _reading()
    with reading.database.connection() as connection, connection.cursor() as cursor:
        standings = positions.standings(cursor)
    chosen = [_known(name).name for name in names]
    kept = [standings[name] for name in rebuildable() if name in standings]
    chosen += [standing.name for standing in kept if everything or (changed and is_outdated(standing))]
    if not (names or changed or everything):
        raise click.UsageError("Name a read model, or say --changed or --all.")
    reached = dying_at(current_settings().failpoint)
    connect = partial(_connected, current_settings())
    done = dict[str, Rebuilt]()
    with Progress(
        TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as progress:
        for name in dict.fromkeys(chosen):
            show = partial(_show, progress, progress.add_task(name, total=None))
            done[name] = rebuilds.rebuild(
                reading.database,
                reading.log,
                PROJECTIONS[name],
                show,
                reached=reached,
                switch=not only_compare,
                connect=connect,
            )
    for name, rebuilt in done.items():
        click.echo(f"{name}: {_told(rebuilt)}")
        _print(rebuilt.differences)
    if only_compare and any(rebuilt.differences for rebuilt in done.values()):
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("name")
def rollback(name: str) -> None:
    """Put the tables back that the last rebuild replaced."""
    reading = _reading()
    standing = rebuilds.rollback(reading.database, reading.log, _known(name))
    click.echo(f"{name} is the one from before again, of version {standing.version}, at position {standing.position}.")


@command.command()
@click.argument("name")
def discard(name: str) -> None:
    """Drop the tables that the last rebuild replaced. There is no way back then."""
    rebuilds.discard(_reading().database, _known(name))
    click.echo(f"Nothing of {name} is kept any more.")


def _reading() -> Reading:
    """Without a limit of time: it takes as long as it takes."""
    return wire_projector(current_settings(), transaction_timeout=0, lock_timeout=60)


def _connected(settings: Settings) -> tuple[Database, LogReader]:
    """The same for a process that helps."""
    reading = wire_projector(settings, transaction_timeout=0, lock_timeout=60)
    return reading.database, reading.log


def _known(name: str) -> Projection:
    if name not in PROJECTIONS:
        raise Refused(f"There is no read model {name}. There are: {', '.join(rebuildable())}.")
    return PROJECTIONS[name]


def _show(progress: Progress, task: TaskID, done: int, whole: int) -> None:
    progress.update(task, completed=done, total=whole)


def _told(rebuilt: Rebuilt) -> str:
    at = f"made anew up to position {rebuilt.position}"
    if rebuilt.compared_at is None:
        return f"{at}; there was nothing of this version to compare it with"
    if not rebuilt.differences:
        return f"{at}; the live rows were the same at position {rebuilt.compared_at}"
    return f"{at}; the live rows were others at position {rebuilt.compared_at}"


def _print(differences: Sequence[Difference]) -> None:
    for difference in differences:
        side = "live only" if difference.only_in == "public" else "rebuilt only"
        for row in difference.rows:
            click.echo(f"  {difference.table}, {side}: {row}")
        if (more := difference.count - len(difference.rows)) > 0:
            click.echo(f"  {difference.table}, {side}: {more} more")


def rebuildable() -> list[str]:
    return [name for name, projection in PROJECTIONS.items() if projection.rebuildable]


def is_outdated(standing: Standing) -> bool:
    """Whether rows were made by another version of their projection."""
    return standing.version != PROJECTIONS[standing.name].version


def wrong_with(standing: Standing) -> str | None:
    """What somebody has to do something about."""
    if standing.stopped_reason:
        return f"stopped: {standing.stopped_reason}"
    if standing.name in PROJECTIONS and is_outdated(standing):
        return f"made by another version: run `lodger projections rebuild {standing.name}`"
    if standing.parked:
        return f"{standing.parked} events are parked: see `lodger projections parked`"
    return None

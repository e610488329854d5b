"""`lodger projections`: the read models."""

from __future__ import annotations

import sys
from functools import partial

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from infrastructure.bootstrap import wire_auditor, wire_projector
from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused
from infrastructure.workers.rebuild import rebuild
from projections import positions
from projections.catalogue import PROJECTIONS
from projections.positions import Standing


@click.group()
def command() -> None:
    """See and rebuild the read models."""


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
def rebuild_(names: tuple[str, ...], changed: bool, everything: bool) -> None:
    """Empty read models and replay the log into them. Until it ends people read the old rows; no mail is sent."""
    unknown = [name for name in names if name not in PROJECTIONS]
    if unknown:
        raise Refused(f"There is no read model {unknown[0]}. There are: {', '.join(rebuildable())}.")
    # One transaction that takes as long as it takes.
    reading = wire_projector(current_settings(), transaction_timeout=0, lock_timeout=60)
    with reading.database.connection() as connection, connection.cursor() as cursor:
        standings = positions.standings(cursor)
    chosen = list(names)
    kept = [standings[name] for name in rebuildable() if name in standings]
    chosen += [standing.name for standing in kept if everything or (changed and is_outdated(standing))]
    if not (names or changed or everything):
        raise click.UsageError("Name a read model, or say --changed or --all.")
    with Progress(
        TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    ) as progress:
        for name in dict.fromkeys(chosen):
            show = partial(_show, progress, progress.add_task(name, total=None))
            rebuild(reading.database, reading.log, PROJECTIONS[name], show)


def _show(progress: Progress, task: TaskID, done: int, whole: int) -> None:
    progress.update(task, completed=done, total=whole)


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
    return None

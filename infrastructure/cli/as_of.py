"""`lodger projections as-of`: a read model as it would have been."""

from __future__ import annotations

import click
from rich.console import Console
from rich.progress import Progress

from domain.prefixes import AtLog
from infrastructure.bootstrap import wire_projector
from infrastructure.cli.environment import current_settings
from infrastructure.cli.when import When, position_at
from infrastructure.database import Database
from infrastructure.refusals import Refused
from infrastructure.workers import as_of
from projections.catalogue import PROJECTIONS


@click.command()
@click.argument("when", type=When(), required=False)
@click.option("--name", help="The read model.")
@click.option("--schema", help=f"Where to: {as_of.PREFIX}…; by default {as_of.PREFIX} and the position.")
@click.option("--analysts", is_flag=True, help="Let analysts read it too: unlike their views it has people's ids.")
@click.option("--drop", "dropping", is_flag=True, help="Drop the schema instead, with all that is in it.")
def command(when: AtLog | None, name: str | None, schema: str | None, analysts: bool, dropping: bool) -> None:
    """Make a read model as of WHEN in a schema of its own: a day, an instant, or position:N of the log.

    An instant is the longest stretch of the log of which nothing was recorded after it; a day is its first one, in UTC.
    What people wrote is not in it. The live read model stays as it is. Auditors may read the schema.
    """
    settings = current_settings()
    owner = Database(settings.database_url, pool_size=1, role=None, transaction_timeout=0)
    if dropping:
        if schema is None or when is not None or name is not None:
            raise click.UsageError("Say which one, and nothing else: --drop --schema NAME.")
        as_of.drop(owner, as_of.must_be_a_name(schema))
        click.echo(f"{schema} is gone.")
        return
    if when is None or name is None:
        raise click.UsageError("Say when, and which read model: as-of 2026-03-01 --name ledger.")
    if name not in PROJECTIONS:
        raise Refused(f"There is no read model {name}. There are: {', '.join(PROJECTIONS)}.")
    reading = wire_projector(settings, transaction_timeout=0, lock_timeout=60, keys=False)
    position = position_at(when, reading.keyless.last, reading.database)
    place = as_of.must_be_a_name(schema or f"{as_of.PREFIX}{position}")
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(name, total=position)
        as_of.make(
            owner,
            (reading.database, reading.log),
            PROJECTIONS[name],
            place,
            position,
            lambda done, whole: progress.update(task, completed=done, total=whole),
            for_analysts=analysts,
        )
    tables = ", ".join(f"{place}.{table}" for table in PROJECTIONS[name].tables)
    click.echo(f"{name} as of position {position} of the log: {tables}")

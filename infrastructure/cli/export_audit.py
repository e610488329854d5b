"""`lodger export audit`: a stretch of the log with what proves it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from domain.prefixes import AtLog, AtPosition
from domain.rejections import Rejected
from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.cli.when import Place, position_at
from infrastructure.proofs import bundle
from infrastructure.refusals import Refused
from projections.prefixes import start


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "begin", type=Place(), help="The first position, or an instant. [default: 1]")
@click.option("--to", "end", type=Place(), help="The last position, or an instant. [default: the last that is signed]")
def audit(file: Path, begin: AtLog | None, end: AtLog | None) -> None:
    """Write events with their proofs into FILE, a bundle that can be verified anywhere.

    From an instant: what follows the longest stretch of which all was recorded before it. To one: the longest of which
    nothing was recorded after it. A day is its first instant, in UTC. The same range makes the same file to the byte.
    """
    reading = auditing(current_settings())
    at = partial(position_at, last=reading.keyless.last, database=reading.database)
    first = at(begin, where=start)
    last = end.position if isinstance(end, AtPosition) else None if end is None else at(end)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("exporting", total=None)
        try:
            stretch = bundle.write(
                reading.database,
                file,
                first,
                last,
                lambda position, upto: progress.update(task, completed=position, total=upto),
            )
        except Rejected as refusal:
            raise Refused(refusal.message) from refusal
    click.echo(f"{stretch.end - stretch.begin:,} events up to position {stretch.upto} are in {file}.")
    click.echo(f"Verify it with: ./run lodger audit verify --bundle {file}")

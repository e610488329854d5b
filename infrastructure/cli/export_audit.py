"""`lodger export audit`: a stretch of the log with what proves it."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.proofs import bundle


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--from", "first", type=click.IntRange(1), default=1, help="The first position. [default: 1]")
@click.option("--to", "last", type=click.IntRange(1), help="The last position. [default: the last one that is signed]")
def audit(file: Path, first: int, last: int | None) -> None:
    """Write events with their proofs into FILE, a bundle that can be verified anywhere.

    The same range makes the same file to the byte.
    """
    database = auditing(current_settings()).database
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("exporting", total=None)
        stretch = bundle.write(
            database, file, first, last, lambda position, upto: progress.update(task, completed=position, total=upto)
        )
    click.echo(f"{stretch.end - stretch.begin:,} events up to position {stretch.upto} are in {file}.")
    click.echo(f"Verify it with: ./run lodger audit verify --bundle {file}")

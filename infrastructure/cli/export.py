"""`lodger export`: the analysts' views as files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infrastructure.analytics.exports import MANIFEST, export
from infrastructure.analytics.files import Format
from infrastructure.bootstrap import wire_analyst
from infrastructure.cli.environment import current_settings, end_on_signals
from infrastructure.cli.export_audit import audit
from infrastructure.failpoints import dying_at

_FORMATS: Final[dict[str, tuple[Format, ...]]] = {"parquet": ("parquet",), "csv": ("csv",), "both": ("parquet", "csv")}


@click.group()
def command() -> None:
    """Write what analysts and auditors read to files."""


command.add_command(audit)


@command.command()
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder; it is made where there is none.",
)
@click.option("--format", "format_", type=click.Choice(list(_FORMATS)), default="both", help="[default: both]")
def analytics(folder: Path, format_: str) -> None:
    """Write every view for analysts as Parquet and CSV, all of one moment, and a manifest of their hashes.

    Interrupted, run it again: files that are finished and still of the same moment are kept.
    """
    end_on_signals()
    settings = current_settings()
    database = wire_analyst(settings, transaction_timeout=0)
    shown = (TextColumn("{task.description:32}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*shown, console=Console(stderr=True)) as bar:
            task = bar.add_task("", total=None)

            def show(view: str, rows: int, done: int, of: int) -> None:
                bar.update(task, description=f"{view} {rows:,}" if view else "", completed=done, total=of)

            manifest = export(database, folder, _FORMATS[format_], show, dying_at(settings.failpoint))
    except KeyboardInterrupt:
        click.echo("Interrupted. Files that are finished stay; the same command goes on from there.", err=True)
        sys.exit(130)
    rows = sum(file.rows for file in manifest.files.values())
    click.echo(
        f"{len(manifest.files)} files, {rows:,} rows, at position {manifest.position} of the log: {folder / MANIFEST}"
    )

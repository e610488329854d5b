"""`lodger audit reads`: what auditors looked at."""

from __future__ import annotations

import sys

import click
import msgspec
from rich.console import Console
from rich.table import Table

from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings


@click.command()
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per read, for programs.")
def reads(limit: int, as_json: bool) -> None:
    """Who read the log as an auditor, when, and what they asked for: the newest first.

    Reads over HTTP and on the command line, this one included. Nobody can take one away.
    """
    found = auditing(current_settings()).reads.newest(None, limit)
    if as_json:
        for each in found:
            click.echo(msgspec.json.encode(each))
        return
    table = Table("read (UTC)", "by", "who", "asked for", box=None, pad_edge=False)
    for each in found:
        table.add_row(f"{each.read_at:%Y-%m-%d %H:%M:%S}", each.credential, each.reader, each.request)
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)

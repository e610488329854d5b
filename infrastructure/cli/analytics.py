"""`lodger analytics`: the analysts' views beside the ledger, and the rates that other currencies are told by."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from infrastructure.analytics import rates
from infrastructure.analytics.moments import moment
from infrastructure.bootstrap import wire_analyst
from infrastructure.cli.environment import current_settings
from infrastructure.database import Database


@click.group()
def command() -> None:
    """Hold the analysts' views against the ledger; load exchange rates."""


@command.command()
def reconcile() -> None:
    """Compare every figure of the views with the ledger, at one position of the log. Changes nothing.

    Prints both and the difference, in minor units; exits with 1 when something differs.
    """
    database = wire_analyst(current_settings())
    with moment(database) as now, now.connection.cursor() as cursor:
        cursor.execute(
            """SELECT figure, currency, views_minor, ledger_minor, difference_minor FROM analytics.reconciliation
               ORDER BY currency, figure"""
        )
        rows = cursor.fetchall()
    table = Table("figure", "currency", "views", "ledger", "difference", box=None)
    for figure, currency, *amounts in rows:
        table.add_row(figure, currency, *map(str, amounts))
    # Into a pipe nothing is folded to the width of a screen that is not there.
    Console(width=None if sys.stdout.isatty() else 10_000).print(table)
    differing = sum(bool(difference) for *_, difference in rows)
    said = f"{differing} of them differ" if differing else "no difference"
    click.echo(f"At position {now.position} of the log: {len(rows)} figures compared, {said}.")
    if differing:
        raise click.exceptions.Exit(1)


@command.command("rates")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Who published them: it stands beside each rate.")
def rates_(file: Path, source: str) -> None:
    """Load exchange rates from a CSV FILE with the columns day, base, currency and rate; all of it or nothing.

    On `day` one whole unit of `base` cost `rate` whole units of `currency`. A day's rate that is there is replaced.
    """
    settings = current_settings()
    count = rates.load(Database(settings.database_url, pool_size=1, transaction_timeout=0), file, source)
    click.echo(f"{count} rates from {source}.")

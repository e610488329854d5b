"""`lodger payments`: asking payment providers, and comparing with them."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from application.provider_books import Books, Difference, Period, beside_statement, beside_totals
from infrastructure.bootstrap import Wired, wire
from infrastructure.cli.environment import current_settings
from infrastructure.gateways import statement_files
from infrastructure.workers.reconciler import Outcome, Reconciler


@click.group()
def command() -> None:
    """Ask payment providers, and compare with them."""


@command.command()
def settle() -> None:
    """Ask the providers for every payment that is under way, as the workers do when one was left alone.

    Exits with 1 when a provider could not be asked about some payment.
    """
    wired = wire(current_settings(), wake=lambda: None)  # the workers look by themselves every second
    counts: Counter[Outcome] = Counter()
    for payment_id, outcome in Reconciler(wired.lodger, wired.database).run_all():
        counts[outcome] += 1
        click.echo(f"{payment_id}  {outcome}")
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "Nothing is under way.")
    if counts["unavailable"] or counts["failed"]:
        raise click.exceptions.Exit(1)


_PAGE: Final = 5_000
_INSTANT: Final = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"])


@command.command()
@click.option("--from", "since", type=_INSTANT, help="Payments with which something happened then or later (UTC).")
@click.option("--until", type=_INSTANT, help="And before this.")
@click.option("--provider", help="Those of one provider, as the log names it. [default: all]")
@click.option(
    "--statement",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Compare with this CSV file of the provider line by line, and ask nobody.",
)
def reconcile(since: datetime | None, until: datetime | None, provider: str | None, statement: Path | None) -> None:
    """Compare what the log says was captured and sent back with what the providers say. Changes nothing.

    Prints a line for each difference, and exits with 1 when there is one. A payment that is under way may differ until
    it is settled: `lodger payments settle`.
    """
    if statement is not None and provider is None:
        raise click.UsageError("Say whose statement it is: --provider stripe, for instance.")
    wired = wire(current_settings(), wake=lambda: None)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        books = _books(wired, Period(_utc(since), _utc(until)), progress)
        if statement is not None and provider is not None:
            ours, theirs = books.lines.get(provider, []), list(statement_files.read(statement))
            compared, found = f"{len(ours)} lines with {len(theirs)}", beside_statement(provider, ours, theirs)
        else:
            asked = books.asked_about(provider)
            compared = f"{len(asked)} payments"
            found = (
                difference
                for payment in progress.track(asked, description="providers")
                for difference in beside_totals(payment, wired.lodger.providers)
            )
        differences = list(found)
    for difference in differences:
        click.echo(_told(difference))
    click.echo(f"{compared} compared, {len(differences)} differ")
    sys.exit(bool(differences))


def _books(wired: Wired, period: Period, progress: Progress) -> Books:
    """What the whole log says: what a payment is begins before the period."""
    books, safe, done = Books(period), wired.log.safe_position(), 0
    task = progress.add_task("log", total=safe)
    while events := wired.log.read(done, safe, _PAGE):
        for event in events:
            books.take(event)
        done = events[-1].position or 0
        progress.update(task, completed=done)
    progress.update(task, completed=safe)
    return books


def _told(difference: Difference) -> str:
    """One line, which begins with what is wrong."""
    us, them = f"we have {difference.ours}", f"{difference.provider} has {difference.theirs}"
    says = {
        "missing": f"{us}, {difference.provider} has nothing",
        "unexpected": f"we have nothing, {them}",
        "different": f"{us}, {them}",
        "unanswered": f"{us}, {difference.provider} does not answer",
    }[difference.what]
    return f"{difference.what:10}  {difference.reference}  {difference.kind}: {says}"


def _utc(instant: datetime | None) -> datetime | None:
    return instant.replace(tzinfo=UTC) if instant else None

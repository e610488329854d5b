"""`lodger import`: listings, calendars and reviews from elsewhere, and a log from its bundle."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from application.imported_listings import Snapshot
from application.imports import bring_in
from domain.rejections import Rejected
from infrastructure.bootstrap import wire
from infrastructure.cli.environment import current_settings, end_on_signals
from infrastructure.cli.import_audit import audit
from infrastructure.cli.import_report import Tally, progress, show, written
from infrastructure.database import Unavailable
from infrastructure.inside_airbnb.imported_listings import ImportedListingsTable
from infrastructure.inside_airbnb.snapshot import FolderSnapshot
from infrastructure.refusals import Refused
from infrastructure.schema import must_be_current

_CLOCK_MAY_BE_OFF: Final = timedelta(days=2)


@click.group()
def command() -> None:
    """Load listings, calendars and reviews from elsewhere, or a whole log from its bundle."""


command.add_command(audit)


@command.command("inside-airbnb")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--market", help="The city, such as new-york-city. [default: the folder's name without its date]")
@click.option("--currency", help="What prices are in, such as EUR. [default: the currency of the city's country]")
@click.option("--limit", type=click.IntRange(1), help="Import the first listings only.")
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write what became of each row to a file, as JSON lines.",
)
def inside_airbnb(
    folder: Path, market: str | None, currency: str | None, limit: int | None, report: Path | None
) -> None:
    """Import listings.csv(.gz), calendar.csv(.gz) and reviews.csv(.gz) of Inside Airbnb from FOLDER.

    Hosts become users that nobody can log in as yet, listings become properties, unavailable nights become blocks,
    and reviews are shown as imported; a folder without reviews will do.
    The same folder again adds nothing; a later one of the same city adds what changed. Rows that cannot be imported
    are reported and left out. After an interruption simply run it again.
    """
    end_on_signals()
    console = Console(stderr=True)
    settings = current_settings()
    must_be_current(settings.database_url)
    wired = wire(settings)
    snapshot = FolderSnapshot(folder, wired.lodger.zones, market=market, currency=currency)
    console.print(
        f"{snapshot.market.city} as of {snapshot.scraped}: {len(snapshot.listing_ids):,} listings in {folder}"
    )
    _warn_of_the_clock(console, wired.lodger.clock.now(), snapshot)
    tally = Tally()
    outcomes = bring_in(wired.lodger, ImportedListingsTable(wired.database), snapshot, limit)
    try:
        with closing(outcomes), written(report) as write, progress(console, snapshot, limit) as step:
            for outcome in outcomes:
                step(outcome)
                write(outcome)
                tally.add(outcome)
    except Rejected as refusal:
        raise Refused(refusal.message) from refusal
    except Unavailable as error:
        raise Refused(f"PostgreSQL stopped answering ({error}). The same command goes on from there.") from error
    except KeyboardInterrupt:
        console.print("Interrupted. What was imported stays; the same command goes on from there.")
        sys.exit(130)
    show(console, tally, report)
    sys.exit(bool(tally.damaged))


def _warn_of_the_clock(console: Console, now: datetime, snapshot: Snapshot) -> None:
    noon = datetime.combine(snapshot.scraped, time(12), UTC)
    if abs(now - noon) > _CLOCK_MAY_BE_OFF:
        console.print(
            f"[yellow]Lodger's clock shows {now:%Y-%m-%d}[/] and this calendar begins on {snapshot.scraped}. To book "
            f"as of then, start with: LODGER_CLOCK={noon:%Y-%m-%dT%H:%M:%SZ} ./run up",
            soft_wrap=True,
        )

"""What an import tells while it runs and at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, assert_never

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from application.imported_listings import (
    FileDamaged,
    Imported,
    Noted,
    Outcome,
    ReviewsImported,
    RowRefused,
    RowsRead,
    Snapshot,
)
from infrastructure.refusals import Refused

_SHOWN_AT_MOST: Final = 20
_CALENDAR_NIGHTS: Final = 365
"""How many rows a listing's calendar usually has: for the bar alone."""


@dataclass
class Tally:
    """An import in numbers. `refused` and `damaged` keep every row, `notes` counts equal ones."""

    results: Counter[str] = field(default_factory=Counter)
    facts: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    reviews_added: int = 0
    hosts: int = 0
    nights_blocked: int = 0
    nights_freed: int = 0
    refused: list[RowRefused] = field(default_factory=list)
    damaged: list[FileDamaged] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        match outcome:
            case Imported():
                self.results[outcome.result] += 1
                self.facts.update(outcome.changed)
                self.hosts += outcome.host_registered
                self.nights_blocked += outcome.nights_blocked
                self.nights_freed += outcome.nights_freed
            case RowsRead():
                self.rows[outcome.file] += outcome.rows
            case ReviewsImported():
                self.reviews_added += outcome.added
            case RowRefused():
                self.refused.append(outcome)
            case FileDamaged():
                self.damaged.append(outcome)
            case Noted():
                self.notes[outcome.note] += 1
            case _:
                assert_never(outcome)


def show(console: Console, tally: Tally, report: Path | None) -> None:
    """The summary, the first refused rows and the most frequent notes; all of them are in `report`."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    for count, what in _lines(tally):
        table.add_row(f"{count:,}", what)
    console.print(table)
    for row in tally.refused[:_SHOWN_AT_MOST]:
        listing = f" listing {row.external_id}" if row.external_id else ""
        console.print(
            f"[yellow]refused[/] {row.file} line {row.line}{escape(f'{listing}: {row.reason}')}", highlight=False
        )
    for note, count in tally.notes.most_common(_SHOWN_AT_MOST):
        console.print(f"[dim]note[/] {count:,} × {escape(note)}", highlight=False)
    if max(len(tally.refused), len(tally.notes)) > _SHOWN_AT_MOST or (tally.notes and not report):
        console.print(f"Every row and note: {report}" if report else "Every row and note: add --report FILE")
    for file in tally.damaged:
        console.print(f"[red]damaged[/] {file.file} after line {file.line}: {escape(file.reason)}", highlight=False)
    if tally.damaged:
        console.print("What stands before was imported. Get the file again and run the same command.")


def _lines(tally: Tally) -> Iterator[tuple[int, str]]:
    read = sum(tally.results.values()) - tally.results["gone"]
    yield read, "listings"
    for result in ("created", "changed", "returned", "unchanged", "gone"):
        yield tally.results[result], f"  {result}"
    yield tally.facts["PropertyPricingChanged"], "prices set"
    yield tally.hosts, "hosts registered"
    yield tally.rows["calendar"], "calendar rows"
    yield tally.nights_blocked, "nights blocked"
    yield tally.nights_freed, "nights freed"
    yield tally.rows["reviews"], "reviews read"
    yield tally.reviews_added, "reviews added"
    yield len(tally.refused), "rows refused"


@contextmanager
def written(path: Path | None) -> Iterator[Callable[[Outcome], None]]:
    """A function that writes each outcome to `path` as a line of JSON; it does nothing without a path."""
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("wb")
    except OSError as error:
        raise Refused(f"The report cannot be written to {path}: {error.strerror}") from error
    with file:

        def write(outcome: Outcome) -> None:
            if not isinstance(outcome, RowsRead):
                line = {"kind": _KINDS[type(outcome)], **msgspec.to_builtins(outcome)}
                file.write(msgspec.json.encode(line) + b"\n")

        yield write


_KINDS: Final = {
    Imported: "listing",
    ReviewsImported: "reviews",
    RowRefused: "refused",
    Noted: "note",
    FileDamaged: "damaged",
}


@contextmanager
def progress(console: Console, snapshot: Snapshot, limit: int | None) -> Iterator[Callable[[Outcome], None]]:
    """A bar for the calendar, one for the listings and one for the reviews."""
    count = len(snapshot.listing_ids)
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bars:
        calendar = bars.add_task("calendar", total=count * _CALENDAR_NIGHTS)
        listings = bars.add_task("listings", total=min(count, limit or count))
        reviews = bars.add_task("reviews", total=snapshot.reviews_told)

        def step(outcome: Outcome) -> None:
            if isinstance(outcome, RowsRead):
                bars.advance(calendar if outcome.file == "calendar" else reviews, outcome.rows)
            elif isinstance(outcome, Imported) and outcome.result != "gone":
                # The calendar is read by now; how many rows it would have was a guess.
                bars.update(calendar, total=bars.tasks[calendar].completed)
                bars.advance(listings)

        yield step

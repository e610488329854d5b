"""What a benchmark found: printed as a table, and kept in RESULTS.md."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from benchmarks.harness import OTHERS_MAY_USE, Bench
from benchmarks.machine import describe

RESULTS: Final = Path(__file__).parent / "RESULTS.md"

_HEAD: Final = """# Results

Written by `./run bench`, a section for each benchmark; `--quick` writes nothing. Only ratios within one table can be
compared: they come from one run, in which all were measured in turn.
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """What has to be reached. `found` and `wanted` in the same unit; at least, or at most where less is better."""

    what: str
    found: float
    wanted: float
    at_most: bool = False

    @property
    def met(self) -> bool:
        return self.found <= self.wanted if self.at_most else self.found >= self.wanted

    def __str__(self) -> str:
        sign = "≤" if self.at_most else "≥"
        return f"{'met' if self.met else 'NOT MET'}: {self.what} {self.found:.3g}, wanted {sign} {self.wanted:g}"


@dataclass(frozen=True, slots=True)
class Report:
    """One table. The first column names what was measured; `notes` say how to read the rest."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Sequence[Bar]
    notes: Sequence[str] = ()


def show(report: Report, bench: Bench) -> None:
    """Print a report."""
    console = Console()
    table = Table(title=report.title, title_justify="left")
    for number, column in enumerate(report.columns):
        table.add_column(column, justify="right" if number else "left")
    for row in report.rows:
        table.add_row(*row)
    console.print(table)
    for bar in report.bars:
        console.print(str(bar), style="green" if bar.met else "red")
    for line in [_rounds(bench), *report.notes]:
        console.print(line, style="dim")


def keep(report: Report, bench: Bench, name: str, command: str) -> None:
    """Put a report in its place in RESULTS.md, where its benchmark's last one was."""
    section = "\n".join(
        [
            f"## {name}: {report.title}",
            "",
            _line(report.columns),
            _line(["---", *["---:"] * (len(report.columns) - 1)]),
            *map(_line, report.rows),
            "",
            *(f"- **{bar}**" for bar in report.bars),
            *(f"- {note}" for note in report.notes),
            f"- {_rounds(bench)}",
            f"- `{command}`, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {describe()}",
            "",
        ]
    )
    text = RESULTS.read_text() if RESULTS.exists() else _HEAD
    others = re.split(r"^(?=## )", text, flags=re.MULTILINE)
    head, sections = others[0], [other for other in others[1:] if not other.startswith(f"## {name}:")]
    RESULTS.write_text("\n".join(part.strip() + "\n" for part in [head, *sorted([*sections, section])]))


def _rounds(bench: Bench) -> str:
    if bench.quick:
        return "A quick run: it shows that the benchmark works and says nothing about speed."
    if bench.shared:
        return (
            f"Medians of {len(bench.others)} rounds on a machine that others used too (up to {max(bench.others):.0%} of"
            " the CPU): only ratios mean anything."
        )
    return (
        f"Medians of {len(bench.others)} rounds; {bench.dropped} dropped because others took more than"
        f" {OTHERS_MAY_USE:.0%} of the CPU (in those that count at most {max(bench.others):.1%})."
    )


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"

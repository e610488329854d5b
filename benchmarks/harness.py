"""Measuring several contenders in turn, and telling when somebody else was using the machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, Literal

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.interference import Watch

OTHERS_MAY_USE: Final = 0.05
"""The share of the machine's CPU time that other programs may take during a round that counts."""

_ATTEMPTS_PER_ROUND: Final = 3

Figures = Mapping[str, float]
"""What one measurement came to, by name; the names carry the unit."""


class Disturbed(Exception):
    """Other programs kept the machine busy: there are not enough rounds to say anything."""


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do the job.

    `peer` is what a team would otherwise take, `limit` what the server can do at best, `ours` is Lodger, `detail` is
    there to explain the others. `measure` takes seconds and returns figures, the same names every time.
    """

    name: str
    role: Literal["peer", "limit", "ours", "detail"]
    measure: Callable[[float], Figures]


@dataclass
class Bench:
    """How thoroughly to measure, and how the rounds went."""

    console: Console
    rounds: int
    seconds: float
    quick: bool = False
    scale: int = 100
    """Percent of the data that a benchmark usually makes, for trying."""
    shared: bool = False
    """Whether rounds count in which others used the machine: for what is measured in turn within each round."""
    others: list[float] = field(default_factory=list)
    """The share of CPU time that others took, in each round that counts."""
    dropped: int = 0
    """How many rounds did not count."""

    def measure(self, contenders: Sequence[Contender]) -> dict[str, Figures]:
        """The median of every figure by contender's name.

        A round measures each contender once, in the same order, so that whatever changes slowly changes for all.
        Disturbed rounds are dropped and repeated; raises Disturbed when that does not end. A quick run takes any.
        """
        kept: list[dict[str, Figures]] = []
        attempts = self.rounds * _ATTEMPTS_PER_ROUND
        with _progress(self.console) as progress:
            task = progress.add_task("", total=self.rounds)
            for _ in range(attempts):
                found, others = {}, 0.0
                for contender in contenders:
                    said = f"round {len(kept) + 1} of {self.rounds}, {self.dropped} dropped: {contender.name}"
                    progress.update(task, description=said)
                    with Watch() as watch:
                        found[contender.name] = contender.measure(self.seconds)
                    others = max(others, watch.others)
                if others > OTHERS_MAY_USE and not (self.quick or self.shared):
                    self.dropped += 1
                    progress.console.print(f"a round dropped: others took {others:.0%} of the CPU")
                    continue
                self.others.append(others)
                kept.append(found)
                progress.advance(task)
                if len(kept) == self.rounds:
                    return _medians(kept)
        raise Disturbed(
            f"others used the machine in all but {len(kept)} of {attempts} rounds; {self.rounds} are needed"
        )


def _medians(rounds: Sequence[Mapping[str, Figures]]) -> dict[str, Figures]:
    return {
        name: {figure: median(found[name][figure] for found in rounds) for figure in figures}
        for name, figures in rounds[0].items()
    }


def _progress(console: Console) -> Progress:
    return Progress(
        BarColumn(20), TimeElapsedColumn(), TextColumn("{task.description}"), console=console, transient=True
    )

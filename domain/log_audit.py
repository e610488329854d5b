"""Auditing a log: its tree is built once more from what is stored, and held against what was signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from domain.checkpoints import Checkpoint
from domain.log_leaves import Record
from domain.log_rules import Rules
from domain.merkle import GrowingTree

FINDINGS_MOST: Final = 100
"""More are not told: the first one says where to look."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something is wrong, at a position or (None) with the log as a whole."""

    position: int | None
    what: str

    def __str__(self) -> str:
        return self.what if self.position is None else f"position {self.position}: {self.what}"


@dataclass(slots=True)
class Audit:
    """Told the log in order and its checkpoints by size, finds what is wrong. `tree` may have been begun already.

    `covered` counts the events under the last checkpoint that held, `uncovered` those that came after every checkpoint.
    """

    tree: GrowingTree = field(default_factory=GrowingTree)
    rules: Rules = field(default_factory=Rules)
    findings: list[Finding] = field(default_factory=list)
    found: int = 0
    covered: int = 0
    held: int = 0
    remarks: list[str] = field(default_factory=list)
    """What else there is to say of what was looked at, and of what could not be."""
    _last: int = 0
    _good: int = 0
    _is_broken: bool = False

    @property
    def uncovered(self) -> int:
        return self.tree.size - self.covered

    def read(self, records: Iterable[Record], checkpoints: Iterable[Checkpoint]) -> Iterator[int]:
        """Go through all of it; yields the position after each event, for whoever shows how far it is."""
        waiting = iter(checkpoints)
        due = next(waiting, None)
        for record in records:
            while due is not None and due.size <= self.tree.size:
                self._hold(due)
                due = next(waiting, None)
            self._take(record)
            yield record.position
        while due is not None:
            self._hold(due)
            due = next(waiting, None)

    def tell(self, position: int | None, what: str) -> None:
        self.found += 1
        if len(self.findings) < FINDINGS_MOST:
            self.findings.append(Finding(position, what))

    def _take(self, record: Record) -> None:
        if record.position <= self._last:
            self.tell(record.position, f"it comes after position {self._last}")
        self._last = record.position
        self.tree.add(record.hash)
        for wrong in self.rules.told(record):
            self.tell(record.position, wrong)

    def _hold(self, due: Checkpoint) -> None:
        """Only the first one that does not hold says something: all later ones follow from it."""
        if due.size == self.tree.size and due.root == self.tree.root:
            self.covered, self._good, self.held = due.size, self._last, self.held + 1
            if due.position != self._last:
                self.tell(self._last, f"the checkpoint of size {due.size} names position {due.position} instead")
        elif not self._is_broken:
            self._is_broken = True
            if due.size > self.tree.size:
                self.tell(
                    self._last,
                    f"the log ends after {self.tree.size} events, and a checkpoint was signed of {due.size}: the tail"
                    f" up to position {due.position} was cut",
                )
            else:
                self.tell(
                    self._good + 1,
                    f"from here on, and up to position {due.position}, something was edited, removed, inserted or moved"
                    f" after the checkpoint of size {due.size} was signed",
                )

    def summary(self) -> list[str]:
        """What was looked at, in sentences."""
        rules, said = self.rules, [f"{self.covered} events are under {self.held} checkpoints that hold."]
        if self.uncovered:
            said.append(f"{self.uncovered} events are under none yet: nothing is proven of them.")
        if rules.unknown:
            said.append(f"{rules.unknown} events are of types that this version does not know.")
        said += self.remarks
        said += [f"Somebody was erased at position {position}, {when}." for position, when in rules.erased]
        left = ", ".join(f"{minor} {currency}" for currency, minor in sorted(rules.balances.items()))
        said.append(f"Captured less refunded, in minor units: {left or 'nothing'}.")
        said += [f"WRONG  {finding}" for finding in self.findings]
        if self.found > len(self.findings):
            said.append(f"… and {self.found - len(self.findings)} more like these.")
        return said

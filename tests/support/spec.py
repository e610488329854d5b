"""given / when / then for deciders: fold past facts into a state, run one decision on it, compare what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Generic, TypeVar

from domain.rejections import Rejected

S = TypeVar("S")
F = TypeVar("F")


@dataclass(frozen=True)
class Spec(Generic[S, F]):
    """A stream's rules: the state before any fact, and how a fact changes it."""

    evolve: Callable[[S, F], S]
    initial: S

    def fold(self, facts: Iterable[F]) -> S:
        return reduce(self.evolve, facts, self.initial)

    def given(self, *facts: F) -> Given[S, F]:
        return Given(self, self.fold(facts))


@dataclass(frozen=True)
class Given(Generic[S, F]):
    """The state that the past left."""

    spec: Spec[S, F]
    state: S

    def when(self, decide: Callable[[S], tuple[F, ...]]) -> Outcome[F]:
        """Run the decision. What it decides must fold: a fact that `evolve` cannot take fails here."""
        try:
            facts = decide(self.state)
        except Rejected as rejection:
            return Outcome((), rejection)
        reduce(self.spec.evolve, facts, self.state)
        return Outcome(facts, None)


@dataclass(frozen=True)
class Outcome(Generic[F]):
    """What a decision said: facts, or no."""

    facts: tuple[F, ...]
    rejection: Rejected | None

    def then(self, *facts: F) -> None:
        assert self.rejection is None, f"rejected: {self._code}"
        assert self.facts == facts

    def then_nothing(self) -> None:
        self.then()

    def then_rejected(self, code: str, **details: Any) -> None:
        """Refused with this code, and with at least these details."""
        assert self.rejection is not None, f"accepted: {self.facts}"
        assert self._code == code
        assert details.items() <= self.rejection.details.items()

    @property
    def _code(self) -> str | None:
        return None if self.rejection is None else self.rejection.code

"""Rules: what becomes of a table's rows when somebody is erased, and what of them that person is given before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Shown:
    """A section of somebody's data: `query` selects its rows."""

    section: str
    query: str


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`statements` leave nothing of the person in the table, run in order; again they change nothing.

    What the parameters of statements and queries are is said at `personal_data.parameters`. `blanked` are the columns
    that they empty; None says that the rows go. `words` are the other columns that could hold words, and why nothing of
    a person is in them. `shown` is what the person is given, or why they are not.
    """

    statements: tuple[str, ...]
    shown: Shown | str
    blanked: tuple[str, ...] | None = None
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cascading:
    """Rows that go with those of another table."""

    parent: str
    shown: Shown | str


@dataclass(frozen=True, slots=True)
class Projected:
    """A read model's: `fact` blanks it, so that a rebuild makes the same rows again. `blanked` and `words` as above.

    `statements` blank it once more by hand, for what was written after the fact by a request that was under way, and
    was shown by a process that still knew the key. A rebuild makes that empty too.
    """

    fact: str
    shown: Shown | str
    statements: tuple[str, ...] = ()
    blanked: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kept:
    """Nothing that tells anything of a person, and why."""

    why: str
    words: Mapping[str, str] = field(default_factory=dict)
    shown: Shown | None = None


Rule = Scrubbed | Cascading | Projected | Kept

IDS: Final = "ids, times and amounts: without the person's row they name nobody"
OURS: Final = "one of our own words"
STATE: Final = "what the facts say, none of which is personal: ids, stays, prices, our own words"
CURRENCY: Final = "an ISO 4217 code"
DIGEST: Final = "a keyed digest"
PROVIDER: Final = "the provider's name"
REFERENCE: Final = "the provider's own id of what was paid"

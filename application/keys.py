"""Keys as whoever signs, digests or seals is given them: the one for now, and those that still count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

_ID_BYTES: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One key of one purpose.

    `is_first` is the key from before keys had names: what it signed, and still signs, names none.
    """

    secret: bytes = field(repr=False)
    is_first: bool = False

    @property
    def id(self) -> str:
        """Eight hexadecimal digits that tell it from others, and nothing of what it is."""
        return sha256(b"lodger:key id:" + self.secret).digest()[:_ID_BYTES].hex()

    @property
    def header(self) -> dict[str, str]:
        """What a token's header says of the key that signed it (RFC 7515, 4.1.4)."""
        return {} if self.is_first else {"kid": self.id}


@dataclass(frozen=True, eq=False)
class Keys:
    """The keys of one purpose. Whatever is new is made with `current`; what the `others` made is still taken.

    One of the others may be a key that is announced: some process may use it already.
    """

    current: Key
    others: tuple[Key, ...] = ()
    _by_id: dict[str, Key] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {key.id: key for key in self})

    def __iter__(self) -> Iterator[Key]:
        yield self.current
        yield from self.others

    def by_id(self, key_id: str) -> Key | None:
        return self._by_id.get(key_id)

    def of_header(self, header: Mapping[str, object]) -> Key | None:
        """The key that a token's header names; the first one where it names none."""
        if "kid" not in header:
            return next((key for key in self if key.is_first), None)
        key = self.by_id(str(header["kid"]))
        return None if key is None or key.is_first else key


KeysNow = Callable[[], Keys]
"""The keys of a purpose, as they are now."""

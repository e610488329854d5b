"""Answers that are kept for whoever asks the same: of what everybody may see, and for as long as nothing changes.

What is kept is found by the read model's generation (see `projections.changed`), which is read in the same look as the
rows. So nothing has to be deleted when something changes, and whoever was slow to answer keeps it under the generation
that they saw, where nobody looks any more.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from time import perf_counter
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

from api.metrics import count_kept

T = TypeVar("T")

What = Literal["search"]


class Cache(Protocol):
    """Bytes by a key of 32 bytes, for some seconds. What is not there, or cannot be reached, is None."""

    def get(self, key: bytes) -> bytes | None: ...

    def put(self, key: bytes, value: bytes) -> None: ...


class Kept(msgspec.Struct, Generic[T], frozen=True, array_like=True):
    """An answer, and how many seconds it took to find."""

    seconds: float
    answer: T


def kept(cache: Cache | None, what: What, asked: object, kind: type[Kept[T]], find: Callable[[], T]) -> T:
    """The answer to what was `asked` (all of it in its repr): one that is kept, or one that is found and kept now."""
    if cache is None:
        return find()
    key, begun = sha256(repr((what, asked)).encode()).digest(), perf_counter()
    found = cache.get(key)
    if found is not None:
        try:
            held = msgspec.json.decode(found, type=kind)
        except msgspec.MsgspecError:
            pass  # another version of Lodger kept it
        else:
            count_kept(what, "hit", held.seconds - (perf_counter() - begun))
            return held.answer
    begun = perf_counter()
    answer = find()
    cache.put(key, msgspec.json.encode(Kept(perf_counter() - begun, answer)))
    count_kept(what, "miss")
    return answer

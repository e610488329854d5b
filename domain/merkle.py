"""The hash tree of RFC 6962 (section 2.1): its root, grown leaf by leaf, and proofs that somebody else can check.

A hash is 32 bytes of SHA-256. What is kept of a tree are the hashes of its perfect subtrees, which never change: every
root and every proof, of this size or any former one, is put together from a few dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """A perfect subtree: of the leaves from `number * 2**level` on, `2**level` of them. Leaves have level 0."""

    level: int
    number: int


Fetch = Callable[[Sequence[Node]], Mapping[Node, bytes]]
"""Brings the kept hashes of some subtrees."""


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


@dataclass(slots=True)
class GrowingTree:
    """What has to be remembered of a tree to add leaves to it: `peaks`, its perfect subtrees from the largest down."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    @classmethod
    def resumed(cls, size: int, fetch: Fetch) -> GrowingTree:
        """The tree of the first `size` leaves."""
        nodes = _perfect(0, size)
        hashes = fetch(nodes)
        return cls(size, [hashes[node] for node in nodes])

    def add(self, leaf: bytes) -> list[tuple[Node, bytes]]:
        """Add a leaf by its hash. Returns the subtrees that it completes, itself first: these are to be kept."""
        number, completed = self.size, [(Node(0, self.size), leaf)]
        self.size += 1
        while number % 2:
            leaf = node_hash(self.peaks.pop(), leaf)
            number //= 2
            completed.append((Node(len(completed), number), leaf))
        self.peaks.append(leaf)
        return completed

    @property
    def root(self) -> bytes:
        return _joined(self.peaks) if self.peaks else EMPTY_ROOT


def root_of(size: int, fetch: Fetch) -> bytes:
    """The root that the tree had at a size."""
    return GrowingTree.resumed(size, fetch).root


def inclusion_proof(index: int, size: int, fetch: Fetch) -> list[bytes]:
    """PATH(index, D[size]): that the leaf at `index` is in the tree of `size` leaves. Raises ValueError."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    return _hashes(_path(index, 0, size), fetch)


def consistency_proof(first: int, second: int, fetch: Fetch) -> list[bytes]:
    """PROOF(first, D[second]): that the first `first` leaves are those of the smaller tree. Raises ValueError."""
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves never had {first}")
    return _hashes(_subproof(first, 0, second, is_known=True), fetch) if first else []


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether `proof` shows that the leaf with this hash is at `index` below `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number % 2 or number == last:
            found = node_hash(sibling, found)
            while not number % 2 and number:
                number, last = number // 2, last // 2
        else:
            found = node_hash(found, sibling)
        number, last = number // 2, last // 2
    return last == 0 and found == root


def verify_consistency(first: int, first_root: bytes, second: int, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the larger tree begins with the leaves of the smaller one (RFC 9162, 2.1.4.2)."""
    if not 0 <= first <= second:
        return False
    if first in (0, second):
        return not proof and first_root == (second_root if first else EMPTY_ROOT)
    if not proof:
        return False
    # A smaller tree that is a perfect subtree of the larger one is not told: whoever checks has its root.
    path = [first_root, *proof] if first & (first - 1) == 0 else list(proof)
    number, last = first - 1, second - 1
    while number % 2:
        number, last = number // 2, last // 2
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number % 2 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not number % 2 and number:
                number, last = number // 2, last // 2
        else:
            new = node_hash(new, sibling)
        number, last = number // 2, last // 2
    return last == 0 and old == first_root and new == second_root


_Range = tuple[int, int]
"""Leaves from the first up to and without the second."""


def _split(begin: int, end: int) -> int:
    """Where the RFC divides a tree: after the largest power of two of leaves that is smaller than their number."""
    return begin + (1 << (end - begin - 1).bit_length() - 1)


def _path(index: int, begin: int, end: int) -> list[_Range]:
    if end - begin == 1:
        return []
    middle = _split(begin, end)
    if index < middle:
        return [*_path(index, begin, middle), (middle, end)]
    return [*_path(index, middle, end), (begin, middle)]


def _subproof(first: int, begin: int, end: int, *, is_known: bool) -> list[_Range]:
    """`first` counts from the tree's beginning; `is_known` says that whoever checks has the hash of all of this."""
    if first == end:
        return [] if is_known else [(begin, end)]
    middle = _split(begin, end)
    if first <= middle:
        return [*_subproof(first, begin, middle, is_known=is_known), (middle, end)]
    return [*_subproof(first, middle, end, is_known=False), (begin, middle)]


def _perfect(begin: int, end: int) -> list[Node]:
    """The perfect subtrees that a range consists of, the largest first. A range as the RFC's division makes them."""
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append(Node(level, begin >> level))
        begin += 1 << level
    return nodes


def _hashes(ranges: Sequence[_Range], fetch: Fetch) -> list[bytes]:
    parts = [_perfect(*each) for each in ranges]
    hashes = fetch([node for nodes in parts for node in nodes])
    return [_joined([hashes[node] for node in nodes]) for nodes in parts]


def _joined(peaks: Sequence[bytes]) -> bytes:
    """Perfect subtrees beside each other as one tree: the smaller ones are joined first."""
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))

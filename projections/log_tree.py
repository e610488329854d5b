"""The log's hash tree: what is kept of it, its checkpoints and the keys that they are checked with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain import merkle
from domain.merkle import Fetch, GrowingTree, Node
from projections.projection import Cursor


@dataclass(frozen=True, slots=True)
class StoredCheckpoint:
    """A checkpoint as it is kept: `note` has the rest."""

    size: int
    position: int
    made_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class Restoration:
    """That the log came from a bundle: its first `size` events, up to `position`."""

    size: int
    position: int
    restored_at: datetime


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where an event is in the tree."""

    index: int
    position: int
    hash: bytes


_CHECKPOINT = "SELECT size, position, made_at, note FROM log_checkpoints"


def fetching(cursor: Cursor) -> Fetch:
    """The kept hashes of subtrees, in one query for each proof. Raises KeyError for what is not kept."""

    def fetch(nodes: Sequence[Node]) -> Mapping[Node, bytes]:
        found = kept(cursor, nodes)
        return {node: found[node] for node in nodes}

    return fetch


def kept(cursor: Cursor, nodes: Sequence[Node]) -> Mapping[Node, bytes]:
    """The hashes of subtrees, of those that are kept."""
    if not nodes:
        return {}
    cursor.execute(
        """SELECT level, number, coalesce(leaf.hash, subtree.hash)
           FROM unnest(%s::integer[], %s::bigint[]) AS asked (level, number)
           LEFT JOIN log_leaves leaf ON asked.level = 0 AND leaf_index = asked.number
           LEFT JOIN log_subtrees subtree USING (level, number)""",
        [[node.level for node in nodes], [node.number for node in nodes]],
    )
    return {Node(level, number): bytes(found) for level, number, found in cursor.fetchall() if found is not None}


def count_subtrees(cursor: Cursor, size: int) -> int:
    """How many hashes of subtrees within the first `size` leaves are kept."""
    cursor.execute("SELECT count(*) FROM log_subtrees WHERE (number + 1) << level <= %s", [size])
    ((count,),) = cursor.fetchall()
    assert isinstance(count, int)
    return count


def inclusion_proof(cursor: Cursor, index: int, size: int) -> list[bytes]:
    """That a leaf is in the tree of a size. Raises ValueError."""
    return merkle.inclusion_proof(index, size, fetching(cursor))


def consistency_proof(cursor: Cursor, first: int, second: int) -> list[bytes]:
    """That the tree of one size began as the tree of a smaller one. Raises ValueError."""
    return merkle.consistency_proof(first, second, fetching(cursor))


def last_leaf(cursor: Cursor) -> Leaf | None:
    """The newest leaf; None of a tree that has none."""
    cursor.execute("SELECT leaf_index, position, hash FROM log_leaves ORDER BY leaf_index DESC LIMIT 1")
    return _leaf(cursor)


def leaf_at(cursor: Cursor, position: int) -> Leaf | None:
    """The leaf of the event at a position, if there is one and it is in the tree by now."""
    cursor.execute("SELECT leaf_index, position, hash FROM log_leaves WHERE position = %s", [position])
    return _leaf(cursor)


def range_of(cursor: Cursor, first: int, upto: int) -> tuple[int, int, int]:
    """The leaves at positions from `first` to `upto`, from one index up to and without another; and the position of the
    leaf before them, 0 without one."""
    cursor.execute(
        """SELECT coalesce(max(leaf_index) FILTER (WHERE position < %(first)s), -1) + 1,
                  coalesce(max(leaf_index), -1) + 1,
                  coalesce(max(position) FILTER (WHERE position < %(first)s), 0)
           FROM (
               (SELECT leaf_index, position FROM log_leaves WHERE position < %(first)s ORDER BY position DESC LIMIT 1)
               UNION ALL
               (SELECT leaf_index, position FROM log_leaves WHERE position <= %(upto)s ORDER BY position DESC LIMIT 1)
           ) AS ends""",
        {"first": first, "upto": upto},
    )
    ((begin, end, after),) = cursor.fetchall()
    return begin, end, after


def leaves(cursor: Cursor, after: int, upto: int) -> list[Leaf]:
    """The leaves of the events at positions in `(after, upto]`, in order."""
    cursor.execute(
        "SELECT leaf_index, position, hash FROM log_leaves WHERE position > %s AND position <= %s ORDER BY position",
        [after, upto],
    )
    return [Leaf(index, position, bytes(found)) for index, position, found in cursor.fetchall()]


def growing(cursor: Cursor) -> GrowingTree:
    """The tree as it is, to add to it."""
    last = last_leaf(cursor)
    return GrowingTree.resumed(last.index + 1 if last else 0, fetching(cursor))


def checkpoint(cursor: Cursor, size: int | None = None) -> StoredCheckpoint | None:
    """The checkpoint of a size, or the newest one."""
    cursor.execute(f"{_CHECKPOINT} WHERE size = coalesce(%s, size) ORDER BY size DESC LIMIT 1", [size])
    found = cursor.fetchone()
    return StoredCheckpoint(*found) if found else None


def checkpoints(cursor: Cursor, after: int, limit: int, upto: int | None = None) -> list[StoredCheckpoint]:
    """The checkpoints of sizes above `after` and not above `upto`, in order."""
    cursor.execute(
        f"{_CHECKPOINT} WHERE size > %s AND size <= coalesce(%s, size) ORDER BY size LIMIT %s", [after, upto, limit]
    )
    return [StoredCheckpoint(*row) for row in cursor.fetchall()]


def count_checkpoints(cursor: Cursor, after: int, upto: int) -> int:
    """How many checkpoints there are of sizes above `after` and not above `upto`."""
    cursor.execute("SELECT count(*) FROM log_checkpoints WHERE size > %s AND size <= %s", [after, upto])
    ((count,),) = cursor.fetchall()
    assert isinstance(count, int)
    return count


def public_keys(cursor: Cursor) -> list[tuple[str, datetime]]:
    """Every key that a checkpoint was ever signed with, as C2SP writes them, and since when; the oldest first."""
    cursor.execute("SELECT public_key, made_at FROM log_keys ORDER BY made_at, public_key")
    return cursor.fetchall()


def origin(cursor: Cursor) -> str | None:
    """What the log calls itself; None before its first checkpoint."""
    cursor.execute("SELECT origin FROM log_origin")
    found = cursor.fetchone()
    return found[0] if found else None


def restoration(cursor: Cursor) -> Restoration | None:
    """Whether the log came from a bundle; None of one that was always here."""
    cursor.execute("SELECT size, position, restored_at FROM log_restorations")
    found = cursor.fetchone()
    return Restoration(*found) if found else None


def _leaf(cursor: Cursor) -> Leaf | None:
    found = cursor.fetchone()
    return Leaf(found[0], found[1], bytes(found[2])) if found else None

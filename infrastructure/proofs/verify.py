"""Verifying the log in its database: against its tree, its checkpoints inside and outside, and what it names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import merge
from itertools import groupby
from typing import Final

from domain.checkpoints import BadCheckpoint, Checkpoint, PublicKey, opened, parsed
from domain.log_audit import Audit
from domain.log_leaves import Record
from infrastructure.database import Database
from infrastructure.event_store.log_reader import LogReader
from infrastructure.proofs import ed25519
from infrastructure.proofs.kept_tree import KeptTree
from infrastructure.proofs.outside import Outside
from infrastructure.proofs.records import BATCH, stretch
from infrastructure.refusals import Refused
from projections import log_tree
from projections.log_tree import Leaf
from projections.projection import Cursor

_PAGE: Final = 1_000
_SURE_SECONDS: Final = 10.0

_Signed = tuple[int, str, str]
"""A checkpoint to hold the log against: its size, where it is from, and the note."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """`database` is a pool that may read what proves something. `since` is a checkpoint that the auditor has kept."""

    database: Database
    log: LogReader
    outside: Outside
    since: str | None = None

    def verify(self, progress: Callable[[int, int], None]) -> Audit:
        """Look at everything; `progress` is told the position and the last one. Raises Unavailable, StoreUnavailable,
        and Refused for a checkpoint of another log."""
        audit = Audit()
        with self.database.connection() as connection, connection.cursor() as cursor:
            keys = [PublicKey.parsed(text) for text, _ in log_tree.public_keys(cursor)]
            origin = log_tree.origin(cursor)
        theirs = self._theirs(origin, keys)
        outside = list(self.outside.sizes(origin)) if origin else []
        # In this order: what is signed while the log is read is of no concern.
        with self.database.connection() as connection, connection.cursor() as cursor:
            newest, last = log_tree.checkpoint(cursor), log_tree.last_leaf(cursor)
        safe = self.log.safe_position(_SURE_SECONDS)
        notes = merge(theirs, self._inside(newest.size if newest else 0), self._outside(origin, outside))
        for position in audit.read(self._compared(audit, safe, last), _opened(audit, notes, keys)):
            progress(position, safe)
        self._look_beside(audit)
        return audit

    def _theirs(self, origin: str | None, keys: list[PublicKey]) -> list[_Signed]:
        if self.since is None:
            return []
        try:
            theirs = opened(self.since, keys, ed25519.verify)
        except BadCheckpoint as error:
            told = _origin_of(self.since)
            if told is not None and told != origin:
                raise Refused(f"The checkpoint is of another log, {told}; this one is {origin}.") from error
            raise Refused(f"The checkpoint cannot be believed: {error}.") from error
        return [(theirs.size, "yours", self.since)]

    def _inside(self, upto: int) -> Iterator[_Signed]:
        after = 0
        while after < upto:
            with self.database.connection() as connection, connection.cursor() as cursor:
                page = log_tree.checkpoints(cursor, after, _PAGE, upto)
            if not page:
                return
            yield from ((kept.size, "inside", kept.note) for kept in page)
            after = page[-1].size

    def _outside(self, origin: str | None, sizes: list[int]) -> Iterator[_Signed]:
        for size in sizes:
            assert origin is not None
            yield size, "outside", self.outside.note(origin, size) or ""

    def _compared(self, audit: Audit, safe: int, last: Leaf | None) -> Iterator[Record]:
        """The log's events, each held against its leaf. What was put into the tree is expected in the log, exactly."""
        end = last.position if last else 0
        after, expected, tree = 0, 0, KeptTree()
        while True:
            with self.database.connection() as connection, connection.cursor() as cursor:
                found = stretch(connection, after, safe)
                upto = found[-1].position if len(found) == BATCH else safe
                leaves = {leaf.position: leaf for leaf in log_tree.leaves(cursor, after, min(upto, end))}
                tree.hold(cursor, leaves.values(), audit)
                if len(found) < BATCH:
                    tree.end(cursor, audit)
            records = {record.position: record for record in found}
            for position in sorted({*records, *leaves}):
                record, leaf = records.get(position), leaves.get(position)
                if leaf is not None and leaf.index != expected:
                    audit.tell(position, f"leaf {expected} was taken out of the tree")
                    expected = leaf.index
                if leaf is None and position <= end:
                    audit.tell(position, "this event was inserted into the past")
                if record is None:
                    audit.tell(position, "the event was deleted")
                elif leaf is not None and leaf.hash != record.hash:
                    audit.tell(position, "the event is not the one that was recorded: it was edited, moved or re-dated")
                expected += leaf is not None
                if record is not None:
                    yield record
            if len(found) < BATCH:
                return
            after = upto

    def _look_beside(self, audit: Audit) -> None:
        """What the log names and what was made of it: the providers' answers, the ledger."""
        with self.database.connection() as connection, connection.cursor() as cursor:
            _look_at_evidence(cursor, audit)
            cursor.execute(
                """SELECT position, currency, sum(minor) FROM ledger_entries
                   GROUP BY position, currency HAVING sum(minor) <> 0 ORDER BY position LIMIT 20"""
            )
            for position, currency, minor in cursor.fetchall():
                audit.tell(position, f"what the ledger posts for it adds up to {minor} {currency}, not to nothing")


def _look_at_evidence(cursor: Cursor, audit: Audit) -> None:
    """What providers said is what the events name, or was emptied when those whom it is about were forgotten."""
    cursor.execute("SELECT sha256, is_emptied, found_sha256 FROM evidence_hashes")
    kept = {sha256: (is_emptied, found) for sha256, is_emptied, found in cursor.fetchall()}
    restoration, unseen = log_tree.restoration(cursor), 0
    for sha256, named in audit.rules.evidence.items():
        is_emptied, found = kept.get(sha256, (False, None))
        if found == sha256 or (is_emptied and named.whose in audit.rules.forgotten):
            continue
        if found is None and restoration is not None and named.position <= restoration.position:
            unseen += 1
            continue
        what = "is not kept any more" if found is None or is_emptied else "was altered"
        audit.tell(named.position, f"the provider's answer that it names {what}")
    if restoration is not None:
        audit.remarks.append(
            f"This log was restored from a bundle at {restoration.restored_at:%Y-%m-%d %H:%M} UTC, up to position"
            f" {restoration.position}. {unseen} of the providers' answers that it names did not come with it, and could"
            " not be checked; nor could anything of people."
        )


def _opened(audit: Audit, notes: Iterator[_Signed], keys: list[PublicKey]) -> Iterator[Checkpoint]:
    """Those that can be believed; of the others it is told that they are forged."""
    for size, same in groupby(notes, key=lambda signed: signed[0]):
        texts = {}
        for _, where, note in same:
            try:
                checkpoint = opened(note, keys, ed25519.verify)
            except BadCheckpoint as error:
                audit.tell(None, f"the checkpoint of size {size} ({where}) is forged: {error}")
                continue
            if checkpoint.size != size:
                audit.tell(None, f"the checkpoint in the place of size {size} ({where}) is of size {checkpoint.size}")
                continue
            if checkpoint.text not in texts:
                yield checkpoint
            texts[checkpoint.text] = where
        if len(texts) > 1:
            audit.tell(None, f"there are two checkpoints of size {size}: {' and '.join(sorted(texts.values()))}")


def _origin_of(note: str) -> str | None:
    try:
        return parsed(note).origin
    except BadCheckpoint:
        return None

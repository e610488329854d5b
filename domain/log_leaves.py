"""What of an event is hashed: every column of the log, to the letter, so that none can be edited unnoticed."""

from __future__ import annotations

from dataclasses import dataclass, fields

from domain.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Record:
    """One event as the log has it, not interpreted.

    Ids are in the usual form in small letters, `recorded_at` is in microseconds since 1970 (UTC), `data` and `meta` are
    the JSON text that was stored. The order of the fields is that of the leaf.
    """

    position: int
    partition_key: str
    stream_id: str
    version: int
    type: str
    schema_version: int
    recorded_at: int
    data: str
    meta: str

    @property
    def leaf(self) -> bytes:
        """Each field as text: its length in four bytes, then its UTF-8. Two events never make the same leaf."""
        texts = [str(getattr(self, name)).encode() for name in FIELDS]
        return b"".join(len(text).to_bytes(4, "big") + text for text in texts)

    @property
    def hash(self) -> bytes:
        return leaf_hash(self.leaf)


FIELDS = tuple(each.name for each in fields(Record))
"""The columns of a record, in the order of its leaf."""

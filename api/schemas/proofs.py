"""What anybody may have to prove the log: checkpoints, keys and proofs. Hashes are in base64, as in checkpoints."""

from __future__ import annotations

from marshmallow import fields

from api.schemas.fields import Instant, NumberText, Strict
from projections.projection import PAGE_MAX

SIZE_MOST = 999_999_999_999


class Hash(fields.String):
    """32 bytes of SHA-256."""

    def __init__(self, what: str) -> None:
        super().__init__(required=True, metadata={"description": f"{what} SHA-256, in base64.", "format": "byte"})


class CheckpointsAskedSchema(Strict):
    """Which checkpoints."""

    after = NumberText(0, SIZE_MOST, load_default=0, metadata={"description": "Only of larger sizes than this."})
    limit = NumberText(1, PAGE_MAX, load_default=PAGE_MAX)


class CheckpointSchema(Strict):
    size = fields.Integer(required=True, metadata={"description": "How many events it is of."})
    position = fields.Integer(required=True, metadata={"description": "That of the last of them."})
    made_at = Instant(required=True)
    note = fields.String(required=True, metadata={"description": "The checkpoint as it was signed (C2SP signed-note)."})


class CheckpointsSchema(Strict):
    """Some checkpoints by size. Where there are `more`, go on after the last one's size."""

    checkpoints = fields.List(fields.Nested(CheckpointSchema), required=True)
    more = fields.Boolean(required=True)


class LogKeySchema(Strict):
    key = fields.String(required=True, metadata={"description": "Name, id and Ed25519 key, as a vkey of C2SP."})
    made_at = Instant(required=True)


class LogKeysSchema(Strict):
    """Every key that a checkpoint was ever signed with."""

    keys = fields.List(fields.Nested(LogKeySchema), required=True)


class InclusionAskedSchema(Strict):
    """In which tree."""

    size = NumberText(
        1, SIZE_MOST, metadata={"description": "Of a tree that has the event; by default of the newest checkpoint."}
    )


class InclusionSchema(Strict):
    """That an event is in the tree of a size (RFC 6962, 2.1.1)."""

    position = fields.Integer(required=True)
    leaf_index = fields.Integer(required=True)
    leaf_hash = Hash("The event's.")
    size = fields.Integer(required=True)
    root = Hash("The tree's.")
    hashes = fields.List(Hash("A subtree's."), required=True)


class ConsistencyAskedSchema(Strict):
    """Between which sizes."""

    first = NumberText(1, SIZE_MOST, required=True, metadata={"description": "The smaller size.", "example": 1})
    second = NumberText(1, SIZE_MOST, required=True, metadata={"description": "The larger size.", "example": 2})


class ConsistencySchema(Strict):
    """That the tree of one size is the beginning of that of another (RFC 6962, 2.1.2)."""

    first = fields.Integer(required=True)
    second = fields.Integer(required=True)
    first_root = Hash("The smaller tree's.")
    second_root = Hash("The larger tree's.")
    hashes = fields.List(Hash("A subtree's."), required=True)

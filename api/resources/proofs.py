"""Proofs: what the log was, for anybody who wants to hold us to it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask import Response

from api.edge import edge
from api.operations import Resource
from api.schemas.proofs import (
    SIZE_MOST,
    CheckpointsAskedSchema,
    CheckpointsSchema,
    ConsistencyAskedSchema,
    ConsistencySchema,
    InclusionAskedSchema,
    InclusionSchema,
    LogKeysSchema,
)
from domain.merkle import root_of
from domain.rejections import Rejected
from projections import log_tree
from projections.log_tree import StoredCheckpoint
from projections.projection import Cursor

resource = Resource("proofs", __name__, url_prefix="/v1/log", description="Proving that history stays what it was.")

_NOTE: Final = "text/plain"


@resource.query("/checkpoints", CheckpointsSchema, arguments=CheckpointsAskedSchema, who="anyone")
def list_checkpoints(arguments: dict[str, Any]) -> dict[str, Any]:
    """Every checkpoint that was ever signed, by size. Keep one: whatever comes later can be held against it."""
    limit = min(arguments["limit"], edge().options.page_limit)
    with _tree() as cursor:
        found = log_tree.checkpoints(cursor, arguments["after"], limit + 1)
    return {"checkpoints": found[:limit], "more": len(found) > limit}


@resource.document("/checkpoints/latest", _NOTE, refuses=[404])
def latest_checkpoint() -> Response:
    """The newest checkpoint, as it was signed."""
    with _tree() as cursor:
        return Response(_checkpoint(cursor).note, mimetype=_NOTE)


@resource.document(f"/checkpoints/<int(max={SIZE_MOST}):size>", _NOTE, refuses=[404])
def one_checkpoint(size: int) -> Response:
    """The checkpoint of a size, as it was signed."""
    with _tree() as cursor:
        return Response(_checkpoint(cursor, size).note, mimetype=_NOTE)


@resource.query("/keys", LogKeysSchema, who="anyone")
def list_keys() -> dict[str, Any]:
    """The public keys of all checkpoints, former ones too."""
    with _tree() as cursor:
        return {"keys": [{"key": key, "made_at": made_at} for key, made_at in log_tree.public_keys(cursor)]}


@resource.query(
    f"/proofs/<int(max={SIZE_MOST}):position>",
    InclusionSchema,
    arguments=InclusionAskedSchema,
    who="anyone",
    refuses=[404],
)
def prove_inclusion(arguments: dict[str, Any], position: int) -> dict[str, Any]:
    """That the event at a position of the log is under a checkpoint."""
    with _tree() as cursor:
        newest = _checkpoint(cursor)
        leaf = log_tree.leaf_at(cursor, position)
        if leaf is None or leaf.index >= newest.size:
            if position > newest.position:
                raise _not_covered(newest)
            raise Rejected("event_not_found", "There is no event at this position: a transaction gave it up.")
        size = arguments.get("size", newest.size)
        _must_be_covered(size, newest)
        if leaf.index >= size:
            raise Rejected(
                "range_reversed", "The tree of this size does not have the event yet.", leaf_index=leaf.index
            )
        return {
            "position": position,
            "leaf_index": leaf.index,
            "leaf_hash": _text(leaf.hash),
            "size": size,
            "root": _root(cursor, size),
            "hashes": list(map(_text, log_tree.inclusion_proof(cursor, leaf.index, size))),
        }


@resource.query("/consistency", ConsistencySchema, arguments=ConsistencyAskedSchema, who="anyone", refuses=[404])
def prove_consistency(arguments: dict[str, Any]) -> dict[str, Any]:
    """That nothing of an earlier tree was changed, removed or reordered in a later one."""
    first, second = arguments["first"], arguments["second"]
    if first > second:
        raise Rejected("range_reversed", "The second size is the larger one.")
    with _tree() as cursor:
        _must_be_covered(second, _checkpoint(cursor))
        return {
            "first": first,
            "second": second,
            "first_root": _root(cursor, first),
            "second_root": _root(cursor, second),
            "hashes": list(map(_text, log_tree.consistency_proof(cursor, first, second))),
        }


@contextmanager
def _tree() -> Iterator[Cursor]:
    with edge().reads() as connection, connection.cursor() as cursor:
        yield cursor


def _checkpoint(cursor: Cursor, size: int | None = None) -> StoredCheckpoint:
    found = log_tree.checkpoint(cursor, size)
    if found is None:
        raise Rejected("checkpoint_not_found", "There is no such checkpoint, or none yet: one is signed every minute.")
    return found


def _must_be_covered(size: int, newest: StoredCheckpoint) -> None:
    if size > newest.size:
        raise _not_covered(newest)


def _not_covered(newest: StoredCheckpoint) -> Rejected:
    return Rejected(
        "not_covered_yet",
        "No checkpoint is of so much of the log yet. One is signed every minute.",
        newest={"size": newest.size, "position": newest.position},
    )


def _root(cursor: Cursor, size: int) -> str:
    return _text(root_of(size, log_tree.fetching(cursor)))


def _text(hashed: bytes) -> str:
    return b64encode(hashed).decode()

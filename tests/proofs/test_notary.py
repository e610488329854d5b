"""The log's tree grows with the log, what it was is signed every minute, and others keep it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import psycopg2
import pytest

from application.keys import Keys
from domain.checkpoints import BadCheckpoint, PublicKey, opened, parsed
from domain.merkle import verify_consistency
from infrastructure.bootstrap import wire_notary
from infrastructure.database import Database
from infrastructure.keyring import Keyring
from infrastructure.proofs import ed25519
from infrastructure.proofs.notary import EVERY_EVENTS
from infrastructure.rights import NOTARY_ROLE
from infrastructure.settings import Settings
from projections import log_tree
from tests.domain.test_merkle import naive_root
from tests.keys.conftest import pass_, rotation
from tests.proofs.conftest import Notarised


def leaves(notarised: Notarised, upto: int) -> list[bytes]:
    """What is hashed of the first events, put together by hand from the columns."""
    rows = notarised.world.execute(
        f"""SELECT position, partition_key, stream_id, version, type, schema_version, recorded_at, data, meta
            FROM events ORDER BY position LIMIT {upto}"""
    )
    epoch = datetime(1970, 1, 1, tzinfo=UTC)

    def text(value: object) -> bytes:
        if isinstance(value, datetime):
            since = value - epoch
            value = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
        return str(value).encode()

    return [b"".join(len(text(v)).to_bytes(4, "big") + text(v) for v in row) for row in rows]


def wire_keys(settings: Settings) -> Keys:
    return Keyring(Database(settings.database_url, pool_size=1), settings.secret_keys).keys("checkpoint")


def keys(notarised: Notarised) -> list[PublicKey]:
    return [
        PublicKey.parsed(text)
        for (text,) in notarised.world.execute("SELECT public_key FROM log_keys ORDER BY made_at")
    ]


def notes(notarised: Notarised) -> list[str]:
    return [note for (note,) in notarised.world.execute("SELECT note FROM log_checkpoints ORDER BY size")]


def test_a_checkpoint_has_the_root_of_every_event_before_it_and_whose_key_it_is(notarised: Notarised) -> None:
    first, second = (opened(note, keys(notarised), ed25519.verify) for note in notes(notarised))

    assert (first.root, second.root) == tuple(naive_root(leaves(notarised, c.size)) for c in (first, second))
    assert 0 < first.size < second.size
    positions = [position for (position,) in notarised.world.execute("SELECT position FROM events ORDER BY position")]
    assert (first.position, second.position) == (positions[first.size - 1], positions[second.size - 1])
    assert second.position > second.size, "positions have holes, the tree has none"
    assert len(positions) > second.size, "what came after it is not under it"


def test_a_later_checkpoint_is_consistent_with_an_earlier_one(notarised: Notarised) -> None:
    first, second = map(parsed, notes(notarised))

    with notarised.auditing().connection() as connection, connection.cursor() as cursor:
        proof = log_tree.consistency_proof(cursor, first.size, second.size)

    assert verify_consistency(first.size, first.root, second.size, second.root, proof)


def test_the_note_is_written_as_c2sp_says(notarised: Notarised) -> None:
    note, (key,) = notes(notarised)[0], keys(notarised)
    origin, size, root, position, time, empty, signature, end = note.split("\n")

    assert re.fullmatch(r"[\w.:-]+/v1/log/[0-9a-f]{16}", origin)
    assert int(size) > 0
    assert len(root) == 44
    assert position.startswith("position ")
    assert time.startswith("time 20")
    assert time.endswith("Z")
    assert empty == end == ""
    assert signature.startswith(f"\N{EM DASH} {origin} ")
    assert key.id == sha256(origin.encode() + b"\n\x01" + key.key).digest()[:4]


def test_the_same_is_outside_in_files_that_are_never_written_over(notarised: Notarised) -> None:
    files = sorted(notarised.folder.rglob("*.checkpoint"))
    before = notes(notarised)
    assert [file.read_text() for file in files] == before

    notarised.sign()
    files[0].write_text("something else")
    notarised.sign()

    assert files[0].read_text() == "something else"
    assert len(sorted(notarised.folder.rglob("*"))) == len(files) + 3, "and one more checkpoint, no unfinished file"


def test_what_could_not_be_written_outside_is_written_later(notarised: Notarised, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    notarised.folder.rename(moved)
    notarised.folder.write_text("no folder")
    notarised.sign()
    assert len(notes(notarised)) == 3

    notarised.folder.unlink()
    moved.rename(notarised.folder)
    notarised.notary.run()

    assert [file.read_text() for file in sorted(notarised.folder.rglob("*.checkpoint"))] == notes(notarised)


def test_nothing_new_is_not_signed_again(notarised: Notarised) -> None:
    notarised.sign()
    before = notes(notarised)

    notarised.sign()

    assert notes(notarised) == before


def test_before_a_minute_is_over_it_takes_a_thousand_events(notarised: Notarised) -> None:
    before = len(notes(notarised))
    notarised.notary.run()
    assert len(notes(notarised)) == before

    notarised.world.execute(
        f"""INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
            SELECT gen_random_uuid(), gen_random_uuid(), 1, 'UserBecameHost', 1, '{{}}', '{{}}'
            FROM generate_series(1, {2 * EVERY_EVENTS})"""
    )
    notarised.notary.run()

    sizes = [parsed(note).size for note in notes(notarised)]
    assert len(sizes) == before + 3, "one for each thousand, and the rest"
    assert [b - a for a, b in pairwise(sizes[before - 1 : -1])] == [EVERY_EVENTS, EVERY_EVENTS]


def test_a_transaction_under_way_is_waited_for_and_nothing_appears_behind_a_checkpoint(notarised: Notarised) -> None:
    world = notarised.world
    slow = psycopg2.connect(world.wired.settings.database_url)
    with slow.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
               VALUES (gen_random_uuid(), gen_random_uuid(), 1, 'UserBecameHost', 1, '{}', '{}') RETURNING position"""
        )
        ((behind,),) = cursor.fetchall()
    world.listing()

    notarised.sign()
    assert parsed(notes(notarised)[-1]).position < behind
    slow.commit()
    slow.close()
    notarised.sign()

    assert parsed(notes(notarised)[-1]).root == naive_root(leaves(notarised, 10_000))


def test_after_a_rotation_the_next_key_signs_and_what_the_former_one_signed_is_still_believed(
    notarised: Notarised,
) -> None:
    rotation(notarised.world.wired).rotate(["checkpoint"])
    former = wire_keys(notarised.world.wired.settings).others
    pass_(notarised.world.wired, 3_600)

    wire_notary(notarised.world.wired.settings).run()

    assert former, "until a minute after the rotation it could still sign"
    assert len(keys(notarised)) == 2
    for note in notes(notarised):
        opened(note, keys(notarised), ed25519.verify)
    with pytest.raises(BadCheckpoint):
        opened(notes(notarised)[-1], keys(notarised)[:1], ed25519.verify)


def test_another_process_goes_on_where_this_one_ended(notarised: Notarised) -> None:
    second = wire_notary(notarised.world.wired.settings)

    second.run()
    notarised.sign()

    (count,) = notarised.world.execute("SELECT count(*) FROM log_leaves")
    assert count == notarised.world.execute("SELECT count(*) FROM events")[0]
    assert parsed(notes(notarised)[-1]).root == naive_root(leaves(notarised, 10_000))


@pytest.mark.parametrize("statement", ["UPDATE log_leaves SET hash = hash", "DELETE FROM log_checkpoints"])
def test_the_notary_changes_nothing_that_is_there(notarised: Notarised, statement: str) -> None:
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        notarised.world.execute(f"SET ROLE {NOTARY_ROLE}; {statement}")
    with pytest.raises(psycopg2.errors.ObjectNotInPrerequisiteState):
        notarised.world.execute(statement)

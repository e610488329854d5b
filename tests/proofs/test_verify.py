"""Whatever somebody who owns the server does to history, an auditor finds, and where."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from domain.catalogue import FACTS
from domain.checkpoints import Checkpoint, parsed
from domain.log_audit import Audit
from domain.log_rules import STEPS
from domain.merkle import GrowingTree
from infrastructure.bootstrap import wire_auditor
from infrastructure.cli import lodger as command_line
from infrastructure.file_stores import store_at
from infrastructure.proofs import ed25519
from infrastructure.proofs.outside import Outside
from infrastructure.proofs.verify import Verifier
from infrastructure.refusals import Refused
from tests.proofs.conftest import Notarised, notarised_at
from tests.support.world import SECRET_KEY

TABLES = (
    "events",
    "log_leaves",
    "log_subtrees",
    "log_checkpoints",
    "log_checkpoint_copies",
    "log_keys",
    "provider_answers",
)


@pytest.fixture(scope="module")
def shared(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notarised]:
    for notarised in notarised_at(shared_database_url, tmp_path_factory.mktemp("log")):
        for table in TABLES:
            notarised.world.execute(f"CREATE SCHEMA IF NOT EXISTS kept; CREATE TABLE kept.{table} AS TABLE {table}")
        yield notarised


@pytest.fixture
def notarised(shared: Notarised) -> Iterator[Notarised]:
    """Whatever is done to it, the next test finds it as it was."""
    yield shared
    shared.tamper("".join(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM kept.{table};" for table in TABLES))


def verified(notarised: Notarised, since: str | None = None) -> Audit:
    settings = notarised.world.wired.settings
    reading = wire_auditor(settings)
    outside = Outside(store_at(settings.checkpoint_store, settings))
    audit = Verifier(reading.database, reading.log, outside, since).verify(lambda _position, _last: None)
    reading.database.close()
    return audit


def first(audit: Audit) -> str:
    assert audit.findings, "nothing was found"
    return str(audit.findings[0])


def note(notarised: Notarised, which: int = -1) -> str:
    rows = notarised.world.execute("SELECT note FROM log_checkpoints ORDER BY size")
    return str(rows[which][0])


def test_an_honest_log_verifies_and_what_is_not_covered_yet_is_counted(notarised: Notarised) -> None:
    (events,) = notarised.world.execute("SELECT count(*) FROM events")[0]

    audit = verified(notarised, note(notarised, 0))

    assert audit.findings == []
    assert (audit.covered, audit.held) == (parsed(note(notarised)).size, 2)
    assert audit.covered + audit.uncovered == events
    assert len(audit.rules.evidence) > 0, "what the provider said was looked at"
    assert audit.rules.balances == {"USD": 0}, "two stays were paid for and given up"


def test_every_fact_has_its_place_among_the_rules() -> None:
    assert set(STEPS) == set(FACTS)


@pytest.mark.parametrize(
    "change",
    [
        "data = overlay(data placing chr(ascii(substr(data, 12, 1)) # 1) from 12 for 1)",
        "meta = replace(meta, 'user', 'usur')",
        "recorded_at = recorded_at + interval '1 microsecond'",
        "type = 'BookingExpired'",
        "schema_version = schema_version + 1",
        "version = version + 100",
        "partition_key = gen_random_uuid()",
        "stream_id = gen_random_uuid()",
    ],
)
def test_an_event_that_was_edited_is_named(notarised: Notarised, change: str) -> None:
    notarised.tamper(f"UPDATE events SET {change} WHERE position = 9")

    assert first(verified(notarised)).startswith("position 9: ")


def test_an_event_that_was_deleted_is_named_and_holes_of_rollbacks_are_not(notarised: Notarised) -> None:
    notarised.tamper("DELETE FROM events WHERE position = 11")

    assert first(verified(notarised)) == "position 11: the event was deleted"


def test_an_event_that_was_inserted_into_a_hole_is_named(notarised: Notarised) -> None:
    positions = {row[0] for row in notarised.world.execute("SELECT position FROM events")}
    hole = min(set(range(1, max(positions))) - positions)
    notarised.tamper(
        f"""INSERT INTO events (position, partition_key, stream_id, version, type, schema_version, data, meta)
            SELECT {hole}, partition_key, gen_random_uuid(), 1, type, schema_version, data, meta
            FROM events WHERE position = 1"""
    )

    assert first(verified(notarised)) == f"position {hole}: this event was inserted into the past"


def test_two_events_that_were_swapped_are_named(notarised: Notarised) -> None:
    notarised.tamper(
        """UPDATE events SET position = -1 WHERE position = 10; UPDATE events SET position = 10 WHERE position = 14;
           UPDATE events SET position = 14 WHERE position = -1"""
    )

    assert first(verified(notarised)).startswith("position 10: ")


def test_a_tail_that_was_cut_together_with_its_tree_is_found_against_what_is_outside(notarised: Notarised) -> None:
    size = parsed(note(notarised, 0)).size
    last = parsed(note(notarised, 0)).position
    notarised.tamper(
        f"""DELETE FROM events WHERE position > {last}; DELETE FROM log_leaves WHERE leaf_index >= {size};
            DELETE FROM log_subtrees WHERE (number + 1) << level > {size};
            DELETE FROM log_checkpoints WHERE size > {size}; DELETE FROM log_checkpoint_copies WHERE size > {size}"""
    )

    assert first(verified(notarised)).startswith(f"position {last}: the log ends after {size} events")


def subtrees_of(notarised: Notarised) -> Iterator[str]:
    """Make the kept tree follow from its leaves, whatever these are by now."""
    yield "DELETE FROM log_subtrees;"
    tree = GrowingTree()
    for (leaf,) in notarised.world.execute("SELECT hash FROM log_leaves ORDER BY leaf_index"):
        for node, hashed in tree.add(bytes(leaf))[1:]:
            yield f"INSERT INTO log_subtrees VALUES ({node.level}, {node.number}, '\\x{hashed.hex()}');"


def test_a_history_that_was_rewritten_with_its_tree_is_found_between_two_checkpoints(notarised: Notarised) -> None:
    second, position = parsed(note(notarised)), parsed(note(notarised, 0)).position + 3
    notarised.tamper(f"UPDATE events SET meta = replace(meta, 'user', 'usur') WHERE position = {position}")
    forged = wire_auditor(notarised.world.wired.settings)
    with forged.database.connection() as connection:
        from infrastructure.proofs.records import stretch

        (record,) = stretch(connection, position - 1, position)
    notarised.tamper(f"UPDATE log_leaves SET hash = '\\x{record.hash.hex()}' WHERE position = {position}")
    notarised.tamper("".join(subtrees_of(notarised)))

    told = first(verified(notarised))

    assert told.startswith(f"position {parsed(note(notarised, 0)).position + 1}: from here on, and up to")
    assert str(second.position) in told


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (
            "UPDATE log_subtrees SET hash = sha256(hash) WHERE (level, number) = (2, 1)",
            "position 8: the kept hash over",
        ),
        ("DELETE FROM log_subtrees WHERE (level, number) = (3, 0)", "position 8: the kept hash over the 8 events"),
        ("INSERT INTO log_subtrees VALUES (64, 0, sha256('x'))", "the kept tree has hashes of other subtrees"),
    ],
)
def test_a_kept_tree_that_was_altered_is_named_though_the_events_are_what_they_were(
    notarised: Notarised, change: str, what: str
) -> None:
    (position,) = notarised.world.execute("SELECT position FROM log_leaves WHERE leaf_index = 7")[0]
    assert position == 8, "there is no hole before it"

    notarised.tamper(change)

    assert first(verified(notarised)).startswith(what)


def test_a_checkpoint_that_was_forged_is_named(notarised: Notarised) -> None:
    genuine = parsed(note(notarised))
    lie = Checkpoint(genuine.origin, genuine.size, sha256(b"lie").digest(), genuine.position, genuine.time)
    forged = ed25519.sign(lie, sha256(SECRET_KEY.encode()).digest())
    notarised.tamper(f"UPDATE log_checkpoints SET note = $${forged}$$ WHERE size = {genuine.size}")

    assert "no known key has signed it" in first(verified(notarised))


def test_a_forger_who_brings_a_key_along_is_found_against_what_is_outside(notarised: Notarised) -> None:
    genuine, secret = parsed(note(notarised)), bytes(32)
    lie = Checkpoint(genuine.origin, genuine.size, sha256(b"lie").digest(), genuine.position, genuine.time)
    notarised.tamper(
        f"""INSERT INTO log_keys (public_key) VALUES ('{ed25519.public_key(genuine.origin, secret).text}');
            UPDATE log_checkpoints SET note = $${ed25519.sign(lie, secret)}$$ WHERE size = {genuine.size}"""
    )

    assert any("there are two checkpoints" in str(finding) for finding in verified(notarised).findings)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE provider_answers SET body = body || ' '", "was altered"),
        ("UPDATE provider_answers SET body = ''", "is not kept any more"),
        ("DELETE FROM provider_answers", "is not kept any more"),
    ],
)
def test_evidence_that_was_altered_is_named_by_the_event_that_rests_on_it(
    notarised: Notarised, change: str, what: str
) -> None:
    rests_on_it = notarised.world.execute("SELECT min(position) FROM events WHERE data LIKE '%\"sha256\"%'")[0][0]
    notarised.tamper(change)

    assert first(verified(notarised)) == f"position {rests_on_it}: the provider's answer that it names {what}"


def test_a_checkpoint_that_the_auditor_kept_must_be_of_this_log(notarised: Notarised, tmp_path: Path) -> None:
    kept = parsed(note(notarised))
    other = Checkpoint("other.example/log", kept.size, kept.root, kept.position, kept.time)

    with pytest.raises(Refused, match=r"of another log, other\.example/log"):
        verified(notarised, ed25519.sign(other, bytes(32)))
    with pytest.raises(Refused, match="cannot be believed"):
        verified(notarised, "nonsense")


def command(notarised: Notarised, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    settings = notarised.world.wired.settings
    monkeypatch.setattr("infrastructure.cli.audit_verify.current_settings", lambda: settings)
    return CliRunner().invoke(command_line, ["audit", "verify", *arguments])


def test_the_command_says_so_and_ends_with_a_code(
    notarised: Notarised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_text(note(notarised, 0))

    honest = command(notarised, monkeypatch, "--since", str(kept))
    notarised.tamper("DELETE FROM events WHERE position = 11")
    wrong = command(notarised, monkeypatch)

    assert (honest.exit_code, wrong.exit_code) == (0, 3)
    assert "History is what it was." in honest.output
    assert "WRONG  position 11: the event was deleted" in wrong.output

"""A log is restored from its bundle into an empty store, and is what it was; nothing else is written anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner, Result

from application import erasure, users
from application.calls import Call
from application.lodger import Lodger
from application.reactions import react
from domain.checkpoints import parsed
from domain.events import Actor
from domain.log_audit import Audit
from infrastructure.bootstrap import Reading, wire, wire_auditor, wire_notary, wire_owner
from infrastructure.cli import lodger as command_line
from infrastructure.database import Database
from infrastructure.file_stores import store_at
from infrastructure.proofs import bundle, ed25519
from infrastructure.proofs.outside import Outside
from infrastructure.proofs.restore import _Restoration
from infrastructure.proofs.verify import Verifier
from infrastructure.settings import Settings
from infrastructure.workers.erasures import forget_people
from infrastructure.workers.projector import Projector
from projections import catalogue
from projections.catalogue import PROJECTIONS
from projections.listings import LISTINGS
from projections.projection import Projection
from tests.api.stack import over
from tests.proofs.conftest import Notarised, notarised_at
from tests.proofs.test_bundle import (
    Rewrite,
    _bomb,
    _cut,
    _edited,
    _forged,
    _of_another_log,
    notes,
    rewritten,
    written,
)
from tests.support.lives import Lives
from tests.support.servers import Databases
from tests.support.world import World, settings_for

LIFE = "hold pay cancel block review list hold pay alter wait price hold decline hold pay wait review review block hold"


@dataclass
class Store:
    """A database, and what is in it as text."""

    settings: Settings

    def rows(self, query: str) -> list[str]:
        with psycopg2.connect(self.settings.database_url) as login, login.cursor() as cursor:
            cursor.execute(f"SELECT row_to_json(t)::text FROM ({query}) t ORDER BY 1")
            return [text for (text,) in cursor.fetchall()]

    def table(self, name: str) -> list[str]:
        return self.rows(f"SELECT * FROM {name}")


@pytest.fixture(scope="module")
def log(shared_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Notarised]:
    """All kinds of things have happened, one guest is forgotten, all of it is signed and every read model is there."""
    for notarised in notarised_at(shared_database_url, tmp_path_factory.mktemp("log")):
        world, lives = notarised.world, Lives(notarised.world)
        for number, what in enumerate(LIFE.split()):
            lives.happen(what, number)
        guest = world.person()
        world.cancel(world.hold(world.listing(), guest, ("2027-07-01", "2027-07-04")))
        projected(world)
        erasure.erase(world.lodger, world.call(guest), guest)
        world.react()
        projected(world)
        forget_people(world.lodger)
        notarised.sign()
        yield notarised


def projected(world: World) -> None:
    Projector(world.wired.projecting, world.log, catalogue.running(audit=True)).run()


@pytest.fixture(scope="module")
def whole(log: Notarised, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(log, tmp_path_factory.mktemp("whole") / "whole.zip")


@pytest.fixture(scope="module")
def original(log: Notarised) -> Store:
    return Store(log.world.wired.settings)


@pytest.fixture(scope="module")
def restored(
    postgres: Databases, log: Notarised, original: Store, whole: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """The log in another database, to which only the keys of people came from a backup."""
    folder = tmp_path_factory.mktemp("restored")
    url = postgres.create()
    store = Store(settings_for(url, checkpoint_store=str(folder / "outside"), audit_projection=True))
    with psycopg2.connect(url) as login, login.cursor() as cursor:
        for person_id, sealed, made_at in log.world.execute("SELECT person_id, sealed, made_at FROM person_keys"):
            # The backup is older than the erasure: there the forgotten guest has a key.
            cursor.execute("INSERT INTO person_keys VALUES (%s, %s, %s)", [person_id, sealed or b"key", made_at])
    typed = imported(store, whole)
    assert typed.exit_code == 0, typed.output
    yield store
    postgres.drop(url)


@pytest.fixture(scope="module")
def empty(postgres: Databases) -> Iterator[Store]:
    """A new store, in which nothing is to be after whatever is tried with it."""
    url = postgres.create()
    store = Store(settings_for(url))
    yield store
    postgres.drop(url)


def imported(store: Store, file: Path, *options: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("infrastructure.cli.import_audit.current_settings", lambda: store.settings)
        return CliRunner().invoke(command_line, ["import", "audit", str(file), *options])


def exported(store: Store, path: Path) -> Path:
    auditing = wire_auditor(store.settings).database
    bundle.write(auditing, path, 1, None, lambda _done, _whole: None)
    auditing.close()
    return path


def verified(store: Store, since: str | None = None) -> Audit:
    reading = wire_auditor(store.settings)
    outside = Outside(store_at(store.settings.checkpoint_store, store.settings))
    audit = Verifier(reading.database, reading.log, outside, since).verify(lambda _position, _last: None)
    reading.database.close()
    return audit


# --- what is restored -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "table", ["events", "log_leaves", "log_subtrees", "log_checkpoints", "log_keys", "log_origin", "person_keys"]
)
def test_events_and_what_proves_them_are_the_same(original: Store, restored: Store, table: str) -> None:
    rows = original.table(table)

    assert rows, "there is something to restore"
    assert restored.table(table) == rows


@pytest.mark.parametrize(
    "projection", [each for each in PROJECTIONS.values() if each.rebuildable], ids=lambda p: p.name
)
def test_every_read_model_is_the_same(original: Store, restored: Store, projection: Projection) -> None:
    for table in projection.tables:
        assert restored.table(table) == original.table(table), table


def test_the_same_nights_are_taken(original: Store, restored: Store) -> None:
    """All but the numbers of blocks' lanes, which are drawn."""
    taken = "SELECT property_id, claim_id, nights, upper_inf(lane) AS is_stay, held_until FROM nights"

    assert any('"is_stay":false' in row for row in original.rows(taken)), "there are blocks"
    assert restored.rows(taken) == original.rows(taken)


def test_whoever_was_forgotten_stays_forgotten(original: Store, restored: Store) -> None:
    forgotten = "SELECT user_id FROM erasures"

    assert len(original.rows(forgotten)) == 1
    assert restored.rows(forgotten) == original.rows(forgotten)


def test_its_bundle_is_the_same_file(restored: Store, whole: Path, tmp_path: Path) -> None:
    assert exported(restored, tmp_path / "again.zip").read_bytes() == whole.read_bytes()


def test_it_verifies_and_says_what_could_not_be_looked_at(restored: Store, log: Notarised) -> None:
    audit = verified(restored, notes(log)[0])

    (evidence,) = log.world.execute("SELECT count(DISTINCT data::json#>>'{evidence,sha256}') FROM events")[0]
    assert audit.findings == []
    (remark,) = audit.remarks
    assert f"{evidence} of the providers' answers that it names did not come with it" in remark
    assert evidence > 3


def test_an_answer_that_was_brought_along_is_checked_again(restored: Store) -> None:
    with psycopg2.connect(restored.settings.database_url) as login, login.cursor() as cursor:
        cursor.execute("SELECT data::json#>>'{evidence,sha256}' FROM events WHERE type = 'PaymentCaptured'")
        ((sha256,), *_) = cursor.fetchall()
        cursor.execute(
            "INSERT INTO provider_answers (sha256, provider, reference, body) VALUES (%s, 'sandbox', 'r', 'lie')",
            [sha256],
        )

    (finding,) = verified(restored).findings

    with psycopg2.connect(restored.settings.database_url) as login, login.cursor() as cursor:
        cursor.execute("DELETE FROM provider_answers")
    assert "was altered" in finding.what


def test_what_it_shows_has_no_names_and_no_errors(restored: Store, log: Notarised) -> None:
    wired = wire(restored.settings, wake=lambda: None)
    client = over(wired).anybody()
    properties = [row[0] for row in log.world.execute("SELECT property_id FROM listings WHERE status = 'published'")]

    asked = [client.get(f"/v1/properties/{each}") for each in properties]
    host = client.get(f"/v1/users/{log.world.host}")

    assert properties
    assert [answer.status_code for answer in asked] == [200] * len(properties)
    assert host.status_code == 404, "nobody is known by name"
    wired.database.close()
    wired.projecting.close()


def test_nothing_follows_twice_and_the_log_goes_on_under_its_name(restored: Store, log: Notarised) -> None:
    """Last: after it there is more in the restored store."""
    wired = wire(restored.settings, wake=lambda: None)
    before = wired.log.safe_position()
    for event in wired.log.read(0, before, 10_000):
        react(wired.lodger, event)
    assert wired.log.safe_position() == before == parsed(notes(log)[-1]).position
    Projector(wired.projecting, wired.log, catalogue.running(audit=True)).run()
    assert restored.table("mailings") == [], "nobody is written to again"

    register(wired.lodger, "newcomer")
    wire_notary(restored.settings).run()

    (newest,) = restored.rows("SELECT note FROM log_checkpoints ORDER BY size DESC LIMIT 1")
    new, old = parsed(json.loads(newest)["note"]), parsed(notes(log)[-1])
    assert (new.origin, new.position) == (old.origin, before + 1)
    assert verified(restored, notes(log)[-1]).findings == []
    files = sorted((Path(restored.settings.checkpoint_store)).rglob("*.checkpoint"))
    assert len(files) == len(notes(log)) + 1, "old checkpoints are outside, too"
    wired.database.close()
    wired.projecting.close()


def register(lodger: Lodger, name: str) -> None:
    user_id = lodger.new_id()
    call = Call(Actor("user", str(user_id)), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    users.register(lodger, call, user_id, users.Register(name, f"{name}@example.org", name, None))


# --- what is refused ------------------------------------------------------------------------------------------


def nothing_is_in(store: Store) -> bool:
    tables = ("events", "nights", "log_leaves", "log_checkpoints", "log_keys", "log_origin", "log_restorations")
    return not any(store.table(table) for table in tables)


@pytest.mark.parametrize(
    ("rewrite", "code", "what"),
    [
        (_edited, 3, "WRONG  position "),
        (_cut, 1, "between two checkpoints"),
        (_forged, 3, "is forged"),
        (_of_another_log, 1, "of another log"),
        (_bomb, 1, "beyond measure"),
    ],
)
def test_nothing_of_a_bad_bundle_is_written(
    empty: Store, whole: Path, tmp_path: Path, rewrite: Rewrite, code: int, what: str
) -> None:
    typed = imported(empty, rewritten(whole, tmp_path, rewrite))

    assert (typed.exit_code, nothing_is_in(empty)) == (code, True)
    assert what in f"{typed.output}{typed.exception}"


def test_nothing_of_a_cut_file_is_written(empty: Store, whole: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.zip"
    cut.write_bytes(whole.read_bytes()[:-500])

    assert imported(empty, cut).exit_code == 1
    assert nothing_is_in(empty)


def test_a_part_of_a_log_is_not_restored(empty: Store, log: Notarised, tmp_path: Path) -> None:
    later = imported(empty, written(log, tmp_path / "later.zip", 5))
    earlier = imported(empty, written(log, tmp_path / "earlier.zip", 1, 20))

    assert (later.exit_code, earlier.exit_code) == (1, 1)
    assert "is a part of a log, from event" in str(later.exception)
    assert "ends at event" in str(earlier.exception)
    assert nothing_is_in(empty)


def test_what_the_auditor_trusts_decides(empty: Store, log: Notarised, whole: Path, tmp_path: Path) -> None:
    stranger = ed25519.public_key(parsed(notes(log)[0]).origin, bytes(32)).text
    kept = tmp_path / "kept.checkpoint"
    kept.write_text(ed25519.sign(replace(parsed(notes(log)[0]), origin="other.example/log"), bytes(32)))

    assert imported(empty, whole, "--key", stranger).exit_code == 3
    assert imported(empty, whole, "--since", str(kept)).exit_code == 1
    assert nothing_is_in(empty)


def test_a_log_is_not_restored_over_another_one(original: Store, whole: Path) -> None:
    before = original.table("events")

    typed = imported(original, whole)

    assert typed.exit_code == 1
    assert "This store is not empty" in str(typed.exception)
    assert original.table("events") == before


def test_a_login_that_does_not_migrate_is_told_so(empty: Store, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_writer(settings: Settings) -> Reading:
        owner = wire_owner(settings)
        return replace(owner, database=Database(settings.database_url, pool_size=1))

    monkeypatch.setattr("infrastructure.cli.import_audit.wire_owner", as_writer)

    typed = imported(empty, whole)

    assert typed.exit_code == 1
    assert "Take the one that migrates" in str(typed.exception)
    assert nothing_is_in(empty)


def test_an_event_that_this_version_does_not_know_leaves_nothing(
    postgres: Databases, empty: Store, tmp_path: Path
) -> None:
    """The verifier passes over types that it does not know; whoever restores them could never read the log."""
    newer = Store(settings_for(postgres.create(), checkpoint_store=str(tmp_path / "outside")))
    with psycopg2.connect(newer.settings.database_url) as login, login.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events (partition_key, stream_id, version, type, schema_version, data, meta)
               SELECT id, id, 1, 'BedMadeItself', 1, '{}', '{}' FROM gen_random_uuid() AS id"""
        )
    wire_notary(newer.settings).run()
    file = exported(newer, tmp_path / "newer.zip")

    typed = imported(empty, file)

    assert typed.exit_code == 1
    assert "cannot read BedMadeItself" in str(typed.exception)
    assert nothing_is_in(empty)


def test_an_interruption_at_the_very_end_leaves_nothing_and_the_next_try_succeeds(
    postgres: Databases, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(settings_for(postgres.create(), checkpoint_store=str(tmp_path / "outside")))
    follow = _Restoration._follow

    def interrupted(restoration: _Restoration) -> None:
        follow(restoration)
        raise KeyboardInterrupt

    monkeypatch.setattr(_Restoration, "_follow", interrupted)
    assert imported(store, whole).exit_code == 130
    assert nothing_is_in(store)
    assert store.rows("SELECT is_called FROM events_position_seq") == ['{"is_called":false}']

    # Without the keys of people: listings are made all the same, without their words.
    monkeypatch.setattr(_Restoration, "_follow", follow)
    monkeypatch.setattr(catalogue, "running", lambda *, audit: [LISTINGS])
    assert imported(store, whole).exit_code == 0
    assert store.table("listings")
    postgres.drop(store.settings.database_url)

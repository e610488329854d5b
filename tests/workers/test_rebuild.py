"""Rebuilding a read model from the log, beside the one that people read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from threading import Event as Flag
from threading import Thread
from time import sleep

import psycopg2
import pytest
from hypothesis import given, settings

from domain.events import Event
from infrastructure.refusals import Refused
from infrastructure.workers import folding
from infrastructure.workers.folding import fold_into
from infrastructure.workers.projector import Projector
from infrastructure.workers.rebuild import discard, rebuild, rollback
from projections import positions
from projections.bookings import BOOKINGS
from projections.catalogue import PROJECTIONS
from projections.ledger import LEDGER
from projections.listings import LISTINGS
from projections.mailings import MAILINGS
from projections.projection import Cursor, Projection
from projections.trail import TRAIL
from tests.support.effort import effort, is_long
from tests.support.lives import Lives, happenings
from tests.support.projection_checkers import connected, unlike_rebuilt
from tests.support.world import World

REBUILDABLE = [projection for projection in PROJECTIONS.values() if projection.rebuildable]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A confirmed booking, and every projection up to date."""
    world = World(database_url)
    world.confirmed(world.listing())
    project(world)
    yield world
    world.close()


@pytest.fixture(scope="module")
def lives(shared_database_url: str) -> Iterator[Lives]:
    world = World(shared_database_url)
    yield Lives(world)
    world.close()


def project(world: World) -> None:
    Projector(world.wired.projecting, world.log, list(PROJECTIONS.values())).run()


def rows(world: World, table: str) -> list[str]:
    return [row for (row,) in world.execute(f"SELECT t::text FROM {table} t ORDER BY 1")]


# --- what is made ---------------------------------------------------------------------------------------------


@settings(effort(), max_examples=40 if is_long() else 3)
@given(happenings)
def test_after_any_lives_every_rebuilt_read_model_is_the_one_that_was_there(
    lives: Lives, happened: list[tuple[str, int]]
) -> None:
    """One world in which life goes on from example to example: rebuilds always begin at its beginning."""
    for what, number in happened:
        lives.happen(what, number)
        if number > 5:
            project(lives.world)
    project(lives.world)
    world = lives.world
    for projection in REBUILDABLE:
        assert unlike_rebuilt(world.wired.projecting, world.log, projection) == [], projection.name


@pytest.mark.parametrize("projection", [each for each in REBUILDABLE if each.fold], ids=lambda each: str(each.name))
def test_what_is_folded_in_memory_is_what_applying_makes(lives: Lives, projection: Projection) -> None:
    """Also of the very same events: live rows may have been rebuilt before."""
    for turn in range(12):
        lives.happen(("hold", "pay", "cancel")[turn % 3], turn)
    project(lives.world)
    world = lives.world
    by_apply = replace(projection, fold=None)
    assert unlike_rebuilt(world.wired.projecting, world.log, by_apply) == []
    assert unlike_rebuilt(world.wired.projecting, world.log, projection) == []


def test_rows_that_are_of_many_partitions_are_folded_by_one_process(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding, "_WORTH_SHARING", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    connect = partial(connected, world.wired.settings.database_url)
    assert rebuild(world.wired.projecting, world.log, TRAIL, connect=connect).differences == []


@pytest.mark.slow
def test_a_long_log_is_folded_by_several_processes_and_one_whose_rebuild_is_over_adds_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):  # in partitions of both shares
        world.confirmed(world.listing())
    project(world)
    monkeypatch.setattr(folding, "_WORTH_SHARING", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    connect = partial(connected, world.wired.settings.database_url)
    rebuilt = rebuild(world.wired.projecting, world.log, LEDGER, connect=connect)
    assert rebuilt.differences == []
    assert len(rows(world, "ledger_entries")) > 10

    with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT prepare_rebuild(%s)", [list(LEDGER.tables)])
        nobody = folding.Helpers(connect, connection.get_backend_pid())
        with pytest.raises(Refused, match="is over"):
            fold_into(world.wired.projecting, world.log, LEDGER, "rebuilding", rebuilt.position, helpers=nobody)


def test_a_row_that_the_log_does_not_make_is_shown_and_replaced(world: World) -> None:
    world.execute("UPDATE listings SET title = 'forged'")
    rebuilt = rebuild(world.wired.projecting, world.log, LISTINGS)
    live, made = rebuilt.differences
    assert (live.table, live.only_in, live.count) == ("listings", "public", 1)
    assert (made.table, made.only_in, made.count) == ("listings", "rebuilding", 1)
    assert "forged" in live.rows[0]
    assert "A room" in made.rows[0]
    assert world.execute("SELECT title FROM listings") == [("A room",)]


def test_everything_about_the_tables_stays(world: World) -> None:
    """Rights, indexes, constraints, triggers, comments; the views of analysts show the new rows, to whom they did."""
    world.execute("""
        CREATE VIEW analytics.titles WITH (security_barrier) AS SELECT title FROM public.listings;
        ALTER VIEW analytics.titles OWNER TO lodger_owner;
        CREATE VIEW analytics.words AS SELECT upper(title) AS word FROM analytics.titles;
        COMMENT ON VIEW analytics.titles IS 'Kept.'""")
    before = described(world)
    for projection in REBUILDABLE:
        rebuild(world.wired.projecting, world.log, projection)
    assert described(world) == before
    assert (
        world.execute("""SELECT ev_class::regclass FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
        JOIN pg_class c ON c.oid = d.refobjid WHERE c.relnamespace = 'replaced'::regnamespace""")
        == []
    )
    world.execute("UPDATE listings SET title = 'New'")
    assert world.execute("SELECT word FROM analytics.words") == [("NEW",)]


def described(world: World) -> dict[object, tuple[object, ...]]:
    """Every table and view by its name: whose it is, who may do what, what is said of it, what it is made of."""
    found = world.execute("""
        SELECT oid::regclass, pg_get_userbyid(relowner), obj_description(oid, 'pg_class'), reloptions,
               (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(relacl) AS one),
               (SELECT array_agg(attname || ' ' || one ORDER BY attname, one::text)
                FROM pg_attribute, unnest(attacl) AS one WHERE attrelid = c.oid),
               (SELECT array_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attnum)
                FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
               CASE relkind WHEN 'r' THEN read_model_shape('public', relname) END
        FROM pg_class c
        WHERE relnamespace IN ('public'::regnamespace, 'analytics'::regnamespace) AND relkind IN ('r', 'v')""")
    return {row[0]: row[1:] for row in found}


def test_a_rebuild_sends_no_mail(world: World) -> None:
    before = rows(world, "mailings")
    for projection in REBUILDABLE:
        rebuild(world.wired.projecting, world.log, projection)
    assert rows(world, "mailings") == before
    with pytest.raises(Refused, match="an outbox"):
        rebuild(world.wired.projecting, world.log, MAILINGS)


def test_a_rebuild_takes_over_the_version_of_the_code_and_the_end_of_the_log(world: World) -> None:
    world.execute("UPDATE positions SET version = 0, position = 3, stopped_reason = 'out of date'")
    told: list[tuple[int, int]] = []
    rebuilt = rebuild(world.wired.projecting, world.log, LISTINGS, lambda done, whole: told.append((done, whole)))
    head = world.log.safe_position()
    assert (rebuilt.position, rebuilt.compared_at) == (head, None)
    assert told[-1] == (head, head)
    assert world.execute("SELECT version, position, stopped_reason FROM positions WHERE name = 'listings'") == [
        (LISTINGS.version, head, None)
    ]


def test_the_log_folds_up_to_any_position_into_tables_of_ones_own(world: World) -> None:
    """What the ledger said then, with nobody the wiser."""
    before = rows(world, "ledger_entries")
    upto = world.log.safe_position()
    world.confirmed(world.listing(), ("2026-08-01", "2026-08-03"))
    tables = list(LEDGER.tables)
    with world.wired.projecting.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT prepare_rebuild(%s)", [tables])
        index = partial(cursor.execute, "SELECT index_rebuild(%s)", [tables])
        fold_into(world.wired.projecting, world.log, LEDGER, "rebuilding", upto, indexed=index)
    assert rows(world, "rebuilding.ledger_entries") == before
    assert rows(world, "ledger_entries") == before


# --- while it is under way ------------------------------------------------------------------------------------


def test_people_read_and_workers_go_on_while_a_rebuild_is_under_way(world: World) -> None:
    seen: list[str] = []

    def look(point: str) -> None:
        """A booking more, which the workers show at once."""
        month = {"rebuild_folded": "08", "rebuild_compared": "09"}.get(point)
        if month:
            world.confirmed(world.listing(), (f"2026-{month}-01", f"2026-{month}-03"))
            project(world)
            seen.append(f"{len(rows(world, 'bookings'))} bookings {point}")

    rebuilt = rebuild(world.wired.projecting, world.log, BOOKINGS, reached=look)
    assert seen == ["2 bookings rebuild_folded", "3 bookings rebuild_compared"]
    assert rebuilt.differences == []
    assert len(rows(world, "bookings")) == 3
    assert rebuilt.position == world.log.safe_position()
    assert len(rows(world, "replaced.bookings")) == 3


def test_under_writes_and_readers_nothing_is_lost_and_no_read_fails(world: World) -> None:
    """Readers as the API has them, each statement by itself, across several switches."""
    stop, failures, counts = Flag(), list[Exception](), list[int]()

    def read() -> None:
        try:
            while not stop.is_set():
                with world.wired.database.connection() as connection, connection.cursor() as cursor:
                    cursor.execute("SELECT count(*) FROM bookings JOIN listings USING (property_id)")
                    ((count,),) = cursor.fetchall()
                    counts.append(count)
                sleep(0.001)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    def write() -> None:
        try:
            listing = world.listing()
            for turn in range(12):
                world.hold(listing, nights=(f"2027-01-{2 * turn + 1:02}", f"2027-01-{2 * turn + 2:02}"))
                project(world)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    others = [Thread(target=read), Thread(target=write)]
    for other in others:
        other.start()
    for _ in range(3):
        rebuild(world.wired.projecting, world.log, BOOKINGS)
        rebuild(world.wired.projecting, world.log, LISTINGS)
    others[1].join()
    stop.set()
    others[0].join()
    assert failures == []
    assert counts == sorted(counts)
    project(world)
    assert len(rows(world, "bookings")) == 13
    for projection in (BOOKINGS, LISTINGS):
        assert unlike_rebuilt(world.wired.projecting, world.log, projection) == []


def test_a_long_query_holds_up_the_switch_and_nobody_else(world: World) -> None:
    with closing(psycopg2.connect(world.wired.settings.database_url)) as analyst, analyst.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bookings")  # and its transaction stays open
        rebuilding = Thread(target=rebuild, args=[world.wired.projecting, world.log, BOOKINGS])
        rebuilding.start()
        for _ in range(5):
            sleep(0.1)
            assert len(rows(world, "bookings")) == 1
        assert rebuilding.is_alive()
        analyst.commit()
        rebuilding.join()
    assert len(rows(world, "replaced.bookings")) == 1


@pytest.mark.parametrize("altered", ["ADD COLUMN colour text", "ALTER COLUMN guests TYPE bigint"])
def test_tables_that_are_altered_meanwhile_are_not_switched_and_the_next_rebuild_has_them(
    world: World, altered: str
) -> None:
    before = rows(world, "bookings")

    def alter(point: str) -> None:
        if point == "rebuild_folded":
            world.execute(f"SET ROLE lodger_owner; ALTER TABLE bookings {altered}")

    with pytest.raises(Refused, match="the table bookings is not as the one in rebuilding any more"):
        rebuild(world.wired.projecting, world.log, BOOKINGS, reached=alter)
    assert len(rows(world, "bookings")) == len(before)
    rebuild(world.wired.projecting, world.log, BOOKINGS)
    assert unlike_rebuilt(world.wired.projecting, world.log, BOOKINGS) == []


def test_one_that_fails_leaves_the_rows_as_they_were_and_the_next_one_cleans_up(world: World) -> None:
    def fail(_cursor: Cursor, _events: Sequence[Event]) -> None:
        raise ZeroDivisionError

    before = rows(world, "listings")
    with pytest.raises(ZeroDivisionError):
        rebuild(world.wired.projecting, world.log, replace(LISTINGS, apply=fail, fold=None))
    assert rows(world, "listings") == before
    assert world.execute("SELECT to_regclass('rebuilding.listings') IS NOT NULL") == [(True,)]
    rebuild(world.wired.projecting, world.log, LISTINGS)
    assert world.execute("SELECT to_regclass('rebuilding.listings') IS NOT NULL") == [(False,)]


def test_one_at_a_time(world: World) -> None:
    def again(point: str) -> None:
        if point == "rebuild_folded":
            with pytest.raises(Refused, match="listings is being rebuilt already"):
                rebuild(world.wired.projecting, world.log, LISTINGS)
            rebuild(world.wired.projecting, world.log, BOOKINGS)

    rebuild(world.wired.projecting, world.log, LISTINGS, reached=again)


# --- the way back ---------------------------------------------------------------------------------------------


def test_rolled_back_the_rows_from_before_are_there_again_with_what_has_happened_since(world: World) -> None:
    world.execute("UPDATE bookings SET guests = 7")
    rebuild(world.wired.projecting, world.log, BOOKINGS)
    world.confirmed(world.listing(), ("2026-08-01", "2026-08-03"))
    project(world)
    standing = rollback(world.wired.projecting, world.log, BOOKINGS)
    assert world.execute("SELECT guests FROM bookings ORDER BY created_at") == [(7,), (2,)]
    assert standing.position == world.log.safe_position()
    with pytest.raises(Refused, match="No tables of bookings are kept"):
        rollback(world.wired.projecting, world.log, BOOKINGS)


def test_rolled_back_to_another_version_rows_wait_for_workers_of_that_version(world: World) -> None:
    newer = replace(BOOKINGS, version=BOOKINGS.version + 1)
    at = world.log.safe_position()
    rebuild(world.wired.projecting, world.log, newer)
    world.confirmed(world.listing(), ("2026-08-01", "2026-08-03"))
    Projector(world.wired.projecting, world.log, [newer]).run()
    standing = rollback(world.wired.projecting, world.log, newer)
    assert (standing.version, standing.position) == (BOOKINGS.version, at)
    project(world)
    assert len(rows(world, "bookings")) == 2


def test_what_was_replaced_goes_when_it_is_asked_for_and_with_the_next_rebuild(world: World) -> None:
    world.execute("UPDATE bookings SET guests = 7")
    rebuild(world.wired.projecting, world.log, BOOKINGS)
    rebuild(world.wired.projecting, world.log, BOOKINGS)
    assert world.execute("SELECT guests FROM replaced.bookings") == [(2,)]
    discard(world.wired.projecting, BOOKINGS)
    assert world.execute("SELECT to_regclass('replaced.bookings')") == [(None,)]
    with pytest.raises(Refused, match="No tables of bookings are kept"):
        rollback(world.wired.projecting, world.log, BOOKINGS)


def test_position_and_rows_change_places_together(world: World) -> None:
    """Whoever sends a position reads rows that have come so far, before, while and after."""
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        before = positions.reached(cursor, "bookings")
        rebuild(world.wired.projecting, world.log, BOOKINGS)
        assert positions.reached(cursor, "bookings") >= before

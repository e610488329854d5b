"""What another marketplace's snapshots still say of somebody who was erased is not brought in again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from application import erasure
from application.imported_listings import Noted, property_id_of, user_id_of
from domain.events import Actor
from domain.rejections import Rejected
from infrastructure.workers.erasures import forget_people
from infrastructure.workers.projector import Projector
from projections import catalogue
from tests.imports.city import in_larkville, listing, review, write
from tests.imports.larkville import FOURTEENTH, TENTH, count, imported, results, the_property
from tests.support.world import World

MARK = "canary"
SAID = [listing("3", host_id="12", name=MARK, description=MARK, host_name=MARK), listing("7", host_id="14")]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """The clock shows the day of the made-up city's first snapshot."""
    world = in_larkville(World(database_url, datetime(2025, 1, 10, 12, 0, tzinfo=UTC)))
    yield world
    world.close()


def forget(world: World, user_id: UUID, erase: Callable[..., object] = erasure.erase) -> None:
    """Somebody is erased by an operator, and the workers have seen to it."""
    projector = Projector(world.wired.projecting, world.log, catalogue.running(audit=False))
    projector.run()
    erase(world.lodger, world.call(actor=Actor("operator", "test", "asked for by letter")), user_id)
    world.react()
    projector.run()
    forget_people(world.lodger)
    projector.run()


def test_a_forgotten_host_stays_forgotten_and_the_others_are_imported_as_ever(world: World, tmp_path: Path) -> None:
    imported(world, write(tmp_path / "larkville", TENTH, SAID, {}))
    forget(world, user_id_of("12"))
    before = count(world)

    changed = [listing("3", host_id="12", name=f"{MARK} anew"), listing("9", host_id="12", name=MARK), SAID[1]]
    outcomes = imported(world, write(tmp_path / "larkville", FOURTEENTH, changed, {}))

    assert results(outcomes) == {"7": "unchanged"}
    notes = [each for each in outcomes if isinstance(each, Noted)]
    assert [(each.external_id, "erased" in each.note) for each in notes] == [("3", True), ("9", True)]
    assert count(world) == before
    gone = the_property(world, "3")
    assert gone.is_erased
    assert gone.details is not None
    assert (gone.details.title, gone.details.description) == ("", "")
    assert gone.source is not None
    assert gone.source.external_id == ""
    assert not world.lodger.read(property_id_of("9")).in_order()


def test_a_reviewer_without_an_account_is_forgotten_by_the_id_that_their_reviews_show(
    world: World, tmp_path: Path
) -> None:
    said = [review("900", "7", comments=MARK), review("901", "7", reviewer_id="502", comments="Theirs stays.")]
    folder = write(tmp_path / "larkville", TENTH, [SAID[1]], {}, said)
    imported(world, folder)

    forget(world, user_id_of("501"))
    imported(world, folder)

    assert comments(world) == {"", "Theirs stays."}
    assert MARK not in repr(world.events())
    said = [*said, review("902", "7", comments=f"{MARK} anew")]
    before = count(world)
    imported(world, write(tmp_path / "larkville", FOURTEENTH, [SAID[1]], {}, said))
    assert count(world) == before, "nothing of theirs is brought in again"


def test_who_is_quoted_nowhere_is_nobody_to_forget(world: World) -> None:
    with pytest.raises(Rejected) as refusal:
        forget(world, user_id_of("501"))
    assert refusal.value.code == "user_not_found"


def test_a_restored_backup_has_the_reviewer_erased_again(world: World, tmp_path: Path) -> None:
    """It has their reviews and their key, and no word of their erasure: the list that was kept outside names them."""
    imported(world, write(tmp_path / "larkville", TENTH, [SAID[1]], {}, [review("900", "7", comments=MARK)]))
    forget(world, user_id_of("501"), erasure.erase_again)
    assert comments(world) == {""}


def comments(world: World) -> set[str]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT comment FROM reviews")
        return {comment for (comment,) in cursor.fetchall()}


def test_what_was_remembered_of_their_listings_is_gone_and_is_not_remembered_anew(world: World, tmp_path: Path) -> None:
    folder = write(tmp_path / "larkville", TENTH, SAID, {})
    imported(world, folder)
    forget(world, user_id_of("12"))
    imported(world, folder)
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT external_id FROM imported_listings")
        assert cursor.fetchall() == [("7",)]

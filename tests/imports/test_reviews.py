"""What guests wrote elsewhere comes in with the listings: as it is, once, and nobody by name."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from application import reviews
from application.imported_listings import FileDamaged, Noted, Outcome, ReviewsImported, property_id_of, user_id_of
from application.imported_reviews import review_id_of
from domain.events import Actor, Event
from domain.reviews import ReviewImported
from domain.scores import PropertyScoresImported, Scores
from infrastructure.workers.projector import Projector
from projections.projection import Page
from projections.reviews import REVIEWS, Entry, Rated, of_property, rated
from tests.imports.city import listing, put, review, run, write
from tests.imports.larkville import FOURTEENTH, TENTH, TWELFTH, count, events_since, imported, refused
from tests.support.world import World

SCORED = {"number_of_reviews": "2", "review_scores_rating": "4.75", "review_scores_cleanliness": "5.0"}
NONE = {"number_of_reviews": "0", "review_scores_rating": "", "review_scores_cleanliness": ""}


def snapshot(folder: Path) -> Path:
    """Two listings on the 10th: two reviews of the first, by the same guest, and one of another that is not there."""
    return write(
        folder / "larkville-2025-01",
        TENTH,
        [listing("1", **SCORED), listing("2", host_id="12", **NONE)],
        {},
        [
            review("9007199254740993", "1", comments="Quiet.<br/><br/>We <b>slept</b> &amp; slept."),
            review("901", "1", date="2024-12-24"),
            review("902", "77", reviewer_id="503"),
        ],
    )


def added(outcomes: list[Outcome]) -> dict[str, int]:
    return {each.external_id: each.added for each in outcomes if isinstance(each, ReviewsImported)}


def of_reviews(events: list[Event]) -> list[Event]:
    """In the order in which they were written: one append's streams stand in that of their ids."""
    told = [(event.fact.written_on, event) for event in events if isinstance(event.fact, ReviewImported)]
    return [event for _, event in sorted(told, key=lambda each: each[0])]


def read(world: World, property_id: UUID) -> tuple[Page[Entry], Rated]:
    """What everybody reads of a property's reviews."""
    Projector(world.wired.projecting, world.log, [REVIEWS]).run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        return of_property(cursor, property_id), rated(cursor, "property", property_id)


def test_each_review_is_a_stream_of_its_own_in_the_propertys_partition(world: World, tmp_path: Path) -> None:
    outcomes = imported(world, snapshot(tmp_path))

    told = of_reviews(world.events())
    guest, host = user_id_of("501"), user_id_of("11")
    assert [(event.stream_id, event.version, event.partition_key, event.person_id) for event in told] == [
        (review_id_of("9007199254740993"), 1, property_id_of("1"), guest),
        (review_id_of("901"), 1, property_id_of("1"), guest),
    ]
    written = (property_id_of("1"), guest, host)
    assert [event.fact for event in told] == [
        ReviewImported("inside-airbnb", *written, "Quiet.\n\nWe slept & slept.", date(2024, 7, 1)),
        ReviewImported("inside-airbnb", *written, "Quiet at night.", date(2024, 12, 24)),
    ]
    assert added(outcomes) == {"1": 2}


def test_a_review_of_a_listing_that_is_not_in_the_snapshot_is_refused(world: World, tmp_path: Path) -> None:
    assert refused(imported(world, snapshot(tmp_path))) == [
        ("reviews.csv", 4, "77", "the listings name no such listing (the first of its reviews is at this line)")
    ]


def test_the_log_has_the_comment_for_whoever_has_the_key_and_the_name_not_at_all(world: World, tmp_path: Path) -> None:
    imported(world, snapshot(tmp_path))
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT data, meta FROM events WHERE type = 'ReviewImported'")
        stored = repr(cursor.fetchall())
    assert "Quiet" not in stored
    assert "Grace" not in repr(world.events())


def test_what_its_marketplace_averages_is_a_fact_of_the_property(world: World, tmp_path: Path) -> None:
    imported(world, snapshot(tmp_path))
    told = [event for event in world.events() if isinstance(event.fact, PropertyScoresImported)]
    assert [(event.stream_id, event.fact) for event in told] == [
        (property_id_of("1"), PropertyScoresImported("inside-airbnb", TENTH, 2, Scores(475, cleanliness=500)))
    ]


def test_imported_reviews_are_listed_by_their_day_and_count_as_their_marketplace_averages_them(
    world: World, tmp_path: Path
) -> None:
    imported(world, snapshot(tmp_path))

    page, total = read(world, property_id_of("1"))

    assert [(e.submitted_at, e.origin, e.ratings, e.booking_id) for e in page.items] == [
        (datetime(2024, 12, 24, tzinfo=UTC), "inside-airbnb", None, None),
        (datetime(2024, 7, 1, tzinfo=UTC), "inside-airbnb", None, None),
    ]
    assert (total.count, total.sums["overall"]) == (2, 950)
    assert (total.counts["cleanliness"], total.sums["cleanliness"], total.counts["value"]) == (2, 1000, 0)
    assert read(world, property_id_of("2"))[1].count == 0


def test_the_same_folder_again_adds_nothing(world: World, tmp_path: Path) -> None:
    folder = snapshot(tmp_path)
    imported(world, folder)
    before = count(world)
    assert added(imported(world, folder)) == {"1": 0}
    assert count(world) == before


def test_a_later_snapshot_adds_what_is_new_and_keeps_what_it_no_longer_shows(world: World, tmp_path: Path) -> None:
    imported(world, snapshot(tmp_path))
    before = count(world)
    later = write(
        tmp_path / "larkville-2025-02",
        TWELFTH,
        [listing("1", **(SCORED | {"number_of_reviews": "3", "review_scores_rating": "4.67"})), listing("2", **NONE)],
        {},
        [review("901", "1", comments="Edited since."), review("903", "1", reviewer_id="502", date="2025-01-11")],
    )

    outcomes = imported(world, later)

    assert added(outcomes) == {"1": 1}
    assert [event.fact.TOPIC for event in events_since(world, before)] == ["PropertyScoresImported", "ReviewImported"]
    page, total = read(world, property_id_of("1"))
    assert [entry.review_id for entry in page.items] == [review_id_of(i) for i in ("903", "901", "9007199254740993")]
    assert "Edited since." not in {entry.comment for entry in page.items}
    assert (total.count, total.sums["overall"]) == (3, 1401)


def test_what_an_operator_removed_does_not_come_again(world: World, tmp_path: Path) -> None:
    folder = snapshot(tmp_path)
    imported(world, folder)
    operator = world.call(actor=Actor("operator", "test", "hateful"))
    reviews.remove(world.lodger, operator, review_id_of("901"))

    assert added(imported(world, folder)) == {"1": 0}
    page, total = read(world, property_id_of("1"))
    assert [entry.review_id for entry in page.items] == [review_id_of("9007199254740993")]
    assert total.count == 2, "the marketplace's average still has it, and says so"


def test_with_a_limit_only_the_reviews_of_those_listings_come(world: World, tmp_path: Path) -> None:
    said = [review("900", "1"), review("901", "2")]
    folder = write(tmp_path / "larkville", TENTH, [listing("1"), listing("2")], {}, said)
    assert added(imported(world, folder, limit=1)) == {"1": 1}


def test_what_cannot_be_read_is_reported_and_the_rest_comes_in(world: World, tmp_path: Path) -> None:
    said = [
        review("900", "1", date="soon"),
        review("x", "1"),
        review("902", "1", reviewer_id=""),
        review("903", "1", comments="y" * 6_000),
        review("904", "1", comments=""),
    ]
    folder = write(tmp_path / "larkville", TENTH, [listing("1", **(SCORED | {"review_scores_rating": "97"}))], {}, said)

    outcomes = imported(world, folder)

    assert refused(outcomes) == [
        ("reviews.csv", 2, "1", "date 'soon' is not a date"),
        ("reviews.csv", 3, "1", "id 'x' is not an id"),
        ("reviews.csv", 4, "1", "reviewer_id '' is not an id"),
    ]
    assert [(each.file, each.note) for each in outcomes if isinstance(each, Noted)] == [
        ("listings.csv", "review_scores_rating '97' left out: not from 1 to 5"),
        ("reviews.csv", "comment cut to 5000 characters"),
    ]
    assert added(outcomes) == {"1": 2}


def test_a_file_without_texts_is_left_out_with_a_note(world: World, tmp_path: Path) -> None:
    folder = write(tmp_path / "larkville", TENTH, [listing("1")], {})
    put(folder, "reviews", "listing_id,date\n1,2024-07-01\n")
    notes = [each for each in imported(world, folder) if isinstance(each, Noted)]
    assert [note.file for note in notes] == ["reviews"]
    assert "has no column id, reviewer_id, comments" in notes[0].note


def test_a_damaged_file_ends_after_what_could_be_read(world: World, tmp_path: Path) -> None:
    said = [review(f"{n}", "1", comments=f"{n * 7919:x}" * 40) for n in range(1, 400)]
    folder = write(tmp_path / "larkville", TENTH, [listing("1")], {}, said, gzipped=True)
    file = folder / "reviews.csv.gz"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])

    outcomes = imported(world, folder)

    assert [each.file for each in outcomes if isinstance(each, FileDamaged)] == ["reviews.csv.gz"]
    assert 0 < sum(each.added for each in outcomes if isinstance(each, ReviewsImported)) < 399


@pytest.mark.parametrize("mixed", [False, True], ids=["listing by listing", "in any order"])
def test_a_long_file_is_appended_in_pieces(world: World, tmp_path: Path, mixed: bool) -> None:
    said = [review(f"{n}", str(1 + n % 2), reviewer_id=f"{n % 7}") for n in range(1, 251)]
    ordered = said if mixed else sorted(said, key=lambda row: row["listing_id"])
    folder = write(tmp_path / "larkville", FOURTEENTH, [listing("1"), listing("2")], {}, ordered)

    outcomes = run(world.wired, world.lodger, folder)

    pieces = [each for each in outcomes if isinstance(each, ReviewsImported)]
    assert [(each.external_id, each.rows) for each in pieces if each.external_id == "1"] == [("1", 100), ("1", 25)]
    assert sum(each.added for each in pieces) == 250 == len(of_reviews(world.events()))

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import psycopg2
import pytest

from application.ports import Claim, Nights, NightsChange, NightsTaken
from infrastructure.database import Connection, Database
from infrastructure.event_store.application import Events
from tests.event_store.facts import NOW, noted
from tests.support.checkers import deadlocks, overlapping_nights

HOME = uuid4()


def stay(first: str, until: str, *, claim: UUID | None = None, held_until: datetime | None = None) -> Nights:
    return Nights(HOME, claim or uuid4(), date.fromisoformat(first), date.fromisoformat(until), "stay", held_until)


def block(first: str, until: str) -> Nights:
    return replace(stay(first, until), kind="block")


def take(events: Events, *nights: Nights, give_back: tuple[UUID, ...] = ()) -> None:
    events.append([noted(uuid4(), 1)], nights=NightsChange(give_back, nights))


def taken(events: Events) -> list[tuple[str, str, str]]:
    claims = events.claims(HOME, date(2030, 1, 1), date(2031, 1, 1))
    return [(claim.first.isoformat(), claim.until.isoformat(), claim.kind) for claim in claims]


def test_an_overlapping_stay_is_refused_with_the_claim_in_the_way_and_no_event(events: Events) -> None:
    first = stay("2030-03-01", "2030-03-05", held_until=NOW)
    take(events, first)
    rival = uuid4()

    with pytest.raises(NightsTaken) as refused:
        events.append([noted(rival, 1)], nights=NightsChange(take=[stay("2030-03-04", "2030-03-06")]))

    assert refused.value.by == [Claim(first.claim_id, date(2030, 3, 1), date(2030, 3, 5), "stay", NOW)]
    assert events.load([rival])[rival] == []
    assert taken(events) == [("2030-03-01", "2030-03-05", "stay")]


def test_back_to_back_stays_are_fine(events: Events) -> None:
    take(events, stay("2030-03-01", "2030-03-05"))

    take(events, stay("2030-03-05", "2030-03-08"))
    take(events, stay("2030-02-27", "2030-03-01"))

    assert len(taken(events)) == 3


def test_other_homes_are_other_nights(events: Events) -> None:
    take(events, stay("2030-03-01", "2030-03-05"))

    take(events, replace(stay("2030-03-01", "2030-03-05"), property_id=uuid4()))


def test_blocks_overlap_each_other(events: Events) -> None:
    take(events, block("2030-03-01", "2030-03-05"))

    take(events, block("2030-03-02", "2030-03-04"), block("2030-03-04", "2030-03-09"))

    assert [kind for *_, kind in taken(events)] == ["block"] * 3


def test_a_block_and_a_stay_never_overlap(events: Events) -> None:
    take(events, stay("2030-03-01", "2030-03-05"), block("2030-04-01", "2030-04-05"))

    with pytest.raises(NightsTaken) as in_the_way_of_a_block:
        take(events, block("2030-03-04", "2030-03-06"))
    with pytest.raises(NightsTaken) as in_the_way_of_a_stay:
        take(events, stay("2030-04-04", "2030-04-06"))

    assert [claim.kind for claim in in_the_way_of_a_block.value.by] == ["stay"]
    assert [claim.kind for claim in in_the_way_of_a_stay.value.by] == ["block"]


def test_a_block_in_the_way_of_nobody_is_not_named_when_a_stay_is(events: Events) -> None:
    take(events, block("2030-03-01", "2030-03-03"), stay("2030-03-03", "2030-03-05"))

    with pytest.raises(NightsTaken) as refused:
        take(events, block("2030-03-01", "2030-03-05"))

    assert [claim.kind for claim in refused.value.by] == ["stay"]


def test_of_two_ranges_with_one_taken_none_is(events: Events) -> None:
    take(events, stay("2030-03-10", "2030-03-12"))

    with pytest.raises(NightsTaken):
        take(events, stay("2030-03-01", "2030-03-03"), stay("2030-03-11", "2030-03-13"))

    assert taken(events) == [("2030-03-10", "2030-03-12", "stay")]


def test_a_claim_may_move_within_its_own_nights_in_one_append(events: Events) -> None:
    booking = uuid4()
    take(events, stay("2030-03-01", "2030-03-05", claim=booking, held_until=NOW))

    take(events, stay("2030-03-03", "2030-03-07", claim=booking), give_back=(booking,))

    assert taken(events) == [("2030-03-03", "2030-03-07", "stay")]
    (claim,) = events.claims(HOME, date(2030, 3, 1), date(2030, 4, 1))
    assert claim.held_until is None


@pytest.mark.parametrize(
    ("first", "until"),
    [
        ("2030-03-01", "2030-03-06"),
        ("2030-02-28", "2030-03-05"),
        ("2030-03-02", "2030-03-06"),
        ("2030-03-01", "2030-03-04"),
    ],
    ids=["a night later", "a night earlier", "moved by a night", "a night less"],
)
def test_an_alteration_by_one_night_is_not_in_its_own_way(events: Events, first: str, until: str) -> None:
    booking, before, behind = uuid4(), stay("2030-02-20", "2030-02-28"), stay("2030-03-06", "2030-03-09")
    take(events, stay("2030-03-01", "2030-03-05", claim=booking), before, behind)

    take(events, stay(first, until, claim=booking), give_back=(booking,))

    assert (first, until, "stay") in taken(events)
    assert booking in [claim.claim_id for claim in events.claims(HOME, date(2030, 2, 1), date(2030, 4, 1))]


def test_two_stays_swap_their_nights_in_one_append(events: Events, database_url: str) -> None:
    one, other = uuid4(), uuid4()
    take(events, stay("2030-03-01", "2030-03-04", claim=one), stay("2030-03-04", "2030-03-05", claim=other))

    swapped = stay("2030-03-02", "2030-03-05", claim=one), stay("2030-03-01", "2030-03-02", claim=other)
    take(events, *swapped, give_back=(one, other))

    claims = events.claims(HOME, date(2030, 3, 1), date(2030, 4, 1))
    assert [(claim.claim_id, claim.first, claim.until) for claim in claims] == [
        (other, date(2030, 3, 1), date(2030, 3, 2)),
        (one, date(2030, 3, 2), date(2030, 3, 5)),
    ]
    assert overlapping_nights(database_url) == []


def test_of_two_stays_one_cannot_take_the_others_nights_without_its_giving_them_back(events: Events) -> None:
    one, other = uuid4(), uuid4()
    take(events, stay("2030-03-01", "2030-03-04", claim=one), stay("2030-03-04", "2030-03-07", claim=other))

    with pytest.raises(NightsTaken) as refused:
        take(events, stay("2030-03-04", "2030-03-07", claim=one), give_back=(one,))

    assert [claim.claim_id for claim in refused.value.by] == [other]
    assert len(taken(events)) == 2


def test_an_alteration_to_two_ranges_of_which_one_is_taken_keeps_what_it_had(events: Events) -> None:
    booking = uuid4()
    take(events, stay("2030-03-01", "2030-03-05", claim=booking), stay("2030-03-20", "2030-03-22"))

    ranges = stay("2030-03-01", "2030-03-06", claim=booking), stay("2030-03-21", "2030-03-23", claim=booking)
    with pytest.raises(NightsTaken):
        take(events, *ranges, give_back=(booking,))

    assert taken(events) == [("2030-03-01", "2030-03-05", "stay"), ("2030-03-20", "2030-03-22", "stay")]


def test_a_block_taken_away_and_a_smaller_one_made_leave_the_rest_free(events: Events) -> None:
    whole = block("2030-03-01", "2030-03-09")
    take(events, whole)

    take(events, block("2030-03-01", "2030-03-03"), stay("2030-03-03", "2030-03-05"), give_back=(whole.claim_id,))

    assert taken(events) == [("2030-03-01", "2030-03-03", "block"), ("2030-03-03", "2030-03-05", "stay")]


def test_a_refused_move_keeps_the_old_nights(events: Events) -> None:
    booking = uuid4()
    take(events, stay("2030-03-01", "2030-03-05", claim=booking), stay("2030-03-05", "2030-03-07"))

    with pytest.raises(NightsTaken):
        take(events, stay("2030-03-03", "2030-03-06", claim=booking), give_back=(booking,))

    assert ("2030-03-01", "2030-03-05", "stay") in taken(events)


def test_nights_given_back_are_free(events: Events) -> None:
    booking = uuid4()
    take(events, stay("2030-03-01", "2030-03-03", claim=booking), stay("2030-03-05", "2030-03-07", claim=booking))

    take(events, give_back=(booking,))

    assert taken(events) == []


INSERT = "INSERT INTO nights VALUES (%s, gen_random_uuid(), {nights}, int8range(NULL, NULL))"


def test_plain_sql_cannot_overlap_either(events: Events, database: Database) -> None:
    take(events, stay("2030-03-01", "2030-03-05"))

    with database.connection() as connection, pytest.raises(psycopg2.errors.ExclusionViolation):
        _insert(connection, "daterange('2030-03-04', '2030-03-06')")


@pytest.mark.parametrize(
    ("nights", "refusal"),
    [
        ("'empty'", psycopg2.errors.CheckViolation),
        ("daterange('2030-03-04', '2030-03-04')", psycopg2.errors.CheckViolation),
        ("daterange('2030-03-04', NULL)", psycopg2.errors.CheckViolation),
        ("daterange(NULL, '2030-03-04')", psycopg2.errors.CheckViolation),
        ("daterange('2030-03-04', 'infinity')", (psycopg2.errors.CheckViolation, psycopg2.DataError)),
        ("daterange('-infinity', '2030-03-04')", (psycopg2.errors.CheckViolation, psycopg2.DataError)),
        ("NULL", psycopg2.errors.NotNullViolation),
        ("daterange('2030-01-01', '2031-01-02')", psycopg2.errors.CheckViolation),
    ],
)
def test_ranges_that_are_no_stay_are_refused(
    database: Database, nights: str, refusal: type[Exception] | tuple[type[Exception], ...]
) -> None:
    with database.connection() as connection, pytest.raises(refusal):
        _insert(connection, nights)


def test_a_year_of_nights_is_accepted(events: Events) -> None:
    take(events, stay("2030-01-01", "2031-01-01"))  # 365 nights


def test_two_hundred_concurrent_bookings_of_the_same_nights_give_one_and_no_deadlock(
    events: Events, database: Database, database_url: str
) -> None:
    def book(number: int) -> bool:
        # Each wants the same middle night, from both sides and in two pieces, so that claims cross each other.
        first = date(2030, 3, 1) + timedelta(days=number % 5)
        pieces = [stay(first.isoformat(), "2030-03-06"), stay("2030-03-06", f"2030-03-{7 + number % 3:02d}")]
        try:
            take(events, *(pieces if number % 2 else reversed(pieces)))
        except NightsTaken:
            return False
        return True

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(book, range(200))) == 1

    database.close()
    assert deadlocks(database_url) == 0
    assert overlapping_nights(database_url) == []


def test_claims_that_swap_nights_at_once_both_end_whole(events: Events, database_url: str) -> None:
    # Each gives its nights back and wants the other's: whoever deadlocks is tried again.
    one, other = uuid4(), uuid4()
    take(events, stay("2030-03-01", "2030-03-03", claim=one), stay("2030-03-03", "2030-03-05", claim=other))

    def swap(claim: UUID) -> None:
        for _ in range(5):
            try:
                take(events, stay("2030-03-01", "2030-03-05", claim=claim), give_back=(claim,))
            except NightsTaken:
                continue

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(swap, [one, other]))

    assert taken(events) == [("2030-03-01", "2030-03-03", "stay"), ("2030-03-03", "2030-03-05", "stay")]
    assert overlapping_nights(database_url) == []


def test_held_until_comes_back_in_utc(events: Events) -> None:
    take(events, stay("2030-03-01", "2030-03-02", held_until=NOW))

    (claim,) = events.claims(HOME, date(2030, 3, 1), date(2030, 3, 2))
    assert claim.held_until == NOW
    assert claim.held_until.tzinfo == UTC


def _insert(connection: Connection, nights: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT.format(nights=nights), [HOME])


def test_who_has_nights_of_many_homes_comes_with_their_events(events: Events) -> None:
    away, unknown = uuid4(), uuid4()
    early, late = stay("2030-03-01", "2030-03-05"), stay("2030-03-30", "2030-04-02", held_until=NOW)
    blocked = replace(block("2030-03-29", "2030-04-03"), property_id=away)
    events.append([noted(HOME, 1), noted(HOME, 2)], nights=NightsChange(take=[late, early]))
    events.append([noted(away, 1)], nights=NightsChange(take=[blocked]))
    march, april = (date(2030, 3, 1), date(2030, 4, 1)), (date(2030, 4, 1), date(2030, 5, 1))
    asked = [(HOME, *march), (away, *april), (HOME, *april), (HOME, *march), (unknown, *march)]

    told, claims = events.load_with_claims(asked, {HOME: 1, away: 0, unknown: 0})

    versions = {home: [event.version for event in of_it] for home, of_it in told.items()}
    assert versions == {HOME: [2], away: [1], unknown: []}
    first = Claim(early.claim_id, date(2030, 3, 1), date(2030, 3, 5), "stay", None)
    second = Claim(late.claim_id, date(2030, 3, 30), date(2030, 4, 2), "stay", NOW)
    assert claims == {
        (HOME, *march): [first, second],
        (HOME, *april): [second],
        (away, *april): [Claim(blocked.claim_id, date(2030, 3, 29), date(2030, 4, 3), "block", None)],
        (unknown, *march): [],
    }
    assert claims[HOME, *march] == events.claims(HOME, *march)


def test_who_asks_for_no_homes_is_told_of_none(events: Events) -> None:
    assert events.load_with_claims([], {}) == ({}, {})

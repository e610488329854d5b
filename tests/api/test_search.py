"""Searching over HTTP: what a plain loop finds, at the price that is quoted, and never for too long."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import count
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import flexible_stays
from domain.flexible_stays import FLEXIBLE_DAYS_MAX
from domain.stays import Stay
from projections.listings import LISTINGS
from projections.wanted import Search
from tests.api.people import host, listing, register
from tests.api.stack import Client, Stack, json_of
from tests.graph.asking import code
from tests.projections.search_oracle import SORTS, Expected, Place, expected, places, questions
from tests.support.effort import effort, is_long
from tests.support.tales import Tale

JUNE = date(2031, 6, 1)
"""As the clock of these tests says it."""

COUNTRIES = count()


@settings(effort(), max_examples=200 if is_long() else 8)
@given(there=places(JUNE), asked=st.lists(questions(JUNE), min_size=8, max_size=12), limit=st.integers(1, 4))
def test_every_page_over_http_is_what_a_plain_loop_finds(
    shared: Stack, there: list[Place], asked: list[Search], limit: int
) -> None:
    country = f"land {next(COUNTRIES)}"  # the other tests' listings are elsewhere
    here = [replace(place, location=replace(place.location, country=country)) for place in there]
    with shown(shared, here):
        for question in asked:
            named = question.place and re.sub("US$", country, question.place, flags=re.IGNORECASE)
            for sort in SORTS:
                wanted = replace(question, place=named, country=country, sort=sort)
                if sort == "distance" and wanted.around is None:
                    continue
                found, totals = pages(shared.anybody(), wanted, limit)
                hits = expected(here, wanted, shared.now())
                assert found == [seen(hit) for hit in hits]
                assert totals == {(len(hits), True)}


@contextmanager
def shown(stack: Stack, there: list[Place]) -> Iterator[None]:
    tale = Tale()
    for place in there:
        place.tell(tale)
    with stack.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        LISTINGS.apply(cursor, tale.events)
    try:
        yield
    finally:
        with stack.wired.projecting.transaction() as connection, connection.cursor() as cursor:
            ids = [place.id for place in there]
            for table in LISTINGS.tables:
                cursor.execute(f"DELETE FROM {table} WHERE property_id = ANY (%s::uuid[])", [ids])


def pages(client: Client, wanted: Search, limit: int) -> tuple[list[object], set[object]]:
    found, totals, cursor = list[object](), set[object](), None
    while True:
        asked = [*query(wanted), ("limit", limit), *([("cursor", cursor)] if cursor else [])]
        answer = client.get(f"/v1/properties?{urlencode(asked)}")
        assert answer.status_code == 200, answer.text
        body = json_of(answer)
        found += [(hit["id"], hit["stay"], hit["distance_km"]) for hit in body["properties"]]
        totals.add((body["total"]["count"], body["total"]["is_exact"]))
        cursor = body["next_cursor"]
        if cursor is None:
            return found, totals


def query(wanted: Search) -> list[tuple[str, object]]:
    """The search as a query string."""
    box, around = wanted.box, wanted.around
    names = ("place", "city", "country", "guests", "beds", "bedrooms", "currency", "sort")
    asked: list[tuple[str, object]] = [(name, value) for name in names if (value := getattr(wanted, name)) is not None]
    if wanted.text is not None:
        asked.append(("q", wanted.text))
    if box is not None:
        asked.append(
            ("bbox", ",".join(f"{e / 1e6:.6f}" for e in (box.west_e6, box.south_e6, box.east_e6, box.north_e6)))
        )
    if around is not None:
        asked += [("lat", f"{around.latitude_e6 / 1e6:.6f}"), ("lon", f"{around.longitude_e6 / 1e6:.6f}")]
        # Farther than anybody may ask for: then from everywhere.
        radius = None if around.radius_m is None else min(around.radius_m, 1_000_000)
        asked += [("radius_km", f"{radius / 1_000:.3f}")] if radius is not None else []
    asked += dates(wanted.stays)
    exponent = 2 if wanted.currency == "EUR" else 0
    for name, minor in (
        *(("price_min", wanted.price_from), ("price_max", wanted.price_to)),
        *(("total_min", wanted.total_from), ("total_max", wanted.total_to)),
    ):
        asked += [(name, f"{minor / 10**exponent:.{exponent}f}")] if minor is not None else []
    for name, values in (
        ("room_type", wanted.room_types),
        ("property_type", wanted.property_types),
        ("amenity", wanted.amenities),
    ):
        asked += [(name, value) for value in values]
    asked += [("instant", "true")] if wanted.instant else []
    asked += [("rating_min", f"{wanted.rating_from / 100:.2f}")] if wanted.rating_from is not None else []
    return asked


def dates(stays: tuple[Stay, ...]) -> list[tuple[str, object]]:
    """The stays by the words that a query string has for them."""
    if not stays:
        return []
    first, month = stays[0], stays[0].check_in.replace(day=1)
    for days in range(FLEXIBLE_DAYS_MAX + 1):
        if stays == flexible_stays.around(first, days):
            moved: list[tuple[str, object]] = [("flexible_days", days)] if days else []
            return [("check_in", first.check_in), ("check_out", first.check_out), *moved]
    if stays == flexible_stays.in_month(month, first.nights):
        return [("month", f"{month:%Y-%m}"), ("nights", first.nights)]
    assert stays == flexible_stays.weekends_in(month)
    return [("month", f"{month:%Y-%m}"), ("weekend", "true")]


def seen(hit: Expected) -> object:
    stay = hit.stay and {
        "check_in": hit.stay.check_in.isoformat(),
        "check_out": hit.stay.check_out.isoformat(),
        "total": hit.total and {"amount": hit.total.decimal(), "currency": hit.total.currency},
    }
    return str(hit.place.id), stay, None if hit.distance_m is None else hit.distance_m / 1_000


def test_a_hit_is_quoted_at_the_price_shown_and_says_how_fresh_it_is(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada, location=somewhere("Quoteville"))
    shared.run_workers()
    asked = "city=Quoteville&check_in=2031-07-03&check_out=2031-07-10&guests=2&flexible_days=1&facets=true"

    answer = json_of(shared.anybody().get(f"/v1/properties?{asked}"))

    (hit,) = answer["properties"]
    stay = hit["stay"]
    quoted = register(shared).post(
        "/v1/quotes",
        {"property": property_id, "check_in": stay["check_in"], "check_out": stay["check_out"], "guests": 2},
    )
    assert (stay["check_in"], stay["check_out"]) == ("2031-07-03", "2031-07-10")
    assert json_of(quoted)["total_price"] == stay["total"]
    assert answer["total"] == {"count": 1, "is_exact": True}
    assert answer["facets"]["room_types"] == {hit["room_type"]: 1}
    assert answer["as_of"]["position"] == shared.count("SELECT position FROM positions WHERE name = 'listings'")


def test_a_month_is_searched_for_a_weekend(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada, location=somewhere("Fridayton"))
    # Fridays of August 2031: the 1st, 8th, 15th, 22nd and 29th.
    blocked = ada.post(f"/v1/properties/{property_id}/blocks", {"from": "2031-08-01", "until": "2031-08-16"})
    assert blocked.status_code == 201, blocked.text
    shared.run_workers()

    answer = json_of(shared.anybody().get("/v1/properties?city=Fridayton&month=2031-08&weekend=true"))

    (hit,) = answer["properties"]
    assert (hit["stay"]["check_in"], hit["stay"]["check_out"]) == ("2031-08-22", "2031-08-24")


def test_no_search_takes_longer_than_it_may(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    edge = stack.app.extensions["lodger"]
    monkeypatch.setitem(
        stack.app.extensions, "lodger", replace(edge, options=replace(edge.options, search_seconds=0.2))
    )
    with stack.wired.projecting.transaction() as connection, connection.cursor() as cursor:
        cursor.execute("LOCK TABLE listings IN ACCESS EXCLUSIVE MODE")

        answer = stack.anybody().get("/v1/properties")
        of_the_graph = code(stack.anybody(), "{ properties { edges { cursor } } }")

    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/search-timed-out")
    assert of_the_graph == "search_timed_out"
    assert answer.headers["Retry-After"] == "1"
    assert stack.anybody().get("/v1/properties").status_code == 200


def test_a_cursor_is_of_its_own_search_and_nobody_elses(shared: Stack) -> None:
    ada = host(shared)
    for _ in range(2):
        listing(ada, location=somewhere("Cursorburg"))
    shared.run_workers()
    path = "/v1/properties?city=Cursorburg&limit=1&lat=0&lon=0&sort="
    cursor = json_of(shared.anybody().get(f"{path}distance"))["next_cursor"]
    assert cursor is not None

    for changed in (
        f"{path}rating&cursor={cursor}",
        f"{path}distance&guests=2&cursor={cursor}",
        f"{path}distance&cursor=A{cursor}",
    ):
        answer = shared.anybody().get(changed)
        assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/cursor-invalid")


def test_a_cursor_with_any_character_changed_is_refused(shared: Stack) -> None:
    ada = host(shared)
    for _ in range(2):
        listing(ada, location=somewhere("Forgerham"))
    shared.run_workers()
    path = "/v1/properties?city=Forgerham&limit=1"
    cursor = json_of(shared.anybody().get(path))["next_cursor"]

    for place, character in enumerate(cursor):
        other = ALPHABET[ALPHABET.index(character) - 32] if character in ALPHABET else ","
        answer = shared.anybody().get(f"{path}&cursor={cursor[:place]}{other}{cursor[place + 1 :]}")
        assert (answer.status_code, json_of(answer)["type"]) == (422, "/problems/cursor-invalid"), place
    assert len(json_of(shared.anybody().get(f"{path}&cursor={cursor}"))["properties"]) == 1


def test_what_comes_goes_and_changes_between_pages_neither_repeats_nor_hides_the_rest(shared: Stack) -> None:
    ada = host(shared)

    def costing(dollars: int) -> str:
        price = {"amount": f"{dollars}.00", "currency": "USD"}
        return listing(ada, location=somewhere("Keysetville"), price_per_night=price)

    def page(cursor: str = "") -> tuple[list[str], str | None]:
        shared.run_workers()
        answer = json_of(shared.anybody().get(f"/v1/properties?city=Keysetville&limit=2{cursor}"))
        return [hit["id"] for hit in answer["properties"]], answer["next_cursor"]

    first, second, third, fourth, fifth = (costing(dollars) for dollars in (10, 20, 30, 40, 50))
    seen, cursor = page()
    assert seen == [first, second]

    costing(5)  # before the place where the first page ended
    between = costing(35)
    assert ada.post(f"/v1/properties/{second}/unpublish").status_code == 200  # the very row that it ended with
    seen, cursor = page(f"&cursor={cursor}")
    assert seen == [third, between]
    assert ada.post(f"/v1/properties/{fourth}/unpublish").status_code == 200
    assert page(f"&cursor={cursor}") == ([fifth], None)


def test_a_box_crosses_the_date_line_and_a_circle_holds_a_pole(shared: Stack) -> None:
    ada = host(shared)

    def at(latitude: float, longitude: float) -> str:
        there = {**somewhere("Edgeton"), "zone": "UTC"}
        return listing(ada, location={**there, "coordinates": {"latitude": latitude, "longitude": longitude}})

    def found(query: str) -> dict[str, object]:
        hits = json_of(shared.anybody().get(f"/v1/properties?city=Edgeton&{query}"))["properties"]
        return {hit["id"]: hit["distance_km"] for hit in hits}

    west, east = at(-0.5, 179.9), at(0.5, -179.9)
    here, across = at(89.95, 10), at(89.95, -170)
    shared.run_workers()

    assert found("bbox=179,-1,-179,1").keys() == {west, east}
    assert found("bbox=-179,-1,179,1") == {}
    assert found("bbox=180,-1,180,1") == {}
    assert found("bbox=-180,89.9,180,90").keys() == {here, across}
    # 0.05 degrees of a circle of 6,371.009 km are 5.560 km.
    assert found("lat=90&lon=0&radius_km=5.56") == {here: 5.56, across: 5.56}
    assert found("lat=90&lon=0&radius_km=5.559") == {}
    # From one over the pole to the other it is twice that; 0.1 degrees beside the equator are 11.119 km.
    assert found("lat=89.95&lon=10&radius_km=12") == {here: 0.0, across: 11.12}
    assert found("lat=-0.5&lon=-180&radius_km=12") == {west: 11.119}


ALPHABET = ascii_uppercase + ascii_lowercase + digits + "-_"
"""Of base64url: two that are 32 apart differ in the first of their six bits, which always counts."""


def somewhere(city: str) -> dict[str, Any]:
    return {
        "address": "1 Creek Road",
        "city": city,
        "country": "US",
        "coordinates": {"latitude": 42.2173, "longitude": -73.8646},
    }

"""Calendars over HTTP: what hosts and others see of a night, linked calendars, and a property's own one."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from icalendar import Calendar, Event
from werkzeug.test import TestResponse

from domain.calendar_sync import Entry
from infrastructure.workers.calendars import read_linked_calendars
from tests.api.people import book, follow, host, listing, pay, register, stay, wait
from tests.api.stack import Client, Stack, json_of, running
from tests.calendars.shapes import calendar, days, feed
from tests.calendars.site import Site, answer

pytestmark = pytest.mark.slow

FIRST, UNTIL = "2031-06-12", "2031-06-15"


def link(client: Client, property_id: str, url: str) -> dict[str, Any]:
    linked = client.post(f"/v1/properties/{property_id}/calendar-feeds", {"name": "Airbnb", "url": url})
    assert linked.status_code == 201, linked.text
    return json_of(linked)


def feeds(client: Client, property_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json_of(client.get(f"/v1/properties/{property_id}/calendar-feeds"))["feeds"]
    return found


def sync(stack: Stack, client: Client, property_id: str, feed_id: str) -> dict[str, Any]:
    """Ask for it to be read, a minute later at the earliest, and let the worker do so."""
    wait(stack, minutes=1)
    asked = client.post(f"/v1/properties/{property_id}/calendar-feeds/{feed_id}/sync")
    assert asked.status_code == 202, asked.text
    read_linked_calendars(stack.wired.lodger)
    (found,) = [each for each in feeds(client, property_id) if each["id"] == feed_id]
    return found


def reasons(client: Client, property_id: str, first: str = FIRST, until: str = UNTIL) -> list[list[str]]:
    """Why each night is not available."""
    shown = json_of(client.get(f"/v1/properties/{property_id}/calendar?from={first}&to={until}"))
    return [[reason["kind"] for reason in night["reasons"]] for night in shown["nights"]]


def free(client: Client, property_id: str, first: str = FIRST, until: str = UNTIL) -> list[bool]:
    shown = json_of(client.get(f"/v1/properties/{property_id}/calendar?from={first}&to={until}"))
    assert all(night["reasons"] is None for night in shown["nights"])
    return [night["available"] for night in shown["nights"]]


def test_the_host_sees_why_a_night_is_taken_and_others_only_that_it_is(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada)
    confirmed = book(bob, property_id, "2031-06-12", "2031-06-13")
    pay(bob, confirmed)
    shared.run_workers()
    held = book(bob, property_id, "2031-06-13", "2031-06-14")
    ada.post(f"/v1/properties/{property_id}/blocks", {"from": "2031-06-14", "until": "2031-06-16"})
    feed_id = follow(shared, ada, property_id, Entry("a", date(2031, 6, 12), date(2031, 6, 15)))

    nights = json_of(ada.get(f"/v1/properties/{property_id}/calendar?from=2031-06-12&to=2031-06-17"))["nights"]

    (conflict, hold_conflict) = feeds(ada, property_id)[0]["conflicts"]
    assert [[(r["kind"], r["id"], r["feed"]) for r in night["reasons"]] for night in nights[:2]] == [
        [("stay", confirmed, None), ("conflict", conflict["id"], feed_id)],
        [("hold", held, None), ("conflict", hold_conflict["id"], feed_id)],
    ]
    assert [sorted(r["kind"] for r in night["reasons"]) for night in nights[2:]] == [
        ["block", "imported"],
        ["block"],
        [],
    ]
    assert {r["feed"] for r in nights[2]["reasons"] if r["kind"] == "imported"} == {feed_id}
    assert all(night["price_per_night"] == {"amount": "100.00", "currency": "USD"} for night in nights)
    for other in (shared.anybody(), bob, host(shared)):
        assert free(other, property_id, "2031-06-12", "2031-06-17") == [False] * 4 + [True]


def test_blocks_overlap_each_other_and_never_a_stay(shared: Stack) -> None:
    ada, bob = host(shared), register(shared, "bob")
    property_id = listing(ada)
    path = f"/v1/properties/{property_id}/blocks"
    one = json_of(ada.post(path, {"from": "2031-06-12", "until": "2031-06-14"}))["id"]
    other = json_of(ada.post(path, {"from": "2031-06-13", "until": "2031-06-15"}))["id"]
    assert bob.wish("/v1/bookings", stay(property_id, "2031-06-14", "2031-06-15")).status_code == 409

    assert ada.delete(f"{path}?id={other}").status_code == 204

    assert free(bob, property_id) == [False, False, True]
    book(bob, property_id, "2031-06-14", "2031-06-15")
    refused = ada.post(path, {"from": "2031-06-13", "until": "2031-06-15"})
    assert json_of(refused)["nights"] == [{"from": "2031-06-14", "until": "2031-06-15"}]
    assert ada.delete(f"{path}?id={one}").status_code == 204
    assert free(bob, property_id) == [True, True, False]


# --- linked calendars -----------------------------------------------------------------------------------


def test_a_linked_calendar_is_read_followed_and_told_of(stack: Stack, site: Site) -> None:
    ada = host(stack)
    property_id = listing(ada)
    linked = link(ada, property_id, site.url)
    assert (linked["name"], linked["site"], linked["attempted_at"]) == ("Airbnb", "127.0.0.1", None)
    assert "secret" not in ada.get(f"/v1/properties/{property_id}/calendar-feeds").text
    site.shows(calendar(days("a", "2031-06-12", "2031-06-14"), "UID:odd\nDTSTART:garbage"))

    read_linked_calendars(stack.wired.lodger)

    (found,) = feeds(ada, property_id)
    assert (found["entries"], found["error"], found["notes"]) == (1, None, ["1 entries cannot be understood."])
    assert found["read_at"] == found["attempted_at"] is not None
    assert reasons(ada, property_id) == [["imported"], ["imported"], []]
    before = stack.count_events()
    sync(stack, ada, property_id, linked["id"])
    assert stack.count_events() == before
    site.shows(calendar(days("a", "2031-06-13", "2031-06-15")))
    sync(stack, ada, property_id, linked["id"])
    assert free(stack.anybody(), property_id) == [True, False, False]
    assert ada.delete(f"/v1/properties/{property_id}/calendar-feeds/{linked['id']}").status_code == 204
    assert free(stack.anybody(), property_id) == [True] * 3
    assert feeds(ada, property_id) == []


def test_an_import_between_reading_and_writing_a_listing_breaks_no_edit(stack: Stack, site: Site) -> None:
    """The ETag is the version of what is shown, not of all that happened to the property."""
    ada = host(stack)
    property_id = listing(ada)
    link(ada, property_id, site.url)
    seen = ada.get(f"/v1/properties/{property_id}").headers["ETag"]
    site.shows(calendar(days("a", "2031-06-12", "2031-06-14")))
    read_linked_calendars(stack.wired.lodger)
    assert reasons(ada, property_id) == [["imported"], ["imported"], []]

    edit, stale = (ada.patch(f"/v1/properties/{property_id}", {"title": title}, If_Match=seen) for title in "ab")

    assert (edit.status_code, json_of(edit)["title"], stale.status_code) == (200, "a", 412)


@pytest.mark.parametrize("shape", ["airbnb", "vrbo", "booking_com", "google"])
def test_calendars_of_the_marketplaces_are_followed(database_url: str, site: Site, shape: str) -> None:
    """Nights by hand from the files; today is 1 June 2026. Check-in is at 15:00 in New York, check-out at 11:00."""
    expected = {
        "airbnb": ["2026-07-03/08", "2027-06-01/2028-05-31", "2028-05-31/06-01"],
        "vrbo": ["2026-07-10/13", "2026-07-20/21"],
        "booking_com": ["2026-06-01/03", "2026-08-15/22"],
        # Friends come at 18:00 and leave at 9:00; pottery at 18:00; the cleaner, noon to two, is in nobody's way.
        "google": ["2026-07-04/06", "2026-07-10/12", "2026-08-05/06", "2026-08-20/21", "2026-08-26/27"],
    }[shape]
    with running(database_url, LODGER_CLOCK="2026-06-01T12:00:00Z") as stack:
        ada = host(stack)
        property_id = listing(ada)
        site.shows(feed(shape))
        linked = link(ada, property_id, site.url)

        read_linked_calendars(stack.wired.lodger)

        (found,) = feeds(ada, property_id)
        assert (found["error"], found["notes"]) == (None, [])
        claims = stack.wired.lodger.log.claims(UUID(property_id), date(2026, 6, 1), date(2029, 6, 1))
        assert [(claim.first, claim.until) for claim in claims] == [_range(each) for each in expected]
        before = stack.count_events()
        sync(stack, ada, property_id, linked["id"])
        assert stack.count_events() == before


def _range(text: str) -> tuple[date, date]:
    """ "2026-07-03/08" or "2027-06-01/2028-05-31": the end may leave out what it has in common."""
    first, end = text.split("/")
    return date.fromisoformat(first), date.fromisoformat(first[: 10 - len(end)] + end)


@pytest.mark.parametrize(
    ("breaks", "code"),
    [
        (lambda site: site.breaks(), "answered_otherwise"),
        (lambda site: site.shows(b"<html>"), "not_a_calendar"),
        (lambda site: site.shows(b"x" * 3_000_000), "too_large"),
        (lambda site: setattr(site, "answering", answer(b"", 302, Location="file:///etc/passwd")), "address_refused"),
        (lambda site: setattr(site, "answering", lambda request: request.connection.close()), "unreachable"),
    ],
    ids=["500", "garbage", "large", "redirect", "broken"],
)
def test_a_calendar_that_cannot_be_read_says_so_and_keeps_its_nights(
    stack: Stack, site: Site, breaks: Callable[[Site], None], code: str
) -> None:
    ada = host(stack)
    property_id = listing(ada)
    site.shows(calendar(days("a", "2031-06-12", "2031-06-14")))
    feed_id = link(ada, property_id, site.url)["id"]
    read_linked_calendars(stack.wired.lodger)
    before = stack.count_events()

    breaks(site)
    found = sync(stack, ada, property_id, feed_id)

    assert found["error"]["code"] == code
    assert found["read_at"] < found["attempted_at"] < found["due_at"]
    assert reasons(ada, property_id) == [["imported"], ["imported"], []]
    assert stack.count_events() == before
    site.shows(calendar())
    assert sync(stack, ada, property_id, feed_id)["error"] is None
    assert free(stack.anybody(), property_id) == [True] * 3


def test_in_production_a_calendar_at_a_private_address_is_not_asked_for(database_url: str, site: Site) -> None:
    with running(database_url, LODGER_PRIVATE_ADDRESSES="false") as stack:
        ada = host(stack)
        path = f"/v1/properties/{listing(ada)}/calendar-feeds"
        for url in (site.url, site.url.replace("http:", "https:"), "https://169.254.169.254/", "https://[::1]/"):
            refused = ada.post(path, {"name": "Mine", "url": url})
            assert json_of(refused)["type"] == "/problems/feed-address-refused", url
        port = site.url.split(":")[2].split("/")[0]
        named = ada.post(path, {"name": "Mine", "url": f"https://localhost:{port}/"})
        assert named.status_code == 201  # a name is looked up when it is asked
        read_linked_calendars(stack.wired.lodger)
        assert json_of(ada.get(path))["feeds"][0]["error"]["code"] == "address_refused"
        assert site.requests == []


def test_a_conflict_is_shown_and_dismissed(stack: Stack, site: Site) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id, "2031-06-13", "2031-06-14")
    site.shows(calendar(days("a", "2031-06-12", "2031-06-15")))
    feed_id = link(ada, property_id, site.url)["id"]
    read_linked_calendars(stack.wired.lodger)

    ((conflict,),) = [each["conflicts"] for each in feeds(ada, property_id)]
    assert (conflict["booking"], conflict["from"], conflict["until"]) == (booking_id, "2031-06-13", "2031-06-14")
    assert reasons(ada, property_id) == [["imported"], ["hold", "conflict"], ["imported"]]
    path = f"/v1/properties/{property_id}/calendar-conflicts/{conflict['id']}/dismiss"
    assert bob.post(path).status_code == 404
    assert ada.post(path).status_code == 204
    assert ada.post(path).status_code == 204
    assert reasons(ada, property_id) == [["imported"], ["hold"], ["imported"]]

    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    assert free(bob, property_id) == [False, True, False]
    assert sync(stack, ada, property_id, feed_id)["conflicts"] == []
    assert free(bob, property_id) == [False] * 3


def test_linking_again_under_its_key_links_once(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    wanted = {"name": "Airbnb", "url": "https://calendars.example/1.ics"}
    path = f"/v1/properties/{property_id}/calendar-feeds"
    first, second = (ada.wish(path, wanted, key="once") for _ in range(2))
    assert first.text == second.text
    assert len(feeds(ada, property_id)) == 1
    assert shared.count(f"SELECT count(*) FROM answers WHERE body LIKE '%{wanted['url']}%'") == 0


def test_linked_calendars_are_their_hosts_alone(shared: Stack) -> None:
    ada, eve = host(shared), host(shared)
    property_id = listing(ada)
    feed_id = link(ada, property_id, "https://calendars.example/1.ics")["id"]
    path = f"/v1/properties/{property_id}"
    nothing = "01900000-0000-7000-8000-000000000000"
    asked: list[Callable[[Client], TestResponse]] = [
        lambda who: who.get(f"{path}/calendar-feeds"),
        lambda who: who.post(f"{path}/calendar-feeds", {"name": "x", "url": "https://calendars.example/2.ics"}),
        lambda who: who.post(f"{path}/calendar-feeds/{feed_id}/sync"),
        lambda who: who.delete(f"{path}/calendar-feeds/{feed_id}"),
        lambda who: who.post(f"{path}/calendar-conflicts/{nothing}/dismiss"),
        lambda who: who.post(f"{path}/calendar-address"),
        lambda who: who.delete(f"{path}/calendar-address"),
    ]
    before = shared.count_events()
    for each in asked:
        assert each(eve).status_code == 404
        assert each(shared.anybody()).status_code == 401
    assert shared.count_events() == before


# --- a property's own calendar -----------------------------------------------------------------------------


def publish(client: Client, property_id: str) -> str:
    """The path of a new address."""
    published = client.post(f"/v1/properties/{property_id}/calendar-address")
    assert published.status_code == 201, published.text
    url = str(json_of(published)["url"])
    return url[url.index("/v1/") :]


def test_the_own_calendar_shows_stays_and_blocks_as_whole_days_and_nothing_of_who(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id, "2031-06-12", "2031-06-14")
    pay(bob, booking_id)
    stack.run_workers()
    ada.post(f"/v1/properties/{property_id}/blocks", {"from": "2031-06-20", "until": "2031-06-22"})
    follow(stack, ada, property_id, Entry("a", date(2031, 7, 1), date(2031, 7, 3)))
    path = publish(ada, property_id)

    answered = stack.anybody().get(path, Accept="text/calendar")

    assert answered.mimetype == "text/calendar"
    events = [each for each in Calendar.from_ical(answered.data).subcomponents if isinstance(each, Event)]
    assert [(str(each["SUMMARY"]), each.start, each.end) for each in events] == [
        ("Reserved", date(2031, 6, 12), date(2031, 6, 14)),
        ("Not available", date(2031, 6, 20), date(2031, 6, 22)),
    ]  # what another calendar said is not repeated
    assert [set(each) for each in events] == [{"UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY"}] * 2
    for personal in ("bob", "host", "Cabin", "Creek", bob.id, ada.id):
        assert personal not in answered.text.replace(property_id, "")
    lines = answered.text.split("\r\n")
    assert "DTSTART;VALUE=DATE:20310612" in lines
    assert "DTEND;VALUE=DATE:20310614" in lines
    assert f"UID:{booking_id}@{property_id}" in "".join(lines).replace("\n ", "").replace(" ", "")


def test_the_own_calendar_is_the_same_bytes_until_something_changes(stack: Stack) -> None:
    ada, bob = host(stack), register(stack, "bob")
    property_id = listing(ada)
    booking_id = book(bob, property_id)
    pay(bob, booking_id)
    stack.run_workers()
    path = publish(ada, property_id)
    first = stack.anybody().get(path)
    wait(stack, minutes=60)

    later = stack.anybody().get(path)

    assert later.data == first.data
    assert first.headers["ETag"] == later.headers["ETag"]
    assert "max-age" in first.headers["Cache-Control"]
    assert stack.anybody().get(path, If_None_Match=first.headers["ETag"]).status_code == 304
    assert bob.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    changed = stack.anybody().get(path, If_None_Match=first.headers["ETag"])
    assert changed.status_code == 200
    assert "VEVENT" not in changed.text


def test_a_hold_that_lapsed_is_not_shown(stack: Stack) -> None:
    ada = host(stack)
    property_id = listing(ada)
    book(register(stack), property_id)
    path = publish(ada, property_id)
    assert "VEVENT" in stack.anybody().get(path).text
    wait(stack, minutes=15)
    assert "VEVENT" not in stack.anybody().get(path).text


def test_the_address_is_unguessable_replaced_and_revoked(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)
    first = publish(ada, property_id)
    token = re.fullmatch(r"/v1/calendars/([A-Za-z0-9_-]{32})\.ics", first)  # 32 × 6 = 192 bits
    assert token is not None
    assert shared.count("SELECT count(*) FROM published_calendars WHERE length(digest) = 32") >= 1
    with shared.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(p)::text FROM published_calendars p")
        assert token[1] not in str(cursor.fetchall())
    assert shared.anybody().get(first).status_code == 200

    second = publish(ada, property_id)

    assert second != first
    assert shared.anybody().get(first).status_code == 404
    assert shared.anybody().get(second).status_code == 200
    for _ in range(2):
        assert ada.delete(f"/v1/properties/{property_id}/calendar-address").status_code == 204
    assert shared.anybody().get(second).status_code == 404


def test_a_property_that_follows_its_own_calendar_blocks_nothing(stack: Stack, site: Site) -> None:
    """By way of another marketplace, say, that passes on what it was told."""
    ada, bob = host(stack), register(stack, "bob")
    property_id, other = listing(ada), listing(ada)
    book(bob, property_id, "2031-06-12", "2031-06-14")
    ada.post(f"/v1/properties/{property_id}/blocks", {"from": "2031-06-20", "until": "2031-06-22"})
    site.shows(stack.anybody().get(publish(ada, property_id)).data)
    for each in (property_id, other):
        link(ada, each, site.url)
    before = stack.count_events()

    read_linked_calendars(stack.wired.lodger)

    assert feeds(ada, property_id)[0]["conflicts"] == []
    assert reasons(ada, property_id, "2031-06-12", "2031-06-13") == [["hold"]]
    # Another property, the whole house of which this is a room, does follow it.
    assert reasons(ada, other, "2031-06-12", "2031-06-13") == [["imported"]]
    assert stack.count_events() == before + 1

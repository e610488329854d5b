"""Linked calendars are read by a worker though nobody asks for it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from application import calendar_feeds
from tests.calendars.shapes import calendar, days
from tests.calendars.site import Site
from tests.support.workers import Stage


@pytest.mark.slow
def test_a_worker_reads_a_linked_calendar_soon_after_it_was_linked(stage: Stage, site: Site) -> None:
    world = stage.world
    listing = world.listing()
    first = datetime.now(UTC).date() + timedelta(days=30)
    site.shows(calendar(days("a", str(first), str(first + timedelta(days=3)))))
    workers = stage.workers()
    call = world.call(world.host)
    calendar_feeds.link(world.lodger, call, listing, world.host, world.lodger.new_id(), "Airbnb", site.url)

    deadline = time.monotonic() + 20
    while not world.claims(listing) and time.monotonic() < deadline:
        time.sleep(0.1)

    assert len(world.claims(listing)) == 1
    assert len(site.requests) == 1
    workers.kill()

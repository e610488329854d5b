"""Freshness: from the commit of an event until the read models show it, with the real workers."""

from __future__ import annotations

import multiprocessing
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from itertools import count
from time import monotonic, sleep
from typing import Final
from uuid import UUID

from uuid_utils.compat import uuid7

from application.ports import NewPerson
from benchmarks import sample
from benchmarks.harness import Bench, Contender, Figures
from benchmarks.report import Bar, Report
from benchmarks.servers import disk_folder
from domain.events import Event
from domain.properties import NightsBlocked, NightsUnblocked, PropertyFact, PropertyPricingChanged
from domain.users import UserRegistered
from infrastructure.database import Database
from infrastructure.embedded.stack import Stack
from infrastructure.event_store.application import Events
from infrastructure.settings import Settings
from infrastructure.workers.waker import Waker
from tests.support.examples import BLOCK, GUEST, HELD, PRICING, PUBLISHED

RATES: Final = (5, 100, 400)
BAR_MS: Final = 25.0
WRITERS: Final = 8

_POLL_SECONDS: Final = 0.001
_LONGEST_SECONDS: Final = 10.0
_PRIVATE: Final = {"DATABASE_URL": "", "REDIS_URL": "", "LODGER_SMTP_URL": ""}
"""Whatever servers the environment names, these runs have their own."""


def run(bench: Bench) -> Report:
    """One process appends and wakes as the API does, another looks; between them are the stack's own workers."""
    context = multiprocessing.get_context("forkserver")
    with ExitStack() as opened:
        folder = opened.enter_context(disk_folder())
        stack = opened.enter_context(Stack(_PRIVATE, data=folder / "data"))
        _register_guest(stack.settings)
        processes = opened.enter_context(ProcessPoolExecutor(2, mp_context=context))
        contenders = [
            Contender(f"{rate} events/s", "ours", partial(_measure, processes, stack.settings, rate)) for rate in RATES
        ]
        found = bench.measure(contenders)
    fastest = found[contenders[-1].name]
    return Report(
        title="from commit to visible in the read models",
        columns=["", "p50 ms", "p99 ms", "appended/s"],
        rows=[
            [name, f"{figures['p50']:.1f}", f"{figures['p99']:.1f}", f"{figures['rate']:.0f}"]
            for name, figures in found.items()
        ],
        bars=[
            Bar(f"p99 ms at {RATES[-1]} events/s", fastest["p99"], BAR_MS, at_most=True),
            Bar(f"share of {RATES[-1]} events/s that was reached", fastest["rate"] / RATES[-1], 0.95),
        ],
        notes=[
            f"{WRITERS} threads append in turn: bookings held, nights blocked and given back, prices changed.",
            "Visible is what bookings and listings both show; looking takes up to 1 ms, which is in the figures.",
        ],
    )


def _measure(processes: ProcessPoolExecutor, settings: Settings, rate: int, seconds: float) -> Figures:
    begin = monotonic() + 0.5
    appending = processes.submit(append, settings, rate, begin, begin + seconds)
    looking = processes.submit(look, settings.database_url, appended_by=begin + seconds)
    appended, seen = appending.result(), looking.result()
    positions = [position for _, position in seen]
    delays = sorted(seen[bisect_left(positions, position)][0] - committed for committed, position in appended)
    return {
        "p50": 1e3 * delays[len(delays) // 2],
        "p99": 1e3 * delays[min(int(0.99 * len(delays)), len(delays) - 1)],
        "rate": len(appended) / (max(committed for committed, _ in appended) - begin),
    }


def _register_guest(settings: Settings) -> None:
    """Somebody to write to: mail goes to the sink as it always does."""
    with closing(Database(settings.database_url, pool_size=1)) as database:
        person = NewPerson(GUEST, "guest", "guest@example.org", "Guest", None, ())
        Events(database).append([sample.event(UserRegistered(), GUEST, partition=GUEST)], person=person)


# --- in processes of their own: instants are monotonic(), which processes share ---------------------------------


def append(settings: Settings, rate: int, begin: float, end: float) -> list[tuple[float, int]]:
    """Append at an even pace; returns when each event was committed, and its position."""
    with closing(Database(settings.database_url, pool_size=WRITERS)) as database:
        events, waker = Events(database), Waker(settings.redis_url)

        def write(writer: int) -> list[tuple[float, int]]:
            done: list[tuple[float, int]] = []
            happening = _life(uuid7())
            events.append([next(happening) for _ in PUBLISHED])
            for number in count(writer, WRITERS):
                due = begin + number / rate
                if due >= end:
                    return done
                sleep(max(0.0, due - monotonic()))
                position = events.append([next(happening)])
                done.append((monotonic(), position))
                waker.wake()
            raise AssertionError

        with ThreadPoolExecutor(WRITERS) as writers:
            return [commit for commits in writers.map(write, range(WRITERS)) for commit in commits]


def look(url: str, appended_by: float) -> list[tuple[float, int]]:
    """When the read models were first seen at each position, until they have all that was appended by then."""
    seen: list[tuple[float, int]] = [(0.0, 0)]
    with closing(Database(url, pool_size=1)) as database, database.connection() as connection:
        while True:
            ((position, head),) = connection.run_prepared(
                "look",
                """SELECT coalesce(min(position), 0), (SELECT last_value FROM events_position_seq)
                   FROM positions WHERE name = ANY ($1)""",
                [["bookings", "listings"]],
            )
            now = monotonic()
            if position > seen[-1][1]:
                seen.append((now, position))
            if now > appended_by + 0.1 and position >= head:
                return seen
            if now > appended_by + _LONGEST_SECONDS:
                raise TimeoutError(f"the read models stay at {position} of {head}")
            sleep(_POLL_SECONDS)


def _life(property_id: UUID) -> Iterator[Event]:
    """A property made and published; then, again and again, a booking, blocked nights, free nights, another price."""
    versions = count(1)

    def own(fact: PropertyFact) -> Event:
        return sample.event(fact, property_id, next(versions), property_id)

    yield from map(own, PUBLISHED)
    while True:
        yield sample.event(replace(HELD, property_id=property_id), uuid7(), partition=property_id)
        yield own(NightsBlocked((BLOCK,)))
        yield own(NightsUnblocked((BLOCK.block_id,)))
        yield own(PropertyPricingChanged(PRICING))

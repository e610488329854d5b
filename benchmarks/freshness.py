"""Freshness: from the commit of an event until the read models show it, with the real workers."""

from __future__ import annotations

import multiprocessing
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from time import monotonic, sleep
from typing import Final
from uuid import UUID

import psutil
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
from projections.catalogue import LATER
from tests.support.examples import BLOCK, GUEST, HELD, HOST, PRICING, PUBLISHED

RATES: Final = (5, 100, 400)
BAR_MS: Final = 25.0
WRITERS: Final = 8
WATCHED: Final = ("projections", "reactions", "postgres")

Instant = tuple[float, int]
"""A time of monotonic(), which processes share, and a position of the log."""

_POLL_SECONDS: Final = 0.002
_PATIENCE_SECONDS: Final = 10.0
_PRIVATE: Final = {"DATABASE_URL": "", "REDIS_URL": "", "LODGER_SMTP_URL": ""}
"""Whatever servers the environment names, these runs have their own."""

_PRODUCTION: Final = {
    "LODGER_SANDBOX": "false",
    "LODGER_CARD_PROVIDER": "none",
    "LODGER_MOBILE_MONEY_PROVIDER": "none",
    "LODGER_CLOCK": "system",
}
"""As in production: the sandbox's clock is asked of the database each time."""

_HELD_FOR: Final = timedelta(hours=1)
"""Expiring the bookings meanwhile would be as much work again, that nobody counts."""


def run(bench: Bench) -> Report:
    """A process of its own appends and wakes as the API does, this one looks; between them are the stack's workers."""
    context = multiprocessing.get_context("forkserver")
    with ExitStack() as opened:
        folder = opened.enter_context(disk_folder())
        stack = opened.enter_context(Stack({**_PRIVATE, **_PRODUCTION}, data=folder / "data"))
        _register_people(stack.settings)
        process = opened.enter_context(ProcessPoolExecutor(1, mp_context=context))
        contenders = [Contender(f"{rate} events/s", "ours", partial(_measure, process, stack, rate)) for rate in RATES]
        found = bench.measure(contenders)
    fastest = found[contenders[-1].name]
    return Report(
        title="from commit to visible in the read models",
        columns=[
            *("", "p50 ms", "p99 ms", "later: p50", "p99", "appended/s"),
            *(f"{process} CPU µs" for process in WATCHED),
        ],
        rows=[
            [
                name,
                *(f"{figures['p50']:.1f}", f"{figures['p99']:.1f}"),
                *(f"{figures['later p50']:.0f}", f"{figures['later p99']:.0f}", f"{figures['rate']:.0f}"),
                *(f"{figures[process]:,.0f}" for process in WATCHED),
            ]
            for name, figures in found.items()
        ],
        bars=[
            Bar(f"p99 ms at {RATES[-1]} events/s", fastest["p99"], BAR_MS, at_most=True),
            Bar(f"share of {RATES[-1]} events/s that was reached", fastest["rate"] / RATES[-1], 0.95),
        ],
        notes=[
            f"{WRITERS} threads append in turn: bookings held, nights blocked and given back, prices changed.",
            "Visible is what bookings and listings both show; looking takes up to 2 ms, which is in the figures.",
            "Later: all of what nobody waits for, which is gathered for 100 ms (mails, changes, books, trail).",
            "CPU is for one event: the reactions' has the mails sent meanwhile, PostgreSQL's the appends and looks.",
        ],
    )


def _measure(process: ProcessPoolExecutor, stack: Stack, rate: int, seconds: float) -> Figures:
    before = _cpu_seconds(stack)
    appending = process.submit(append, stack.settings, rate, seconds)
    seen = _look(stack.settings.database_url, appending)
    appended = appending.result()
    after = _cpu_seconds(stack)
    return {
        **_delays("", [(now, at_once) for now, at_once, _ in seen], appended),
        **_delays("later ", [(now, later) for now, _, later in seen], appended),
        "rate": len(appended) / seconds,
        **{name: 1e6 * (after[name] - before[name]) / len(appended) for name in WATCHED},
    }


def _delays(which: str, seen: Sequence[Instant], appended: Sequence[Instant]) -> Figures:
    """From each commit until its position was seen, in milliseconds."""
    positions = [position for _, position in seen]
    delays = sorted(seen[bisect_left(positions, position)][0] - committed for committed, position in appended)
    return {
        f"{which}p50": 1e3 * delays[len(delays) // 2],
        f"{which}p99": 1e3 * delays[min(int(0.99 * len(delays)), len(delays) - 1)],
    }


def _cpu_seconds(stack: Stack) -> dict[str, float]:
    """What each of `WATCHED` has used so far, with the processes it started."""
    used = {}
    for name in WATCHED:
        leader = psutil.Process(stack.processes[name].pid)
        times = [process.cpu_times() for process in (leader, *leader.children(recursive=True))]
        used[name] = sum(each.user + each.system for each in times)
    return used


def _look(url: str, appending: Future[list[Instant]]) -> list[tuple[float, int, int]]:
    """When the read models were first seen where: what is shown at once and what later, until all have all."""
    seen = [(monotonic(), 0, 0)]
    with closing(Database(url, pool_size=1)) as database, database.connection() as connection:
        while True:
            all_appended = appending.done()
            ((at_once, later, head),) = connection.run_prepared(
                "look",
                """SELECT coalesce(min(position) FILTER (WHERE name = ANY ($1)), 0),
                          coalesce(min(position) FILTER (WHERE name = ANY ($2)), 0),
                          (SELECT last_value FROM events_position_seq)
                   FROM positions""",
                [["bookings", "listings"], [projection.name for projection in LATER]],
            )
            now = monotonic()
            if (at_once, later) != seen[-1][1:]:
                seen.append((now, at_once, later))
            if all_appended and min(at_once, later) >= head:
                return seen
            if all_appended and now > seen[-1][0] + _PATIENCE_SECONDS:
                raise TimeoutError(f"the read models stay at {at_once} and {later} of {head}")
            sleep(_POLL_SECONDS)


def _register_people(settings: Settings) -> None:
    """Somebody to write to: mail goes to the sink as it always does."""
    with closing(Database(settings.database_url, pool_size=1)) as database:
        for user_id, name in ((GUEST, "guest"), (HOST, "host")):
            person = NewPerson(user_id, name, f"{name}@example.org", name.title(), None, ())
            Events(database).append([sample.event(UserRegistered(), user_id, partition=user_id)], person=person)


# --- in a process of its own ------------------------------------------------------------------------------------


def append(settings: Settings, rate: int, seconds: float) -> list[Instant]:
    """Append at an even pace; returns when each event was committed, and its position."""
    with closing(Database(settings.database_url, pool_size=WRITERS)) as database:
        events, waker = Events(database), Waker(settings.redis_url)
        lives = [_life(uuid7()) for _ in range(WRITERS)]
        for life in lives:
            events.append([next(life) for _ in PUBLISHED])
        begin = monotonic()

        def write(writer: int) -> list[Instant]:
            done: list[Instant] = []
            for number in count(writer, WRITERS):
                due = begin + number / rate
                if max(due, monotonic()) >= begin + seconds:
                    break
                sleep(max(0.0, due - monotonic()))
                position = events.append([next(lives[writer])])
                done.append((monotonic(), position))
                waker.wake()
            return done

        with ThreadPoolExecutor(WRITERS) as writers:
            return [commit for commits in writers.map(write, range(WRITERS)) for commit in commits]


def _life(property_id: UUID) -> Iterator[Event]:
    """A property made and published; then, again and again, a booking, blocked nights, free nights, another price."""
    versions = count(1)

    def own(fact: PropertyFact) -> Event:
        return sample.event(fact, property_id, next(versions), property_id)

    held = replace(HELD, property_id=property_id, held_until=datetime.now(UTC) + _HELD_FOR)
    yield from map(own, PUBLISHED)
    while True:
        yield sample.event(held, uuid7(), partition=property_id)
        block = replace(BLOCK, block_id=uuid7())
        yield own(NightsBlocked((block,)))
        yield own(NightsUnblocked((block.block_id,)))
        yield own(PropertyPricingChanged(PRICING))

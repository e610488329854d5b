"""Reading back: streams loaded and folded, and the whole log decoded, beside eventsourcing's own recorder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from functools import partial, reduce
from itertools import cycle, pairwise
from statistics import median
from time import perf_counter
from typing import Final, TypeVar, cast
from uuid import UUID

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from benchmarks.harness import Bench, Contender, Figures
from benchmarks.history import STREAMS, fill_native, fill_ours
from benchmarks.native import OwnMapper, ThinMapper, native_recorder
from benchmarks.report import Bar, Report
from benchmarks.servers import Server, durable_postgres
from domain import properties
from domain.events import Event
from domain.properties import Property, PropertyFact
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader

E = TypeVar("E")

BAR: Final = 1.5
LOG: Final = 1_000_000
QUICK_LOG: Final = 20_000
PAGE: Final = 5_000

OURS: Final = "ours"
THIN: Final = "eventsourcing's recorder, decoded by msgspec as ours is"
OWN: Final = "eventsourcing's recorder and mapper"


def run(bench: Bench) -> Report:
    """One process reads alone. The same events are in every store, and every log is read in the same pages."""
    log = QUICK_LOG if bench.quick else LOG
    with durable_postgres() as server, ExitStack() as opened:
        contenders = _contenders(bench, server, opened, log)
        found = bench.measure(contenders)
    best = max(found[THIN]["log"], found[OWN]["log"])
    return Report(
        title=f"streams loaded and folded (ms), and a log of about {log:,} events",
        columns=["", *(f"{size:,}" for size in STREAMS), "whole log, events/s", "× best peer"],
        rows=[
            [
                contender.name,
                *(f"{found[contender.name][str(size)]:.2f}" for size in STREAMS),
                f"{found[contender.name]['log']:,.0f}",
                f"{found[contender.name]['log'] / best:.2f}",
            ]
            for contender in contenders
        ],
        bars=[Bar("whole log, ours / the better peer", found[OURS]["log"] / best, BAR)],
        notes=[
            f"A round reads a stretch of {log // bench.rounds:,} events in pages of {PAGE:,}, all together the log.",
            "A stream is a property's: its events are loaded, decoded and folded into its state.",
            "eventsourcing's mapper leaves values as JSON has them, and what it reads is not folded.",
        ],
    )


def _contenders(bench: Bench, server: Server, opened: ExitStack, log: int) -> list[Contender]:
    thin, own = ThinMapper(), OwnMapper()

    def native(name: str, mapper: ThinMapper | OwnMapper) -> ApplicationRecorder:
        url = server.empty(name)
        recorder = opened.enter_context(native_recorder(url, create=True))
        with bench.console.status(f"writing {log:,} events for: {name}"):
            fill_native(url, log, mapper)
        return recorder

    url = server.migrated("ours")
    with bench.console.status(f"writing {log:,} events for: ours"):
        fill_ours(url, log)
    database = opened.enter_context(closing(Database(url, pool_size=1)))
    by_thin = partial(_measure_native, native("thin", thin), thin.to_domain_event, _fold, _stretches(log, bench.rounds))
    by_own = partial(_measure_native, native("own", own), own.to_domain_event, list, _stretches(log, bench.rounds))
    return [
        Contender(THIN, "peer", by_thin),
        Contender(OWN, "peer", by_own),
        Contender(OURS, "ours", partial(_measure_ours, database, _stretches(log, bench.rounds))),
    ]


def _stretches(log: int, rounds: int) -> Iterator[tuple[int, int]]:
    """Where each round reads, as positions `(after, upto]`: a stretch each, and round and round."""
    each = log // rounds
    return cycle([(number * each, (number + 1) * each) for number in range(rounds)])


def _measure_ours(database: Database, stretches: Iterator[tuple[int, int]], seconds: float) -> Figures:
    events = Events(database)

    def load(stream_id: UUID) -> object:
        return _fold(events.load([stream_id])[stream_id])

    def read(after: int, upto: int) -> int:
        reader = LogReader(database, events.mapper)
        upto, done = min(upto, reader.safe_position()), 0
        while page := reader.read(after, upto, PAGE):
            after = page[-1].position or 0
            done += len(page)
        return done

    return _figures(load, partial(read, *next(stretches)), seconds)


def _measure_native(
    recorder: ApplicationRecorder,
    decode: Callable[[StoredEvent], E],
    fold: Callable[[Iterable[E]], object],
    stretches: Iterator[tuple[int, int]],
    seconds: float,
) -> Figures:
    def load(stream_id: UUID) -> object:
        return fold(map(decode, recorder.select_events(stream_id)))

    def read(after: int, upto: int) -> int:
        done = 0
        while page := recorder.select_notifications(after, PAGE, upto, inclusive_of_start=False):
            done += len([decode(notification) for notification in page])
            after = page[-1].id
        return done

    return _figures(load, partial(read, *next(stretches)), seconds)


def _figures(load: Callable[[UUID], object], read: Callable[[], int], seconds: float) -> Figures:
    """Milliseconds by stream's length, the median of as many loads as there is time for, and events/s of the log."""
    figures = {
        str(size): _median_ms(partial(load, stream_id), seconds / len(STREAMS)) for size, stream_id in STREAMS.items()
    }
    began = perf_counter()
    done = read()
    return {**figures, "log": done / (perf_counter() - began)}


def _median_ms(load: Callable[[], object], seconds: float) -> float:
    load()
    times = [perf_counter()]
    while times[-1] < times[0] + seconds:
        load()
        times.append(perf_counter())
    return 1e3 * median(after - before for before, after in pairwise(times))


def _fold(events: Iterable[Event]) -> Property | None:
    state: Property | None = None
    return reduce(properties.evolve, (cast("PropertyFact", event.fact) for event in events), state)

"""Several processes that do the same thing at the same time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from threading import Barrier, BrokenBarrierError
from time import perf_counter, process_time
from typing import Final

Prepare = Callable[[], AbstractContextManager[Callable[[], object]]]
"""Connects and so on, and gives what is to be done again and again. Has to be picklable: a module's function."""

_WARM_UP: Final = 50
_READY_SECONDS: Final = 60.0
_barrier: Barrier
"""Of a process of the crowd: where they wait for each other."""


@dataclass(frozen=True, slots=True)
class Effort:
    """What a crowd did. `latencies` are seconds, sorted; `cpu_seconds` is the crowd's own CPU time, all together."""

    per_second: float
    latencies: list[float]
    cpu_seconds: float

    @property
    def cpu_each(self) -> float:
        """CPU seconds on the client's side each time."""
        return self.cpu_seconds / len(self.latencies)

    def latency(self, share: float) -> float:
        """Seconds within which this share of them was done."""
        return self.latencies[min(int(share * len(self.latencies)), len(self.latencies) - 1)]


class Crowd:
    """`size` processes, the same ones for every contender."""

    def __init__(self, pool: ProcessPoolExecutor, size: int) -> None:
        self._pool = pool
        self._size = size

    def work(self, prepare: Prepare, seconds: float) -> Effort:
        """Everybody prepares, warms up, waits for the others and then goes on for some time."""
        futures = [self._pool.submit(_work, prepare, seconds) for _ in range(self._size)]
        failures = [error for error in (future.exception() for future in futures) if error]
        if failures:  # whoever failed has the others fail at the barrier
            raise next((error for error in failures if not isinstance(error, BrokenBarrierError)), failures[0])
        shares = [future.result() for future in futures]
        return Effort(
            per_second=sum(share.per_second for share in shares),
            latencies=sorted(latency for share in shares for latency in share.latencies),
            cpu_seconds=sum(share.cpu_seconds for share in shares),
        )


@contextmanager
def crowd(size: int, *modules: str) -> Iterator[Crowd]:
    """Processes that have imported `modules` already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(modules))
    barrier = context.Barrier(size)
    with ProcessPoolExecutor(size, mp_context=context, initializer=_join, initargs=(barrier,)) as pool:
        yield Crowd(pool, size)


def _join(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a barrier can be handed to a process at its start only
    _barrier = barrier


def _work(prepare: Prepare, seconds: float) -> Effort:
    try:
        return _together(prepare, seconds)
    except BaseException:
        _barrier.abort()
        raise


def _together(prepare: Prepare, seconds: float) -> Effort:
    with prepare() as once:
        for _ in range(_WARM_UP):
            once()
        _barrier.wait(_READY_SECONDS)
        latencies = []
        cpu, began = process_time(), perf_counter()
        end = began + seconds
        last = began
        while last < end:
            once()
            now = perf_counter()
            latencies.append(now - last)
            last = now
        effort = Effort(len(latencies) / (last - began), latencies, process_time() - cpu)
        _barrier.wait(_READY_SECONDS)  # nobody hangs up while others are measured
    return effort

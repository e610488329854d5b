"""Noticing other programs: the CPU time that was not ours."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Final

import psutil

_LINUX_KERNEL: Final = 2
"""On Linux the process whose children are the kernel's threads: they write our files, and are counted as ours."""


class Watch:
    """A block of code during which other programs are watched.

    Ours are this process and everything below it. `others`, known afterwards, is the share of the machine's CPU time
    that somebody else took, other virtual machines on the same hardware included; what they did while we left the
    CPU idle counts as well.
    """

    others: float

    def __enter__(self) -> Watch:
        self._before = _cpu_seconds()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        whole, busy, ours = (after - before for after, before in zip(_cpu_seconds(), self._before, strict=True))
        self.others = max(0.0, busy - ours) / whole if whole else 0.0


def _cpu_seconds() -> tuple[float, float, float]:
    """Since whenever: what there was to use, what was used, what we used of it."""
    machine = psutil.cpu_times()
    used = machine.user + machine.nice + machine.system + getattr(machine, "steal", 0.0)
    return sum(machine[:8]), used, sum(map(_with_its_dead, _ours()))


def _ours() -> list[psutil.Process]:
    me = psutil.Process()
    found = [me, *me.children(recursive=True)]
    if sys.platform == "linux" and psutil.pid_exists(_LINUX_KERNEL):
        kernel = psutil.Process(_LINUX_KERNEL)
        if kernel.name() == "kthreadd":
            found += kernel.children()
    return found


def _with_its_dead(process: psutil.Process) -> float:
    """A process's CPU seconds with those of the children it has outlived: they stay counted when a child ends."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)

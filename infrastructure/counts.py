"""Where processes keep what they count, and the sum of it all for `lodger metrics`."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from infrastructure.refusals import Refused

_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""The library's: the folder that its files are in."""


def keep_apart() -> None:
    """Have this process and its children count in a folder of this host's; to be called before anything counts.

    The library tells processes apart by their ids, and in every container these begin at 1.
    """
    if shared := os.environ.get(_VARIABLE):
        own = Path(shared) / socket.gethostname()
        own.mkdir(mode=0o700, exist_ok=True)
        os.environ[_VARIABLE] = str(own)


def of_all_hosts() -> CollectorRegistry:
    """Everything that was counted in the shared folder. Raises Refused when there is none."""
    shared = Path(os.environ.get(_VARIABLE) or "nowhere")
    if not shared.is_dir():
        raise Refused(f"{_VARIABLE} should be a folder that the API and the workers share")
    registry = CollectorRegistry()
    registry.register(_AllHosts(shared))
    return registry


class _AllHosts(Collector):
    """Reads the hosts' folders anew each time it is asked."""

    def __init__(self, shared: Path) -> None:
        self._shared = shared

    def collect(self) -> Iterable[Metric]:
        files = [str(file) for file in self._shared.glob("*/*.db")]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]
        return metrics

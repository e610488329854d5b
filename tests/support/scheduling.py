"""How the whole suite is spread over pytest-xdist's processes."""

from __future__ import annotations

from typing import Final

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

CROWDS: Final = (
    "tests/demo/",
    "tests/faults/test_graceful_stop.py",
    "tests/faults/test_herd.py",
    "tests/faults/test_histories.py",
    "tests/faults/test_login_flood.py",
    "tests/faults/test_provider_webhooks.py",
    "tests/faults/test_redis_silent.py",
    "tests/faults/test_rolling_restart.py",
    "tests/guards/test_herd.py",
    "tests/guards/test_traffic.py",
    "tests/launcher/test_up.py",
)
"""What keeps both cores busy by itself. Two of them side by side take longer than one after the other, and each waits
for servers that do not get on."""


def is_crowd(nodeid: str) -> bool:
    return nodeid.startswith(CROWDS)


class OneCrowdAtATime(LoadFileScheduling):  # type: ignore[misc]
    """A file is one process's, and all crowds are the same one's."""

    def _split_scope(self, nodeid: str) -> str:
        return "crowds" if is_crowd(nodeid) else str(super()._split_scope(nodeid))

"""Whether this process was told to stop, and serves on only until its balancer knows."""

from __future__ import annotations

from threading import Event
from typing import Final

LEAVING: Final = Event()

"""Little programs in place of Lodger's own processes."""

from __future__ import annotations

import sys
from pathlib import Path

from infrastructure.embedded.processes import Service

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
# Says when it was told to stop, so that the order of stops can be read.
NOTES_ITS_END = """
import pathlib, signal, sys, time
def end(*_):
    with open(sys.argv[1], "a") as notes:
        notes.write(sys.argv[2] + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[3]).touch()
time.sleep(600)
"""


def program(name: str, code: str, *arguments: str, stop_seconds: float = 5.0) -> Service:
    """Python code as a service that is ready at once."""
    return Service(
        name=name,
        command=[sys.executable, "-c", code, *arguments],
        ready=lambda: True,
        stop_seconds=stop_seconds,
    )


def noting(name: str, notes: Path) -> Service:
    """A service that adds its name to `notes` when it is told to stop."""
    up = notes.with_name(f"{name}.up")
    return Service(name=name, command=[sys.executable, "-c", NOTES_ITS_END, str(notes), name, str(up)], ready=up.exists)

"""Reading many events without the garbage collector looking through them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_pauses = 0


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the search for cycles, of which events, as values, have none; for more than half of the time it took.

    Threads may overlap: it goes on when the last of them is done, unless somebody had turned it off before. Nothing
    that waits belongs in here, or in a busy process the collector would never run.
    """
    global _pauses, _was_on  # noqa: PLW0603 - the collector is the whole process's
    with _lock:
        if _pauses == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _pauses += 1
    try:
        yield
    finally:
        with _lock:
            _pauses -= 1
            if _pauses == 0 and _was_on:
                gc.enable()


_was_on = True

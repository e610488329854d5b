"""`./run up` with the real servers and one stand-in for everything else: python -m tests.launcher.up_without_api DIR"""

from __future__ import annotations

import sys
from pathlib import Path

from infrastructure.cli.environment import end_on_signals
from infrastructure.embedded import services
from infrastructure.embedded.stack import Stack
from infrastructure.embedded.supervisor import Stage
from tests.launcher.stand_ins import STUBBORN, program


def only_a_stand_in(*_: object, **__: object) -> list[Stage]:
    return [[program("stand-in", STUBBORN, stop_seconds=1)]]


if __name__ == "__main__":
    end_on_signals()
    services.stages = only_a_stand_in
    try:
        with Stack(data=Path(sys.argv[1])) as stack:
            print(stack.settings.database_url, flush=True)
            stack.watch()
    except KeyboardInterrupt:
        pass

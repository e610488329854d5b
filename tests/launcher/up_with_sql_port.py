"""`./run up --sql-port` with the real servers, migrated, and a stand-in for the rest: … DIR PORT"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from infrastructure.cli.up import command
from infrastructure.embedded import services
from infrastructure.embedded.supervisor import Stage
from infrastructure.settings import Settings
from tests.launcher.stand_ins import STUBBORN, program

everything = services.stages


def only_migrated(settings: Settings, environment: Mapping[str, str], *, own_mail: bool) -> list[Stage]:
    migrate, *_ = everything(settings, environment, own_mail=own_mail)
    return [migrate, [program("stand-in", STUBBORN, stop_seconds=1)]]


if __name__ == "__main__":
    services.stages = only_migrated
    command(["--data", sys.argv[1], "--sql-port", sys.argv[2]])

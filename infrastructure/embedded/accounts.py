"""Which user of the operating system a server runs as. PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path
from typing import TypedDict


class RunAs(TypedDict):
    """Popen's arguments for running as another user."""

    user: str | None
    group: int | None
    extra_groups: list[int] | None


def server_account() -> str | None:
    """Whom to run PostgreSQL as: None is this user; root needs somebody else."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def run_as(account: str | None) -> RunAs:
    if account is None:
        return RunAs(user=None, group=None, extra_groups=None)
    return RunAs(user=account, group=pwd.getpwnam(account).pw_gid, extra_groups=[])


def owner_id(account: str | None) -> int:
    """The user id that owns what `account` makes."""
    return os.geteuid() if account is None else pwd.getpwnam(account).pw_uid


def reachable(path: Path, account: str | None) -> bool:
    """Whether `account` can enter (a folder) or run (a file) `path`, or its nearest parent that exists."""
    while not path.exists():
        path = path.parent
    # Asked of the system itself, which also knows about access lists and mounts.
    command = ["test", "-x", str(path)]
    return subprocess.run(command, check=False, cwd="/", **run_as(account)).returncode == 0  # noqa: S603

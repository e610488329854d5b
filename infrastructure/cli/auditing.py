"""The log for a command that reads it as an auditor: that it did is kept."""

from __future__ import annotations

from getpass import getuser

import click
import msgspec

from infrastructure.bootstrap import Reading, wire_auditor
from infrastructure.settings import Settings


def auditing(settings: Settings) -> Reading:
    """Connect as an auditor, and keep who asks for what. Raises Unavailable."""
    reading = wire_auditor(settings)
    reading.reads.keep("command_line", _login(), _command())
    return reading


def _login() -> str:
    """Who is logged in to the machine: a container's user may have no name."""
    try:
        return getuser()
    except (OSError, KeyError):
        return "unknown"


def _command() -> str:
    """The command that runs, with what it was given: `lodger audit history {"booking":"…"}`."""
    context = click.get_current_context()
    given = {name: str(value) for name, value in context.params.items() if value not in (None, False, ())}
    return f"{context.command_path} {msgspec.json.encode(given).decode()}" if given else context.command_path

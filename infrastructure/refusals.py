"""What ends a command with a message for people instead of a traceback."""

from __future__ import annotations


class Refused(Exception):
    """Somebody at the command line can put it right: the message says how."""

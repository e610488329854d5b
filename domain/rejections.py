"""The one way a rule says no."""

from __future__ import annotations


class Rejected(Exception):
    """A command refused by a rule.

    `code` is stable and part of the API (it becomes the problem's `type`); `details` are JSON values that say
    what would have been accepted. Codes are mapped to HTTP statuses in one place, `api/problems.py`.
    """

    def __init__(self, code: str, message: str, **details: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

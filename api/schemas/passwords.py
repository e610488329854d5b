"""Passwords as JSON."""

from __future__ import annotations

from typing import Any

from api.schemas.fields import Strict, Text

PASSWORD_LENGTHS = (8, 128)


class NewPassword(Text):
    """What length a password has; what else is asked of it the use case says."""

    def __init__(self, **kwargs: Any) -> None:
        shortest, longest = PASSWORD_LENGTHS
        super().__init__(longest, shortest, metadata={"format": "password"}, **kwargs)


class PasswordChangeSchema(Strict):
    current_password = Text(200, required=True, metadata={"format": "password"})
    new_password = NewPassword(required=True)


class PasswordResetSchema(Strict):
    token = Text(1_000, required=True, metadata={"description": "From the link in the mail."})
    new_password = NewPassword(required=True)

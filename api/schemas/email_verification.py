"""Verifying an e-mail address as JSON."""

from __future__ import annotations

from api.schemas.fields import Strict, Text


class EmailSchema(Strict):
    email = Text(254, required=True, metadata={"format": "email"})


class EmailTokenSchema(Strict):
    token = Text(1_000, required=True, metadata={"description": "From the link in the mail."})

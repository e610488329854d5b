"""Which stretch of the log a bundle is of."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError

from api.schemas.fields import Documented, Instant, Strict
from domain.prefixes import AtLog, AtPosition


class PlaceField(Documented):
    """A position of the log, or an instant (of `recorded_at`)."""

    def __init__(self, name: str, what: str) -> None:
        self.openapi = {
            "type": "string",
            "anyOf": [{"pattern": "^[1-9][0-9]{0,11}$"}, {"format": "date-time"}],
            "description": what,
            "examples": ["1240", "2026-03-01T00:00:00Z"],
        }
        super().__init__(data_key=name)

    def read(self, value: Any) -> AtLog:
        text = str(value)
        if re.fullmatch(r"[1-9][0-9]{0,11}", text, re.ASCII):
            return AtPosition(int(text))
        if text.isdecimal():
            raise ValidationError("Positions begin at 1.")
        return Instant().read(value)


class BundleAskedSchema(Strict):
    """From where to where."""

    begin = PlaceField("from", "Events at this position or behind it, or recorded then or later. By default all.")
    end = PlaceField("to", "Events up to this position, or recorded by then. By default all that are signed.")

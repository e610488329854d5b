"""The sandbox's clock, which operators move forward."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.answers import sent
from api.edge import edge
from api.operations import Resource
from api.schemas.operations import ClockSchema, MoveClockSchema

resource = Resource("clock", __name__, url_prefix="/v1/operator/clock", description="Sandbox only: time travel.")


@resource.command(
    "POST",
    "",
    ClockSchema,
    body=MoveClockSchema,
    example={"now": "2027-06-11T15:00:00Z"},
    who="operator",
    key=None,
    refuses=[409],
)
def move_clock(body: dict[str, Any]) -> Response:
    """Move the clock of every process forward, so that deadlines can be seen. It never goes back."""
    here = edge()
    assert here.options.sandbox is not None, "registered in the sandbox only"
    now = here.options.sandbox.clock.advance_to(body["now"])
    here.lodger.wake()
    return sent(ClockSchema, {"now": now})

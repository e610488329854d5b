"""JSON text of answers."""

from __future__ import annotations

from typing import Any

import msgspec


def encode(value: Any) -> str:
    """Compact JSON. Everything in it has become plain values by a schema's dump."""
    return msgspec.json.encode(value).decode()

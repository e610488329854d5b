"""API keys as they come with requests: each is looked up once a second, however often it is sent."""

from __future__ import annotations

from threading import Lock
from typing import Final

from cachetools import TTLCache

from application import api_keys
from application.lodger import Lodger
from application.principals import Principal

PREFIX: Final = "lk_"
KNOWN_SECONDS: Final = 1.0
"""What was revoked, and who was suspended, is let in for at most so much longer."""

_KNOWN_MAX: Final = 4_096


class ApiKeys:
    """Whom keys speak for. One may be shared by threads."""

    def __init__(self, lodger: Lodger) -> None:
        self._lodger = lodger
        self._known: TTLCache[str, Principal] = TTLCache(_KNOWN_MAX, KNOWN_SECONDS)
        self._lock = Lock()

    def principal_of(self, text: str) -> Principal:
        """Raises what `application.api_keys.principal_of` does. A refusal is not remembered."""
        with self._lock:
            known: Principal | None = self._known.get(text)
        if known is None:
            known = api_keys.principal_of(self._lodger, text)
            with self._lock:
                self._known[text] = known
        return known

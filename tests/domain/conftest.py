"""Laws are checked without a time limit per example: a busy machine is not a broken law."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("lodger", deadline=None)
settings.load_profile("lodger")

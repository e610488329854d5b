"""How much is tried: little and always the same in the suite, much and always something else in a campaign."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

LONG = "long"
_UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))
SHORT = settings(_UNHURRIED, max_examples=20, stateful_step_count=25, derandomize=True, database=None)

settings.register_profile(LONG, _UNHURRIED, max_examples=500, stateful_step_count=60, print_blob=True)


def effort() -> settings:
    """What the command line asks for."""
    return settings() if is_long() else SHORT


def is_long() -> bool:
    """Whether a campaign was asked for."""
    return settings.get_current_profile_name() == LONG

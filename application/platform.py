"""What is done to the platform's keys and read models, on record: who did it, why, and to which."""

from __future__ import annotations

from application.calls import Call
from application.lodger import Lodger, retried
from application.streams import PLATFORM
from domain.platform import PLATFORM_ID, Platform, PlatformFact


@retried
def record(lodger: Lodger, call: Call, *facts: PlatformFact) -> None:
    """Append what is about to be done. Whoever can do it holds the settings' secrets: nothing is left to be decided."""
    platform = lodger.load(PLATFORM, PLATFORM_ID, call)
    lodger.append(call, platform.then(facts))


def platform(lodger: Lodger) -> Platform:
    return lodger.load(PLATFORM, PLATFORM_ID).state

"""How facts stored in an older shape become today's.

An upcaster takes the raw JSON object of one schema version and returns the next version's; a fact that is several
versions behind goes through several. Stored facts are never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


def booking_held_v1(held: dict[str, Any]) -> dict[str, Any]:
    """Version 1 did not pin the check-out time; every property had the default then."""
    return {**held, "terms": {**held["terms"], "check_out_time": "11:00:00"}}


def booking_held_v2(held: dict[str, Any]) -> dict[str, Any]:
    """Version 2 did not say when the terms were agreed: with the hold, which lasted 15 minutes then."""
    agreed_at = datetime.fromisoformat(held["held_until"]) - timedelta(minutes=15)
    return {**held, "terms": {**held["terms"], "agreed_at": agreed_at.isoformat()}}


def property_house_rules_changed_v1(changed: dict[str, Any]) -> dict[str, Any]:
    """Version 1 knew no booking on request."""
    return {**changed, "house_rules": {**changed["house_rules"], "booking_mode": "instant"}}


def payment_started_v1(started: dict[str, Any]) -> dict[str, Any]:
    """Version 1 was before alterations."""
    return {**started, "alteration_id": None}


UPCASTERS: Final[Mapping[tuple[str, int], Upcaster]] = {
    ("BookingHeld", 1): booking_held_v1,
    ("BookingHeld", 2): booking_held_v2,
    ("PaymentStarted", 1): payment_started_v1,
    ("PropertyHouseRulesChanged", 1): property_house_rules_changed_v1,
}
"""(TOPIC, from which version) → the function that makes it the next version."""

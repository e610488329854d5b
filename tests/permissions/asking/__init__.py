"""How each route is asked, by what it is about."""

from tests.permissions.asking import accounts, bookings, machines, pages, properties, staff
from tests.permissions.asking.registry import CHANGE_WHO_ASKS, Ask, MadeUp, asking_of

__all__ = [
    "CHANGE_WHO_ASKS",
    "Ask",
    "MadeUp",
    "accounts",
    "asking_of",
    "bookings",
    "machines",
    "pages",
    "properties",
    "staff",
]

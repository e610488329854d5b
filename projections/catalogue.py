"""Every projection there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from projections.analytics import ANALYTICS
from projections.audit import AUDIT
from projections.bookings import BOOKINGS
from projections.changes import CHANGES
from projections.host_accounts import HOST_ACCOUNTS
from projections.ledger import LEDGER
from projections.listings import LISTINGS
from projections.mailings import MAILINGS
from projections.notifications import NOTIFICATIONS
from projections.payments import PAYMENTS
from projections.projection import Projection
from projections.reviews import REVIEWS
from projections.trail import TRAIL

AT_ONCE: Final = (LISTINGS, BOOKINGS, PAYMENTS)
"""What people look at while they choose, book and pay."""

LATER: Final = (MAILINGS, NOTIFICATIONS, CHANGES, LEDGER, HOST_ACCOUNTS, REVIEWS, ANALYTICS, TRAIL, AUDIT)
"""What is told to people and machines, and the books. They move together, as books are held against each other."""

PROJECTIONS: Final[Mapping[str, Projection]] = {projection.name: projection for projection in (*AT_ONCE, *LATER)}


def running(*, audit: bool, among: Iterable[Projection] = PROJECTIONS.values()) -> list[Projection]:
    """Those that the workers keep up to date."""
    return [projection for projection in among if audit or projection is not AUDIT]

"""Every projection there is."""

from __future__ import annotations

from collections.abc import Mapping
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

PROJECTIONS: Final[Mapping[str, Projection]] = {
    projection.name: projection
    for projection in (
        LISTINGS,
        BOOKINGS,
        MAILINGS,
        NOTIFICATIONS,
        CHANGES,
        PAYMENTS,
        LEDGER,
        HOST_ACCOUNTS,
        REVIEWS,
        ANALYTICS,
        TRAIL,
        AUDIT,
    )
}


def running(*, audit: bool) -> list[Projection]:
    """Those that the workers keep up to date."""
    return [projection for projection in PROJECTIONS.values() if audit or projection is not AUDIT]

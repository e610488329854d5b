"""The marketplace's numbers, in one place. Times and counts carry their unit in the name; rates are basis points."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

HOLD: Final = timedelta(minutes=15)
"""How long a booking holds its nights while the guest pays."""

QUOTE_LIFETIME: Final = timedelta(minutes=30)
"""How long a signed quote books at its amount, whatever the host changes meanwhile."""

STAY_NIGHTS_MAX: Final = 365
HORIZON_DAYS: Final = 730
"""How far ahead a stay may end, counted from today in the property's zone."""

PAYMENT_ATTEMPTS_MAX: Final = 10
BLOCKS_MAX: Final = 2_000
"""Blocks that a property may have at once: bounds what its stream folds into."""

OVERRIDES_MAX: Final = 400
AMENITIES_MAX: Final = 200
GUESTS_MAX: Final = 50
ROOMS_MAX: Final = 1_000
MINOR_MAX: Final = 1_000_000_000
"""The largest price or fee, in minor units."""

SERVICE_FEE_BP: Final = 1_200
"""The platform's fee, on nights, extra guests and cleaning."""

BASIS_POINTS: Final = 10_000

WEEKLY_NIGHTS: Final = 7
MONTHLY_NIGHTS: Final = 28

CHECK_IN_TIME: Final = time(15, 0)
CHECK_OUT_TIME: Final = time(11, 0)

FLEXIBLE_FULL_REFUND_UNTIL: Final = timedelta(hours=24)
"""Before check-in; from then on the first night is kept."""

"""The marketplace's numbers, in one place. Times and counts carry their unit in the name; rates are basis points."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Final

HOLD: Final = timedelta(minutes=15)
"""How long a booking holds its nights while the guest pays."""

ANSWER: Final = timedelta(hours=24)
"""How long a host may think about a request."""

QUOTE_LIFETIME: Final = timedelta(minutes=30)
"""How long a signed quote books at its amount, whatever the host changes meanwhile."""

STAY_NIGHTS_MAX: Final = 365
HORIZON_DAYS: Final = 730
"""How far ahead a stay may end, counted from today in the property's zone."""

PAYMENT_ATTEMPTS_MAX: Final = 20
"""Of one booking, those for its alterations among them."""

ACCESS_TOKEN: Final = timedelta(minutes=15)
"""How long an API client may go on with one access token."""

REFRESH_TOKEN_END: Final = timedelta(days=30)
"""After the login; then an API client needs the password again."""

REFRESH_TOKEN_IDLE: Final = timedelta(days=14)
"""Not used for so long, a login is over."""

REFRESH_TOKEN_GRACE: Final = timedelta(seconds=10)
"""How long a spent refresh token gets its successor once more: for whom the answer was lost on the way."""

SESSION_IDLE: Final = timedelta(hours=24)
"""Not used for so long, a browser is logged out."""

SESSION_END: Final = timedelta(days=14)
"""After the login; then a browser needs the password again."""

WRONG_CODES_MAX: Final = 5
CODES_PAUSE: Final = timedelta(minutes=15)
"""So many wrong codes of a second factor, none so long after the one before, and none is looked at for that long."""

RECOVERY_CODES: Final = 10
"""That somebody is given for the day their authenticator is lost."""

VERIFICATION_LINK: Final = timedelta(hours=24)
RESET_LINK: Final = timedelta(hours=1)
"""How long the links in those mails work."""

ACCOUNT_LETTER_PAUSE: Final = timedelta(minutes=2)
"""Between two mails of a kind that anybody may have sent to an address."""

LANGUAGES_MAX: Final = 20
"""That somebody says they speak."""

PHOTOS_MAX: Final = 50
"""That a property shows."""

BLOCKS_MAX: Final = 2_000
"""Blocks that a property may have at once: bounds what its stream folds into."""

FEEDS_MAX: Final = 10
"""Calendars of other marketplaces that a property may follow."""

FEED_PAUSE: Final = timedelta(minutes=30)
"""Between two readings of a linked calendar; doubled by each failure, up to FEED_PAUSE_MAX."""

FEED_PAUSE_MAX: Final = timedelta(days=1)
FEED_READ_ANEW: Final = timedelta(hours=12)
"""After this long a linked calendar is read in full, though it says that it is still the same."""

OIDC_LOGIN: Final = timedelta(minutes=10)
"""How long somebody may take to log in at another provider."""

API_KEYS_MAX: Final = 25
"""Of one user, those that have expired among them until they are revoked."""

API_KEY_OVERLAP_MAX: Final = timedelta(days=7)
"""How long the secret before a new one may be taken at most."""

FRESH_LOGIN: Final = timedelta(minutes=5)
"""How long ago somebody without a password may have logged in who asks for what cannot be undone."""

REVIEW_WINDOW: Final = timedelta(days=14)
"""After check-out, for both sides."""

REVIEW_LENGTH_MAX: Final = 5_000
RATING_MIN: Final = 1
RATING_MAX: Final = 5

MESSAGE_LENGTH_MAX: Final = 2_000
MESSAGES_PER_HOUR: Final = 60
"""From one person about one booking."""

MESSAGE_QUIET: Final = timedelta(minutes=10)
"""What is written within it makes one mail, and none if it is read by then."""

OVERRIDES_MAX: Final = 400
AMENITIES_MAX: Final = 200
GUESTS_MAX: Final = 50
ROOMS_MAX: Final = 1_000
MINOR_MAX: Final = 1_000_000_000
"""The largest price or fee, in minor units."""

SERVICE_FEE_BP: Final = 1_200
"""The platform's fee, on nights, extra guests and cleaning."""

HOST_FEE_BP: Final = 300
"""What the platform keeps of what a host earns by a booking."""

PAYOUT_AFTER_CHECK_IN: Final = timedelta(hours=24)
"""From then on a host may be paid for a stay."""

NON_REFUNDABLE_DISCOUNT_BP: Final = 1_000
"""Off the nights of a stay that gives nothing back."""

BASIS_POINTS: Final = 10_000

WEEKLY_NIGHTS: Final = 7
MONTHLY_NIGHTS: Final = 28

CHECK_IN_TIME: Final = time(15, 0)
CHECK_OUT_TIME: Final = time(11, 0)

FLEXIBLE_FULL_REFUND_UNTIL: Final = timedelta(hours=24)
"""Before check-in; from then on the first night is kept."""

MODERATE_FULL_REFUND_DAYS: Final = 5
"""Calendar days before check-in, as those below; from then on half of the nights is kept."""

STRICT_FULL_REFUND_FOR: Final = timedelta(hours=48)
"""After booking, while check-in is at least the following days away."""

STRICT_FULL_REFUND_DAYS: Final = 14
STRICT_HALF_REFUND_DAYS: Final = 7

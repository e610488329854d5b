"""Notices: which facts people are told of, who is, and what they may ask not to be told.

A row says who by role, never an address: recipients are looked up when there is something to tell. "user" is whose
partition it is in, where there is no booking: an account's owner, whatever the account is of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from domain.api_keys import UserApiKeyCreated, UserApiKeyRevoked, UserApiKeyRolled
from domain.bookings import (
    AlterationExpired,
    AlterationHeld,
    BookingAccepted,
    BookingAltered,
    BookingCancelled,
    BookingCompleted,
    BookingConfirmed,
    BookingDeclined,
    BookingExpired,
    BookingHeld,
    BookingNoShowRecorded,
    BookingReinstated,
    BookingRequested,
)
from domain.events import Fact
from domain.host_accounts import (
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
)
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFailed,
    PaymentStarted,
    PaymentVoided,
    PaymentVoidStarted,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
)
from domain.platform import (
    KeyDestroyed,
    KeyRotated,
    KeysBackedUp,
    KeysRestored,
    ProjectionEventSkipped,
    RootKeyRotated,
)
from domain.reviews import ReviewImported, ReviewRemoved, ReviewReplied, ReviewRevealed, ReviewSubmitted
from domain.second_factors import UserSecondFactorDisabled, UserSecondFactorEnabled
from domain.users import (
    UserBecameHost,
    UserDeactivated,
    UserEmailVerified,
    UserErased,
    UserIdentityLinked,
    UserReactivated,
    UserRegistered,
    UserReinstated,
    UserRoleGranted,
    UserRoleRevoked,
    UserSuspended,
)

Recipient = Literal["user", "guest", "host"]
Template = Literal[
    "welcome",
    "verify_email",
    "password_reset",
    "password_changed",
    "role_granted",
    "role_revoked",
    "account_suspended",
    "account_reinstated",
    "second_factor_enabled",
    "second_factor_disabled",
    "api_key_created",
    "identity_linked",
    "booking_requested",
    "booking_declined",
    "booking_held",
    "booking_confirmed",
    "booking_expired",
    "alteration_held",
    "alteration_expired",
    "booking_altered",
    "booking_cancelled",
    "booking_completed",
    "booking_no_show",
    "payment_failed",
    "refund_sent",
    "payout_paid",
    "payout_failed",
    "review_revealed",
    "review_replied",
    "message_received",
]
Category = Literal["account", "bookings", "payments", "updates", "messages"]
"""`updates` is what the passing of time made of a booking."""

OPTIONAL: Final[tuple[Category, ...]] = ("updates", "messages")
"""What people may switch off. What somebody else decided about their stay, and their money, they are always told."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What is told (a template for each recipient), what it is about, and who is told."""

    template: Template
    category: Category
    recipients: tuple[Recipient, ...]


@dataclass(frozen=True, slots=True)
class Silent:
    """Nobody is told, for a reason."""

    because: str


NOTICES: Final[Mapping[type[Fact], Notice | Silent]] = {
    UserRegistered: Notice("welcome", "account", ("user",)),
    UserEmailVerified: Silent("whoever does it sees it done"),
    UserBecameHost: Silent("whoever does it sees it done"),
    UserRoleGranted: Notice("role_granted", "account", ("user",)),
    UserRoleRevoked: Notice("role_revoked", "account", ("user",)),
    UserSuspended: Notice("account_suspended", "account", ("user",)),
    UserReinstated: Notice("account_reinstated", "account", ("user",)),
    UserDeactivated: Silent("whoever does it sees it done"),
    UserReactivated: Silent("whoever does it sees it done"),
    UserSecondFactorEnabled: Notice("second_factor_enabled", "account", ("user",)),
    UserSecondFactorDisabled: Notice("second_factor_disabled", "account", ("user",)),
    UserErased: Silent("there is no address left to write to"),
    UserIdentityLinked: Notice("identity_linked", "account", ("user",)),
    UserApiKeyCreated: Notice("api_key_created", "account", ("user",)),
    UserApiKeyRolled: Silent("whoever does it sees it done, and it lets nobody in who could not come in before"),
    UserApiKeyRevoked: Silent("whoever does it sees it done"),
    BookingRequested: Notice("booking_requested", "bookings", ("host",)),
    BookingAccepted: Silent("BookingHeld is appended with it, and its notice says so"),
    BookingDeclined: Notice("booking_declined", "bookings", ("guest",)),
    BookingHeld: Notice("booking_held", "bookings", ("guest",)),
    BookingConfirmed: Notice("booking_confirmed", "bookings", ("guest", "host")),
    BookingReinstated: Notice("booking_confirmed", "bookings", ("guest", "host")),
    BookingExpired: Notice("booking_expired", "updates", ("guest",)),
    AlterationHeld: Notice("alteration_held", "bookings", ("guest",)),
    AlterationExpired: Notice("alteration_expired", "updates", ("guest",)),
    BookingAltered: Notice("booking_altered", "bookings", ("guest", "host")),
    BookingCancelled: Notice("booking_cancelled", "bookings", ("guest", "host")),
    BookingCompleted: Notice("booking_completed", "updates", ("guest", "host")),
    BookingNoShowRecorded: Notice("booking_no_show", "bookings", ("guest",)),
    PaymentStarted: Silent("the guest is paying at this moment"),
    PaymentActionRequired: Silent("the answer to the payment asks the guest for it"),
    PaymentAuthorized: Silent("the capture or the voiding that follows is what counts"),
    PaymentCaptureStarted: Silent("its outcome is told"),
    PaymentCaptured: Silent("the booking it confirms or alters is told, or the refund of what it could not buy"),
    PaymentFailed: Notice("payment_failed", "payments", ("guest",)),
    PaymentVoidStarted: Silent("no money was taken, and the end of the hold is told"),
    PaymentVoided: Silent("no money was taken, and the end of the hold is told"),
    RefundStarted: Silent("its outcome is told"),
    RefundSucceeded: Notice("refund_sent", "payments", ("guest",)),
    RefundFailed: Silent("an operator sees to it, and what comes of that is told"),
    DisputeOpened: Silent("it is between the payer's bank and the platform"),
    DisputeWon: Silent("it is between the payer's bank and the platform"),
    DisputeLost: Silent("it is between the payer's bank and the platform"),
    PaymentContradicted: Silent("an operator looks at it"),
    PaymentContradictionResolved: Silent("what comes of it is told: a refund"),
    ReviewSubmitted: Silent("it is sealed: the other side does not learn that there is one"),
    ReviewRevealed: Notice("review_revealed", "bookings", ("guest", "host")),
    ReviewReplied: Notice("review_replied", "bookings", ("guest", "host")),
    ReviewRemoved: Silent("the operator who does it tells them"),
    ReviewImported: Silent("it was written elsewhere, and its host read it there"),
    KeyRotated: Silent("operators do it, and it is on record"),
    RootKeyRotated: Silent("operators do it, and it is on record"),
    KeyDestroyed: Silent("operators do it, and it is on record"),
    KeysBackedUp: Silent("operators do it, and it is on record"),
    KeysRestored: Silent("operators do it, and it is on record"),
    ProjectionEventSkipped: Silent("operators do it, and it is on record"),
    HostEarningRecorded: Silent("the booking it comes from is told"),
    HostDebtRecorded: Silent("the refund it comes from is told, and the next payout says what it is less by"),
    PayoutScheduled: Silent("its outcome is told"),
    PayoutPaid: Notice("payout_paid", "payments", ("user",)),
    PayoutFailed: Notice("payout_failed", "payments", ("user",)),
    PayoutHoldPlaced: Silent("the account says so, with its reason"),
    PayoutHoldLifted: Silent("the account says so"),
}
"""The one table: every fact of bookings, payments, reviews and payouts, told or silent."""

TOLD: Final[Mapping[type[Fact], Notice]] = {
    fact: notice for fact, notice in NOTICES.items() if isinstance(notice, Notice)
}
MESSAGE: Final = Notice("message_received", "messages", ("guest", "host"))
"""Of a message its other side is told; a message is no fact, because its text is personal data."""

BY_MAIL_ALONE: Final = tuple(
    Notice(template, "account", ("user",)) for template in ("verify_email", "password_reset", "password_changed")
)
"""What is no fact either: it leads to who may come in, and whoever is in the app already need not read it there."""


def recipients(fact: Fact) -> tuple[Recipient, ...]:
    """Who is told of a fact: those of its notice, and of a review the side that it is news to."""
    match fact:
        case ReviewRevealed(author):
            return ("host",) if author == "guest" else ("guest",)
        case ReviewReplied(author):
            return (author,)
        case _:
            return TOLD[type(fact)].recipients


CATEGORY_OF: Final[Mapping[Template, Category]] = {
    notice.template: notice.category for notice in (*TOLD.values(), MESSAGE, *BY_MAIL_ALONE)
}


@dataclass(frozen=True, slots=True)
class Channels:
    """How somebody wants to be told of a category."""

    email: bool = True
    in_app: bool = True


Preferences = Mapping[Category, Channels]
"""What somebody chose; what is missing is told by every channel."""


def wants_mail(preferences: Preferences, template: Template) -> bool:
    category = CATEGORY_OF[template]
    return category not in OPTIONAL or preferences.get(category, Channels()).email

"""One property, one booking and one payment that tests share, and a history of every stream.

The stay: three nights of June 2026 (Thursday, Friday, Saturday) in New York's zone, three guests, USD 501.11. Every
amount of it is worked out by hand in `tests/domain/test_pricing_examples.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID, uuid5

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
    BookingFact,
    BookingHeld,
    BookingNoShowRecorded,
    BookingReinstated,
    BookingRequested,
)
from domain.calendar_feeds import (
    CalendarConflict,
    CalendarConflictsFound,
    CalendarConflictsResolved,
    CalendarFeed,
    CalendarFeedLinked,
    CalendarFeedUnlinked,
)
from domain.cancellations import Refund, RefundLine, Terms
from domain.events import Fact
from domain.host_accounts import (
    HostAccountFact,
    HostDebtRecorded,
    HostEarningRecorded,
    PayoutFailed,
    PayoutHoldLifted,
    PayoutHoldPlaced,
    PayoutPaid,
    PayoutScheduled,
    Portion,
)
from domain.money import Money
from domain.payments import (
    DisputeLost,
    DisputeOpened,
    DisputeWon,
    Evidence,
    NextAction,
    PaymentActionRequired,
    PaymentAuthorized,
    PaymentCaptured,
    PaymentCaptureStarted,
    PaymentContradicted,
    PaymentContradictionResolved,
    PaymentFact,
    PaymentFailed,
    PaymentStarted,
    PaymentVoided,
    PaymentVoidStarted,
    RefundFailed,
    RefundStarted,
    RefundSucceeded,
    attempt_id,
)
from domain.photos import PropertyPhotosChanged
from domain.platform import (
    KeyDestroyed,
    KeyRotated,
    KeysBackedUp,
    KeysRestored,
    PlatformFact,
    ProjectionEventSkipped,
    RootKeyRotated,
)
from domain.policies import HOLD
from domain.pricing import PriceOverride, Pricing, quote
from domain.properties import (
    Block,
    Details,
    HouseRules,
    Location,
    NightsBlocked,
    NightsUnblocked,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyErased,
    PropertyFact,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
    Source,
)
from domain.reviews import (
    Ratings,
    ReviewFact,
    ReviewImported,
    ReviewRemoved,
    ReviewReplied,
    ReviewRevealed,
    ReviewSubmitted,
)
from domain.scores import PropertyScoresImported, Scores
from domain.second_factors import UserSecondFactorDisabled, UserSecondFactorEnabled
from domain.stays import Stay
from domain.users import (
    UserBecameHost,
    UserDeactivated,
    UserEmailVerified,
    UserErased,
    UserFact,
    UserIdentityLinked,
    UserReactivated,
    UserRegistered,
    UserReinstated,
    UserRoleGranted,
    UserRoleRevoked,
    UserSuspended,
)


def usd(amount: str) -> Money:
    return Money.parse(amount, "USD")


def instant(text: str) -> datetime:
    """An instant written in UTC, such as "2026-06-10 19:00:01"."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


HOST: Final = UUID("01900000-0000-7000-8000-000000000001")
GUEST: Final = UUID("01900000-0000-7000-8000-000000000002")
STRANGER: Final = UUID("01900000-0000-7000-8000-000000000003")
PROPERTY: Final = UUID("01900000-0000-7000-8000-000000000004")
BOOKING: Final = UUID("01900000-0000-7000-8000-000000000005")
REFUND: Final = UUID("01900000-0000-7000-8000-000000000006")
BLOCK: Final = Block(UUID("01900000-0000-7000-8000-000000000007"), date(2026, 7, 1), date(2026, 7, 4))
PAYMENT: Final = attempt_id(BOOKING, 1)
FEED: Final = CalendarFeed(UUID("01900000-0000-7000-8000-00000000000d"), "Airbnb", "www.airbnb.com")
CONFLICT: Final = CalendarConflict(
    UUID("01900000-0000-5000-8000-00000000000e"), FEED.feed_id, BOOKING, date(2026, 6, 11), date(2026, 6, 14)
)
ALTERATION_PAYMENT: Final = attempt_id(BOOKING, 2)

NOW: Final = instant("2026-06-01 12:00:00")
HELD_UNTIL: Final = NOW + HOLD

DETAILS: Final = Details(
    title="Cabin by the creek",
    description="Two rooms under old oaks.",
    property_type="cabin",
    guests=4,
    bedrooms=2,
    beds=3,
    bathrooms_halves=3,
    amenities=("wifi", "fire_pit", "other:telescope"),
)
LOCATION: Final = Location("1 Creek Road", "Catskill", "US", 42_217_300, -73_864_600, "America/New_York")
HOUSE_RULES: Final = HouseRules(minimum_nights=2, maximum_nights=28, check_in_time=time(15, 0))
PRICING: Final = Pricing(
    nightly=usd("100.00"),
    weekend=usd("120.00"),
    overrides=(PriceOverride(date(2026, 12, 20), date(2027, 1, 3), usd("180.00")),),
    weekly_discount_percent=10,
    monthly_discount_percent=25,
    cleaning_fee=usd("30.00"),
    extra_guest_fee=usd("15.00"),
    guests_included=2,
    tax_bp=875,
)
SOURCE: Final = Source("inside_airbnb", "new-york-city", "42")

PHOTO: Final = UUID("01900000-0000-7000-8000-0000000000f0")

DRAFT: Final[tuple[PropertyFact, ...]] = (
    PropertyCreated(HOST),
    PropertyDetailsChanged(DETAILS),
    PropertyLocationChanged(LOCATION),
    PropertyPricingChanged(PRICING),
    PropertyHouseRulesChanged(HOUSE_RULES),
)
PUBLISHED: Final[tuple[PropertyFact, ...]] = (*DRAFT, PropertyPublished())

STAY: Final = Stay(date(2026, 6, 11), date(2026, 6, 14))
GUESTS: Final = 3
QUOTE: Final = quote(PRICING, STAY, GUESTS, "flexible")
TERMS: Final = Terms("flexible", LOCATION.zone, HOUSE_RULES.check_in_time, HOUSE_RULES.check_out_time, NOW)
CHECK_IN: Final = instant("2026-06-11 19:00:00")
"""15:00 in New York in summer."""
CHECK_OUT: Final = instant("2026-06-14 15:00:00")
"""11:00 there."""

HELD: Final = BookingHeld(PROPERTY, HOST, GUEST, QUOTE, TERMS, HELD_UNTIL)
REQUESTED: Final = BookingRequested(PROPERTY, HOST, GUEST, QUOTE, TERMS, instant("2026-06-02 12:00:00"))
ALTERATION: Final = uuid5(BOOKING, "alteration:2")
LONGER_STAY: Final = Stay(date(2026, 6, 11), date(2026, 6, 15))
LONGER: Final = quote(PRICING, LONGER_STAY, GUESTS, TERMS.policy)
ALTERATION_HELD: Final = AlterationHeld(ALTERATION, LONGER, usd("138.86"), HELD_UNTIL)
ALTERED: Final = BookingAltered(ALTERATION, LONGER, usd("0.00"), ALTERATION_PAYMENT)
NO_REFUND: Final = Refund((), usd("0.00"))
FULL_REFUND: Final = Refund(
    (
        RefundLine("night", usd("340.00")),
        RefundLine("extra_guests", usd("45.00")),
        RefundLine("cleaning_fee", usd("30.00")),
        RefundLine("service_fee", usd("49.80")),
        RefundLine("occupancy_tax", usd("36.31")),
    ),
    usd("501.11"),
)

EVIDENCE: Final = Evidence("sandbox", "ch_1", "0" * 64)
DISPUTED: Final = DisputeOpened("dp_1", usd("501.11"), usd("15.00"), "fraudulent", EVIDENCE)
DEBT: Final = UUID(int=78)
KEY: Final = UUID(int=60)
NEXT_ACTION: Final = NextAction("open_page", "http://127.0.0.1/sandbox/ch_1")
STARTED: Final = PaymentStarted(BOOKING, PROPERTY, GUEST, usd("501.11"), "card", "sandbox", 1)
CAPTURED: Final[tuple[PaymentFact, ...]] = (
    STARTED,
    PaymentActionRequired(NEXT_ACTION, EVIDENCE),
    PaymentAuthorized(EVIDENCE),
    PaymentCaptureStarted(),
    PaymentCaptured(EVIDENCE),
)

USER_HISTORIES: Final[tuple[tuple[UserFact, ...], ...]] = (
    (UserRegistered(), UserEmailVerified(), UserBecameHost(), UserSuspended(), UserReinstated()),
    (UserRegistered(), UserRoleGranted("auditor"), UserRoleRevoked("auditor")),
    (UserRegistered(), UserDeactivated(), UserReactivated(), UserErased()),
    (UserRegistered(), UserEmailVerified(), UserIdentityLinked("https://accounts.example.com")),
    (
        UserRegistered(),
        UserApiKeyCreated(KEY, UUID(int=61), ("bookings:read", "calendars:write"), instant("2027-06-01 12:00:00")),
        UserApiKeyRolled(KEY, UUID(int=62), instant("2026-06-02 12:00:00")),
        UserApiKeyRevoked(KEY),
    ),
    (UserRegistered(), UserSecondFactorEnabled(UUID(int=63)), UserSecondFactorDisabled()),
)
SCORES: Final = PropertyScoresImported(
    origin="inside-airbnb", as_of=date(2024, 11, 5), reviews=3, scores=Scores(475, cleanliness=467, location=500)
)
PROPERTY_HISTORIES: Final[tuple[tuple[PropertyFact, ...], ...]] = (
    (*PUBLISHED, NightsBlocked((BLOCK,)), NightsUnblocked((BLOCK.block_id,)), PropertyUnpublished("renovation")),
    (*PUBLISHED, PropertyPhotosChanged((PHOTO,)), PropertyErased()),
    (*PUBLISHED, SCORES),
    (PropertyCreated(HOST, SOURCE), PropertyDetailsChanged(DETAILS)),
    (
        *PUBLISHED,
        CalendarFeedLinked(FEED),
        CalendarConflictsFound((CONFLICT,)),
        CalendarConflictsResolved((CONFLICT.conflict_id,), "dismissed"),
        CalendarConflictsResolved((CONFLICT.conflict_id,), "gone"),
        CalendarFeedUnlinked(FEED.feed_id),
    ),
)
BOOKING_HISTORIES: Final[tuple[tuple[BookingFact, ...], ...]] = (
    (HELD,),
    (HELD, BookingConfirmed(PAYMENT)),
    (HELD, BookingExpired()),
    (HELD, BookingExpired(), BookingReinstated(PAYMENT)),
    (HELD, BookingCancelled("guest", NO_REFUND)),
    (HELD, BookingConfirmed(PAYMENT), BookingCancelled("host", FULL_REFUND, "a burst pipe")),
    (REQUESTED,),
    (REQUESTED, BookingAccepted(), HELD),
    (REQUESTED, BookingDeclined("renovation")),
    (REQUESTED, BookingExpired()),
    (HELD, BookingConfirmed(PAYMENT), ALTERATION_HELD),
    (HELD, BookingConfirmed(PAYMENT), ALTERATION_HELD, AlterationExpired(ALTERATION)),
    (HELD, BookingConfirmed(PAYMENT), ALTERATION_HELD, ALTERED),
    (HELD, BookingConfirmed(PAYMENT), BookingCompleted()),
    (HELD, BookingConfirmed(PAYMENT), BookingNoShowRecorded()),
)
PAYMENT_HISTORIES: Final[tuple[tuple[PaymentFact, ...], ...]] = (
    (*CAPTURED, RefundStarted(REFUND, usd("501.11"), "booking_cancelled"), RefundSucceeded(REFUND, EVIDENCE)),
    (STARTED, PaymentFailed("declined", EVIDENCE)),
    (STARTED, PaymentAuthorized(EVIDENCE), PaymentVoidStarted("hold_lapsed"), PaymentVoided(EVIDENCE)),
    (
        *CAPTURED,
        RefundStarted(REFUND, usd("1.00"), "booking_altered"),
        RefundFailed(REFUND, "account_closed", EVIDENCE),
    ),
    (*CAPTURED, DISPUTED, DisputeWon("dp_1", usd("15.00"), EVIDENCE)),
    (*CAPTURED, DISPUTED, DisputeLost("dp_1", EVIDENCE)),
    (
        *CAPTURED,
        PaymentContradicted("lost_after_capture", "failed", None, EVIDENCE),
        PaymentContradictionResolved("lost_after_capture", "dismissed", "the bank has it"),
    ),
)
EARNED: Final = HostEarningRecorded(BOOKING, PROPERTY, usd("402.55"), CHECK_IN + timedelta(hours=24))
OWED: Final = HostDebtRecorded(DEBT, BOOKING, usd("10.00"), "refund_after_payout")
PAYOUT: Final = UUID(int=77)
SCHEDULED: Final = PayoutScheduled(
    PAYOUT, usd("392.55"), (Portion(BOOKING, usd("402.55")),), (Portion(DEBT, usd("10.00")),), "sandbox"
)
HOST_ACCOUNT_HISTORIES: Final[tuple[tuple[HostAccountFact, ...], ...]] = (
    (EARNED, OWED, SCHEDULED, PayoutPaid(PAYOUT, EVIDENCE)),
    (
        EARNED,
        OWED,
        PayoutHoldPlaced("identity", None, "papers are missing"),
        PayoutHoldLifted("identity"),
        SCHEDULED,
        PayoutFailed(PAYOUT, "account_closed", EVIDENCE),
    ),
)
REVIEW_OF_GUEST: Final = ReviewSubmitted(
    booking_id=BOOKING,
    property_id=PROPERTY,
    author="guest",
    author_id=GUEST,
    subject_id=HOST,
    ratings=Ratings(5, cleanliness=4, location=5),
    comment="The creek sings you to sleep.",
    submitted_at=CHECK_OUT,
    sealed_until=CHECK_OUT + timedelta(days=14),
)
REVIEW_OF_HOST: Final = replace(
    REVIEW_OF_GUEST, author="host", author_id=HOST, subject_id=GUEST, ratings=Ratings(3), comment="Left early."
)
IMPORTED_REVIEW: Final = ReviewImported(
    origin="inside-airbnb",
    property_id=PROPERTY,
    author_id=UUID(int=88),
    subject_id=HOST,
    comment="Quiet at night.\nWe slept like logs.",
    written_on=date(2024, 7, 1),
)
REVIEW_HISTORIES: Final[tuple[tuple[ReviewFact, ...], ...]] = (
    (REVIEW_OF_GUEST, ReviewRevealed("guest"), ReviewReplied("guest", "Come again!", CHECK_OUT)),
    (REVIEW_OF_HOST, ReviewRevealed("host"), ReviewReplied("host", "It was a long day.", CHECK_OUT)),
    (REVIEW_OF_GUEST, ReviewRemoved()),
    (IMPORTED_REVIEW, ReviewRemoved()),
)
PLATFORM_HISTORIES: Final[tuple[tuple[PlatformFact, ...], ...]] = (
    (
        KeyRotated("quote", "91b3e0aa"),
        KeyRotated("quote", "5f0c71d2"),
        KeyDestroyed("quote", "91b3e0aa"),
        KeysBackedUp(),
        KeysRestored(),
        RootKeyRotated(),
        ProjectionEventSkipped("bookings", 1_204, UUID(int=1_204)),
    ),
)
HISTORIES: Final[Mapping[str, tuple[tuple[Fact, ...], ...]]] = {
    "users": USER_HISTORIES,
    "properties": PROPERTY_HISTORIES,
    "bookings": BOOKING_HISTORIES,
    "payments": PAYMENT_HISTORIES,
    "host_accounts": HOST_ACCOUNT_HISTORIES,
    "reviews": REVIEW_HISTORIES,
    "platform": PLATFORM_HISTORIES,
}
"""Believable streams per module of the domain; together they hold every fact there is."""

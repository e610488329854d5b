"""What becomes of the read models' tables: nearly all of them know people by their ids only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infrastructure.erasure.rules import CURRENCY, IDS, OURS, PROVIDER, REFERENCE, STATE, Kept, Projected, Rule, Shown

READ_MODELS: Final[Mapping[str, Rule]] = {
    "listings": Projected(
        "PropertyErased",
        Shown(
            "properties",
            """SELECT property_id AS id, status, title, description, property_type, room_type, guests, bedrooms, beds,
                      amenities, address, city, country, latitude_e6, longitude_e6, zone, nightly_minor, currency,
                      minimum_nights, maximum_nights, photos, created_at, updated_at
               FROM listings WHERE host_id = %(user)s ORDER BY created_at, property_id""",
        ),
        blanked=("title", "description", "amenities", "amenity_keys", "words", "address", "city", "city_key"),
        words={
            **dict.fromkeys(("status", "property_type", "room_type", "booking_mode", "cancellation_policy"), OURS),
            **dict.fromkeys(("country", "country_key"), "an ISO 3166 code"),
            **dict.fromkeys(("override_firsts", "override_untils", "override_minors"), "dates and amounts"),
            "currency": CURRENCY,
            "zone": "an IANA time zone: what the guests' stays are reckoned in",
        },
    ),
    "listing_claims": Kept(IDS),
    "listing_ratings": Kept(IDS),
    "bookings": Kept(
        IDS,
        {
            **dict.fromkeys(("status", "waits_for", "kind"), OURS),
            "currency": CURRENCY,
            "state": STATE,
        },
        Shown(
            "bookings",
            """SELECT booking_id AS id, CASE guest_id WHEN %(user)s THEN 'guest' ELSE 'host' END AS "as",
                      property_id AS property, check_in, check_out, guests, total_minor, currency, status, created_at
               FROM bookings WHERE booking_id = ANY (%(bookings)s) ORDER BY created_at, booking_id""",
        ),
    ),
    "mailings": Kept(
        "who is written to about what, by ids; the address is looked up when it is sent",
        {
            **dict.fromkeys(("recipient", "template", "status"), OURS),
            "last_error": "why it was not sent: a word of ours, or an error's name and the server's code",
        },
    ),
    "notifications": Kept(
        IDS,
        {"kind": OURS, "category": OURS},
        Shown(
            "notifications",
            """SELECT kind, category, booking_id AS booking, occurred_at AS at FROM notifications
               WHERE user_id = %(user)s ORDER BY position""",
        ),
    ),
    "notification_parties": Kept(IDS),
    "changes": Kept(IDS, {"type": OURS}),
    "change_parties": Kept(IDS),
    "payments": Kept(
        IDS,
        {
            "provider": PROVIDER,
            "currency": CURRENCY,
            "reference": REFERENCE,
            "state": f"{STATE}, and operators' reasons",
            **dict.fromkeys(("method", "stage"), OURS),
        },
        Shown(
            "payments",
            """SELECT payment_id AS id, booking_id AS booking, provider, method, minor, currency, stage, created_at
               FROM payments WHERE payment_id = ANY (%(payments)s) ORDER BY created_at, payment_id""",
        ),
    ),
    "payment_needs": Kept(
        IDS,
        {"kind": OURS, "subject": "an id", "currency": CURRENCY, "said": "an outcome, in one of our own words"},
    ),
    "trail": Kept(
        IDS, {"type": OURS, "actor_kind": OURS, "actor_id": "as in the event: an id, or a name of the staff's"}
    ),
    "trail_concerns_of": Kept(IDS),
    "trail_clock": Kept("times"),
    "ledger_entries": Kept(IDS, {"fact": OURS, "account": OURS, "currency": CURRENCY}),
    "ledger_parties": Kept(IDS),
    "ledger_states": Kept(IDS, {"kind": OURS, "state": STATE}),
    "host_earnings": Kept(
        IDS,
        {"currency": CURRENCY},
        Shown(
            "earnings",
            """SELECT booking_id AS booking, minor, currency, release_at FROM host_earnings
               WHERE host_id = %(user)s ORDER BY release_at, booking_id""",
        ),
    ),
    "host_payouts": Kept(
        IDS,
        {"currency": CURRENCY, "provider": PROVIDER, "status": OURS, "failure_code": OURS},
        Shown(
            "payouts",
            """SELECT payout_id AS id, minor, currency, provider, status, failure_code, scheduled_at, ended_at
               FROM host_payouts WHERE host_id = %(user)s ORDER BY scheduled_at, payout_id""",
        ),
    ),
    "host_payout_portions": Kept(IDS, {"kind": OURS}),
    "host_debts": Kept(
        IDS,
        {"currency": CURRENCY, "reason": OURS},
        Shown(
            "debts",
            "SELECT booking_id AS booking, minor, currency, reason FROM host_debts WHERE host_id = %(user)s",
        ),
    ),
    "host_holds": Kept(IDS, {"hold_id": "made of ids and our own words"}),
    "reviews": Projected(
        "UserErased",
        Shown(
            "reviews",
            """SELECT review_id AS id, booking_id AS booking, property_id AS property, author AS written_by,
                      author_id = %(user)s AS yours, overall, cleanliness, accuracy, check_in, communication, location,
                      value, comment, submitted_at, revealed_at, reply, replied_at, origin AS imported_from
               FROM reviews WHERE %(user)s IN (author_id, subject_id) ORDER BY submitted_at, review_id""",
        ),
        statements=(
            "UPDATE reviews SET comment = '' WHERE author_id = %(user)s AND comment <> ''",
            "UPDATE reviews SET reply = '' WHERE subject_id = %(user)s AND reply <> ''",
        ),
        blanked=("comment", "reply"),
        words={"author": OURS, "origin": "the marketplace's name"},
    ),
    "sealed_reviews": Projected(
        "UserErased",
        Shown(
            "sealed_reviews",
            """SELECT review_id AS id, booking_id AS booking, property_id AS property, author AS written_by, overall,
                      cleanliness, accuracy, check_in, communication, location, value, comment, submitted_at
               FROM sealed_reviews WHERE author_id = %(user)s ORDER BY submitted_at, review_id""",
        ),
        statements=("UPDATE sealed_reviews SET comment = '' WHERE author_id = %(user)s AND comment <> ''",),
        blanked=("comment",),
        words={"author": OURS},
    ),
    "ratings": Kept(IDS, {"kind": OURS}),
    "imported_scores": Kept(IDS, {"origin": "the marketplace's name"}),
    "analytics_bookings": Kept(
        IDS,
        {"currency": CURRENCY, "state": STATE, **dict.fromkeys(("status", "policy", "cancelled_by", "kind"), OURS)},
    ),
    "analytics_nights": Kept(IDS, {"currency": CURRENCY}),
    "analytics_payments": Kept(
        IDS,
        {
            "provider": PROVIDER,
            "currency": CURRENCY,
            "state": f"{STATE}, and operators' reasons",
            **dict.fromkeys(("method", "status", "failure_code"), OURS),
        },
    ),
    "analytics_properties": Projected(
        "PropertyErased",
        "the versions of what is in `properties`, which they are given",
        blanked=("city", "city_key"),
        words={
            **dict.fromkeys(("status", "property_type", "room_type", "cancellation_policy", "booking_mode"), OURS),
            **dict.fromkeys(("source", "market"), "where an import came from: a marketplace and a city of its own"),
            "country": "an ISO 3166 code",
            "zone": "an IANA time zone: what the guests' stays are reckoned in",
            "currency": CURRENCY,
        },
    ),
    "analytics_blocks": Kept(IDS),
    "analytics_calendars": Kept(IDS),
    "analytics_users": Projected(
        "UserErased", "a keyed digest of their id, under which analysts count them", blanked=("user_key",)
    ),
    "analytics_clock": Kept("a day"),
    "audit_events": Kept(IDS),
}

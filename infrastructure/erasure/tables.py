"""Every table of the schema, and what becomes of it when somebody is erased.

Every column that could hold words is accounted for: a test holds this against the schema as it is, so that whoever adds
a table, or a column, says here what becomes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infrastructure.erasure.read_models import READ_MODELS
from infrastructure.erasure.rules import (
    CURRENCY,
    DIGEST,
    IDS,
    OURS,
    PROVIDER,
    REFERENCE,
    Cascading,
    Kept,
    Rule,
    Scrubbed,
    Shown,
)

_CREDENTIALS: Final[Mapping[str, Rule]] = {
    "token_families": Scrubbed(
        ("UPDATE token_families SET user_agent = '' WHERE user_id = %(user)s AND user_agent <> ''",),
        Shown(
            "logins",
            """SELECT family_id AS id, user_agent, created_at, used_at, ends_at, revoked_at FROM token_families
               WHERE user_id = %(user)s ORDER BY created_at""",
        ),
        blanked=("user_agent",),
    ),
    "refresh_tokens": Kept("keyed digests of what was drawn by lot", {"digest": DIGEST, "successor": DIGEST}),
    "asked_letters": Kept(
        "keyed digests of addresses, for some seconds: until the next worker has looked",
        {"template": OURS, "digest": DIGEST},
    ),
    "oidc_logins_used": Kept(IDS),
    "session_generations": Kept(IDS),
    "second_factors": Scrubbed(
        ("DELETE FROM second_factors WHERE user_id = %(user)s",),
        Shown("second_factors", "SELECT is_confirmed, made_at FROM second_factors WHERE user_id = %(user)s"),
    ),
    "api_keys": Scrubbed(
        ("DELETE FROM api_keys WHERE user_id = %(user)s",),
        Shown("api_keys", "SELECT key_id AS id, name, created_at FROM api_keys WHERE user_id = %(user)s"),
    ),
    "api_key_secrets": Cascading(
        "api_keys",
        Shown(
            "api_key_secrets",
            """SELECT key_id AS api_key, last_four, last_used_at FROM api_key_secrets JOIN api_keys USING (key_id)
               WHERE user_id = %(user)s""",
        ),
    ),
    "keyring": Kept("keys of this installation", {"key_id": IDS, "purpose": OURS, "sealed": "a key, sealed"}),
    "pseudonym_key": Kept("a key of this installation", {"secret": "drawn by lot"}),
}

_PERSON: Final[Mapping[str, Rule]] = {
    "person_keys": Scrubbed(
        (
            """INSERT INTO person_keys (person_id) VALUES (%(user)s)
               ON CONFLICT (person_id) DO UPDATE SET sealed = NULL WHERE person_keys.sealed IS NOT NULL""",
        ),
        "a secret",
        blanked=("sealed",),
    ),
    # Before the identities, by which those are found that were kept before there was an account. Whoever replied to a
    # review was answered with both: repeated, the request is refused.
    "answers": Scrubbed(
        (
            """DELETE FROM answers WHERE principal = %(principal)s
               OR principal IN (SELECT 'email:' || encode(digest, 'hex') FROM identities WHERE user_id = %(user)s)
               OR (principal LIKE 'email:%%' OR route LIKE 'POST /v1/reviews/%%') AND strpos(body, %(name)s) > 0
               OR strpos(route, %(name)s) > 0""",
        ),
        "copies of answers, kept for a week so that a repeated request gets the same: the other sections say as much",
    ),
    "identities": Scrubbed(
        ("DELETE FROM identities WHERE user_id = %(user)s",), "keyed digests of what `profile` shows"
    ),
    "people": Scrubbed(
        ("DELETE FROM people WHERE user_id = %(user)s",),
        Shown(
            "profile",
            """SELECT user_id AS id, username, email, name, phone, bio, languages, photo_id AS photo, created_at
               FROM people WHERE user_id = %(user)s""",
        ),
    ),
    "photos": Scrubbed(
        (
            """UPDATE photos SET state = 'removed', due_at = clock_timestamp()
               WHERE user_id = %(user)s AND state <> 'removed'""",
        ),
        Shown(
            "photos",
            """SELECT photo_id AS id, property_id AS property, width, height, uploaded_at FROM photos
               WHERE user_id = %(user)s AND state <> 'removed' ORDER BY uploaded_at""",
        ),
        blanked=(),
        words={"sha256": "of a picture that is removed; the row goes with its files", "state": OURS},
    ),
    "messages": Scrubbed(
        ("UPDATE messages SET text = NULL WHERE author_id = %(user)s AND text IS NOT NULL",),
        Shown(
            "messages",
            """SELECT booking_id AS booking, number, author_id = %(user)s AS yours, text, sent_at FROM messages
               WHERE booking_id = ANY (%(bookings)s) ORDER BY booking_id, number""",
        ),
        blanked=("text",),
    ),
    "correspondents": Kept(IDS),
    "notification_marks": Scrubbed(
        ("DELETE FROM notification_marks WHERE user_id = %(user)s",), "how far they have read `notifications`"
    ),
    "notification_preferences": Scrubbed(
        ("DELETE FROM notification_preferences WHERE user_id = %(user)s",),
        Shown(
            "notification_preferences",
            "SELECT category, email, in_app FROM notification_preferences WHERE user_id = %(user)s ORDER BY category",
        ),
    ),
    "webhook_endpoints": Scrubbed(
        ("DELETE FROM webhook_endpoints WHERE user_id = %(user)s",),
        Shown(
            "webhook_endpoints",
            """SELECT endpoint_id AS id, url, types, enabled, created_at FROM webhook_endpoints
               WHERE user_id = %(user)s ORDER BY created_at""",
        ),
    ),
    "webhook_deliveries": Cascading("webhook_endpoints", "copies of what the bookings' own events say"),
    "erasures": Kept("whom to forget, by an id"),
}

_MONEY: Final[Mapping[str, Rule]] = {
    "payers": Scrubbed(
        ("DELETE FROM payers WHERE payment_id = ANY (%(payments)s)",),
        Shown(
            "payment_phones",
            """SELECT payment_id AS payment, phone FROM payers
               WHERE payment_id = ANY (%(payments)s) AND phone IS NOT NULL""",
        ),
    ),
    "provider_answers": Scrubbed(
        (
            """UPDATE provider_answers SET body = ''
               WHERE (sha256 = ANY (%(hashes)s) OR reference = ANY (%(references)s)) AND body <> ''""",
        ),
        "the providers' evidence of what `payments` and `payouts` show, partly secrets of theirs",
        blanked=("body",),
        words={
            "sha256": "of the whole answer, which has references drawn by lot in it: nothing can be guessed from it",
            "provider": PROVIDER,
            "reference": REFERENCE,
        },
    ),
    "provider_webhooks": Scrubbed(
        (
            """UPDATE provider_webhooks SET body = ''
               WHERE (payment_id = ANY (%(payments)s) OR reference = ANY (%(references)s)) AND body <> ''""",
        ),
        "the same as `provider_answers`",
        blanked=("body",),
        words={
            "provider": PROVIDER,
            "event_id": "the provider's own id of what it sent",
            "about": OURS,
            "reference": REFERENCE,
            "sha256": "as of provider_answers",
            "state": OURS,
            "last_error": "a code of ours, or the name of an error",
        },
    ),
    "exchange_rates": Kept(
        "what currencies cost",
        {"base": CURRENCY, "currency": CURRENCY, "rate": "a number", "source": "who published it"},
    ),
    "reconciliations": Scrubbed(
        ("UPDATE reconciliations SET last_error = NULL WHERE payment_id = ANY (%(payments)s)",),
        "how often a provider was asked about a payment",
        blanked=("last_error",),
    ),
    "payout_destinations": Scrubbed(
        ("DELETE FROM payout_destinations WHERE host_id = %(user)s",),
        Shown(
            "payout_destination",
            """SELECT method, provider, '…' || right(reference, 4) AS reference FROM payout_destinations
               WHERE host_id = %(user)s""",
        ),
    ),
    "payout_addresses": Scrubbed(
        ("UPDATE payout_addresses SET reference = '' WHERE host_id = %(user)s AND reference <> ''",),
        Shown(
            "payout_addresses",
            """SELECT payout_id AS payout, '…' || right(reference, 4) AS reference FROM payout_addresses
               WHERE host_id = %(user)s""",
        ),
        blanked=("reference",),
    ),
    "payout_attempts": Kept(IDS),
    "mtn_momo_refunds": Kept(IDS),
    "sandbox_clock": Kept("nobody's"),
    "sandbox_charges": Kept(
        IDS, {"reference": REFERENCE, "key": IDS, "currency": CURRENCY, "method": OURS, "status": OURS}
    ),
    "sandbox_refunds": Kept(IDS, {"key": IDS, "reference": REFERENCE}),
    "sandbox_failed_refunds": Kept(IDS, {"key": IDS, "reference": REFERENCE, "code": OURS}),
    "sandbox_payouts": Scrubbed(
        ("UPDATE sandbox_payouts SET destination = '' WHERE payout_id = ANY (%(payouts)s) AND destination <> ''",),
        "the sandbox provider's own book",
        blanked=("destination",),
        words={"currency": CURRENCY},
    ),
}

_PROPERTIES: Final[Mapping[str, Rule]] = {
    "linked_calendars": Scrubbed(
        ("DELETE FROM linked_calendars WHERE property_id = ANY (%(properties)s)",),
        Shown(
            "linked_calendars",
            """SELECT feed_id AS id, property_id AS property, url, read_at, error_text AS error, notes
               FROM linked_calendars WHERE property_id = ANY (%(properties)s) ORDER BY feed_id""",
        ),
    ),
    "published_calendars": Scrubbed(
        ("DELETE FROM published_calendars WHERE property_id = ANY (%(properties)s)",),
        Shown(
            "published_calendars",
            "SELECT property_id AS property FROM published_calendars WHERE property_id = ANY (%(properties)s)",
        ),
    ),
    "imported_listings": Scrubbed(
        ("DELETE FROM imported_listings WHERE property_id = ANY (%(properties)s)",),
        Shown(
            "imported_listings",
            """SELECT property_id AS property, market, external_id, last_scraped FROM imported_listings
               WHERE property_id = ANY (%(properties)s)""",
        ),
    ),
}

_LOG: Final[Mapping[str, Rule]] = {
    "events": Kept(
        "personal fields are encrypted with a key that is destroyed; what operators write stays, as they are told",
        {
            "type": OURS,
            "data": "has no personal fields",
            "meta": "ids, the operator's reason, and the personal fields, encrypted",
        },
    ),
    "nights": Kept(IDS),
    "parked_events": Kept(
        "which events a read model could not take, by ids",
        {"projection": OURS, "reason": "an error's name and where it was raised, or a constraint's name"},
    ),
    "positions": Kept("how far each consumer of the log is", {"name": OURS, "stopped_reason": "an error of ours"}),
    "log_leaves": Kept("hashes of events", {"hash": "of events, whose ids nobody can guess"}),
    "log_subtrees": Kept("hashes of hashes", {"hash": "of hashes"}),
    "log_checkpoints": Kept("what was signed of the log", {"note": "a size, a hash, a position, a time, a signature"}),
    "log_checkpoint_copies": Kept("which checkpoints are outside too"),
    "log_keys": Kept("public keys of this installation", {"public_key": "a key that everybody may know"}),
    "log_origin": Kept("what the log is called", {"origin": OURS}),
    "log_restorations": Kept("that the log came from a bundle, and how far"),
    "audit_reads": Kept(
        "who of the staff looked at what, by ids: it is evidence",
        {
            "credential": OURS,
            "reader": "ids, or a login of the machine",
            "request": "an address or a command of the staff, with ids",
        },
    ),
    "alembic_version": Kept("the schema's revision", {"version_num": OURS}),
}

TABLES: Final[Mapping[str, Rule]] = {
    **_LOG,
    **_CREDENTIALS,
    **_PERSON,
    **_MONEY,
    **_PROPERTIES,
    **READ_MODELS,
}
"""By table, in the order in which they are scrubbed."""

"""How each refusal is met over HTTP, noun by noun: importing a module adds its scenes."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.test import TestResponse

from tests.api.stack import Stack

Scene = Callable[[Stack], TestResponse]
SCENES: dict[str, Scene] = {}
ELSEWHERE = {
    "bad_request": "tests/hostile/test_framing",
    "busy": "needs four lost races in a row",
    "chunks_refused": "tests/hostile/test_framing",
    "content_too_large": "tests/hostile/test_framing",
    "passwords_busy": "tests/infrastructure/test_passwords",
    "too_many_requests": "tests/api/test_rate_limits",
    "uri_too_long": "tests/hostile/test_framing",
    "cursor_expired": "like quote_expired: the same signer",
    "graphql_invalid": "an error beside others, in tests/graph/test_server",
    "internal_error": "test_problems",
    "json_malformed": "test_bad_input",
    "market_unlike": "imports only",
    "method_not_allowed": "test_problems",
    "not_acceptable": "test_problems",
    "not_found": "test_problems",
    "position_malformed": "test_reading_own_writes",
    "projection_parked": "test_reading_own_writes",
    "property_exists": "ids are made here and never twice",
    "provider_unavailable": "the sandbox never is",
    "read_model_behind": "test_reading_own_writes",
    "analytics_timed_out": "tests/analysts/test_api: somebody must hold a table",
    "bundle_too_large": "tests/audit/test_bundles.py: it takes many events",
    "history_broken": "tests/audit/test_events.py: somebody must alter the log",
    **dict.fromkeys(("event_not_found", "not_covered_yet"), "tests/proofs/test_api.py: it takes a checkpoint"),
    "dispute_not_found": "webhooks only, which name no dispute to a client",
    "payment_not_captured": "tests/api/test_operator_payments",
    "refund_negative": "no request names an amount to refund",
    "request_in_flight": "test_operations",
    "search_contradictory": "test_bad_input",
    "search_timed_out": "test_search: somebody has the table",
    "session_invalid": "tests/sessions/test_sessions.py: somebody must ask a Redis",
    "snapshot_older": "imports only",
    "source_differs": "imports only",
    "too_many_blocks": "two thousand requests; test in domain",
    "unavailable": "test_problems",
    "unsupported_media_type": "test_problems",
    **dict.fromkeys(
        ("rating_of_guests_only", "reply_exists", "review_exists", "review_window_closed", "stay_not_over"),
        "tests/reviews/test_api.py: time has to pass",
    ),
    **dict.fromkeys(
        ("rating_out_of_range", "review_too_long"), "in a body the schema is first; tests/domain/test_reviews"
    ),
    **dict.fromkeys(("photo_twice", "photos_unavailable", "too_many_photos"), "tests/photos/test_api.py"),
    **dict.fromkeys(
        (
            "too_many_webhook_endpoints webhook_delivery_not_found webhook_endpoint_exists webhook_endpoint_not_found "
            "webhook_url_refused"
        ).split(),
        "tests/webhooks/test_endpoints",
    ),
    **dict.fromkeys(
        (
            "oidc_denied oidc_email_unverified oidc_login_expired oidc_login_invalid oidc_login_used "
            "oidc_provider_unavailable oidc_token_invalid"
        ).split(),
        "tests/oidc/test_login",
    ),
    "oidc_identity_differs": "tests/oidc/test_accounts",
    "currency_foreign": "test_bad_stays",
    "currency_mixed": "test_bad_input",
    "amount_malformed": "in a body the schema is first; in a search see test_bad_input",
    "not_ready": "test_operations",
    "payout_account_not_needed": "a host paid by phone names it, and no account is asked for",
    "payout_method_unavailable": "tests/application/test_payouts.py: the sandbox pays in every way",
    "payment_method_unavailable": "tests/application/test_stay.py: the sandbox takes every kind",
    "preview_in_past": "test_cancellation_preview",
    "price_out_of_range": "test_bad_input",
    "stay_empty": "test_bad_stays",
    "stay_over_limit": "test_bad_stays",
    "zone_unknown": "test_bad_input",
    "bbox_malformed": "test_bad_input",
    "range_not_shown": "test_bad_input",
    "idempotency_key_malformed": "test_idempotency",
    "idempotency_key_required": "test_idempotency",
    "idempotency_key_reused": "test_idempotency",
    **dict.fromkeys(
        (
            "alteration_too_late booking_not_acceptable booking_not_alterable booking_not_declinable "
            "booking_not_missed nothing_altered"
        ).split(),
        "test_life_cycle",
    ),
    **dict.fromkeys(
        (
            "advance_notice_out_of_range coordinates_out_of_range currency_unknown discount_out_of_range "
            "fee_out_of_range guests_included_out_of_range guests_out_of_range rooms_out_of_range tax_out_of_range "
            "too_many_amenities too_many_overrides"
        ).split(),
        "the schema is first: validation_failed",
    ),
}


def scene(code: str) -> Callable[[Scene], Scene]:
    def remember(play: Scene) -> Scene:
        SCENES[code] = play
        return play

    return remember

"""The one place where errors become HTTP: problem details (RFC 9457), one stable type for each code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from flask import Flask, Response
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from api import tracing
from application.payment_ports import GatewayUnavailable
from application.photo_ports import PhotosUnavailable
from application.session_ports import SessionsUnavailable
from domain.rejections import Rejected

MIMETYPE: Final = "application/problem+json"

_BY_STATUS: Final[Mapping[int, Mapping[str, str]]] = {
    400: {
        "bad_request": "The request cannot be understood",
        "chunks_refused": "Bodies in chunks are not taken here",
        "graphql_batch_too_large": "The batch has too many operations",
        "graphql_introspection_off": "The schema is not asked for here",
        "graphql_invalid": "The document does not fit the schema",
        "graphql_malformed": "The document is not GraphQL",
        "graphql_too_costly": "The operation asks for too much",
        "graphql_too_deep": "The operation goes too deep",
        "graphql_too_long": "The document is too long",
        "graphql_too_many_fragments": "The document has too many fragments",
        "idempotency_key_malformed": "The Idempotency-Key is not 1 to 200 visible ASCII characters",
        "idempotency_key_required": "This request needs an Idempotency-Key",
        "oidc_login_expired": "The login took too long",
        "oidc_login_invalid": "This browser did not begin this login",
        "oidc_login_used": "The login was finished before",
        "json_malformed": "The body is not strict JSON",
        "position_malformed": "The Lodger-Position is not a position",
        "webhook_malformed": "This is not a webhook of the provider",
        "webhook_signature_invalid": "The webhook is not signed by the provider",
        "webhook_stale": "The webhook was signed too long ago, or in the future",
    },
    401: {
        "api_key_invalid": "The API key is not valid",
        "credentials_wrong": "E-mail address or password is wrong",
        "refresh_token_invalid": "The refresh token is not valid",
        "refresh_token_reused": "The refresh token was used before",
        "second_factor_required": "A code of the second factor is needed too",
        "code_wrong": "The code of the second factor is wrong",
        "session_invalid": "The session is over",
        "oidc_denied": "The provider did not say who you are",
        "oidc_token_invalid": "What the provider says cannot be believed",
        "token_invalid": "The access token is not valid",
        "token_required": "An access token is needed",
    },
    403: {
        "csrf_token_wrong": "The X-CSRF-Token is missing or not the session's",
        "login_not_fresh": "Log in once more first",
        "email_unverified": "The e-mail address is not verified",
        "guest_required": "Only the guest may do this",
        "host_required": "Only hosts may do this",
        "password_missing": "There is no password yet",
        "password_wrong": "This is not your password",
        "request_cross_site": "The request comes from another site",
        "oidc_email_unverified": "The provider has confirmed no e-mail address of yours",
        "role_missing": "This is for another role",
        "scope_missing": "The API key is not for this",
        "user_deactivated": "The account is closed for now",
        "user_suspended": "The account is suspended",
    },
    404: {
        "api_key_not_found": "There is no such API key of yours",
        "block_not_found": "There is no such block",
        "booking_not_found": "There is no such booking",
        "checkpoint_not_found": "There is no such checkpoint of the log",
        "calendar_not_found": "There is no such calendar",
        "conflict_not_found": "There is no such conflict",
        "dispute_not_found": "There is no such dispute",
        "event_not_found": "The log has no event there",
        "feed_not_found": "There is no such linked calendar",
        "hold_not_found": "There is no such hold",
        "login_not_found": "There is no such login",
        "not_covered_yet": "No checkpoint goes so far yet",
        "not_found": "There is nothing here",
        "oidc_not_set_up": "There is no OpenID provider here",
        "payment_not_found": "There is no such payment",
        "payout_destination_not_found": "There is no destination of payouts",
        "payout_not_found": "There is no such payout",
        "photo_not_found": "There is no such photo",
        "property_not_found": "There is no such property",
        "refund_not_found": "There is no such refund",
        "review_not_found": "There is no such review",
        "provider_not_found": "There is no such payment provider",
        "stream_not_found": "The log has no such stream",
        "session_not_found": "There is no such session of yours",
        "user_not_found": "There is no such user",
        "webhook_delivery_not_found": "There is no such delivery",
        "webhook_endpoint_not_found": "There is no such endpoint of yours",
    },
    405: {"method_not_allowed": "This method is not offered here"},
    406: {"not_acceptable": "None of the accepted media types is offered"},
    409: {
        "block_follows_calendar": "The block follows a linked calendar",
        "api_key_expired": "The API key has expired",
        "alteration_too_late": "It is too late to alter the booking like this",
        "booking_not_acceptable": "The booking does not wait for its host's answer",
        "booking_not_alterable": "The booking cannot be altered now",
        "booking_not_cancellable": "The booking cannot be cancelled",
        "booking_not_declinable": "The booking does not wait for its host's answer",
        "booking_not_missed": "This is not the time for a no-show",
        "booking_not_payable": "The booking is not waiting for payment",
        "clock_backwards": "The clock only moves forward",
        "contradiction_not_open": "No such contradiction waits for somebody",
        "erasure_blocked": "Something of the person is not over yet",
        "history_broken": "What the log has there is not what was recorded",
        "market_unlike": "The import does not look like its market",
        "snapshot_older": "The import is older than what is known",
        "source_differs": "The property comes from elsewhere",
        "currency_fixed": "The currency of a property cannot change",
        "email_taken": "The e-mail address belongs to an account",
        "nights_taken": "Some of these nights are not free",
        "own_account": "Nobody does this to their own account",
        "oidc_identity_differs": "The account is linked to somebody else at the provider",
        "payment_in_progress": "A payment is under way",
        "payment_not_captured": "Nothing of the payment was captured",
        "payout_not_failed": "The payout has not failed",
        "property_exists": "The property exists already",
        "property_incomplete": "The property is not complete",
        "property_not_listed": "The property takes no bookings",
        "reply_exists": "The review was replied to already",
        "review_exists": "The stay was reviewed already",
        "review_window_closed": "The stay is not reviewed any more",
        "stay_not_over": "The stay is not over",
        "refund_exceeds_capture": "A refund cannot exceed what was paid",
        "refund_not_failed": "The refund did not fail",
        "request_in_flight": "This very request is under way",
        "second_factor_active": "There is a second factor already",
        "second_factor_inactive": "There is no second factor",
        "second_factor_not_begun": "No second factor waits to be confirmed",
        "too_many_api_keys": "You have too many API keys",
        "too_many_attempts": "The booking was tried to be paid too often",
        "too_many_blocks": "The property has too many blocks",
        "too_many_photos": "The property shows too many photos",
        "too_many_feeds": "The property follows too many calendars",
        "too_many_webhook_endpoints": "You have too many endpoints",
        "username_taken": "The username belongs to an account",
        "webhook_endpoint_exists": "You have an endpoint at this address already",
    },
    412: {"revision_stale": "It was changed meanwhile"},
    413: {"content_too_large": "The body is too large"},
    414: {"uri_too_long": "The path and query are too long"},
    415: {"unsupported_media_type": "The body's media type is not supported"},
    422: {
        "api_key_expiry_past": "A key ends later than it begins",
        "advance_notice_out_of_range": "Advance notice is out of range",
        "amount_malformed": "The amount is not written in its currency's digits",
        "before_first_event": "Nothing had happened by then",
        "beyond_log": "It has not happened yet",
        "bbox_malformed": "The bounding box is malformed",
        "block_reversed": "A block ends after it begins",
        "block_too_long": "The block is too long",
        "bundle_too_large": "These are more events than go over HTTP at once",
        "coordinates_out_of_range": "There is no such place on earth",
        "currency_foreign": "The property is priced in another currency",
        "currency_mixed": "All prices of a property are in one currency",
        "currency_unknown": "The currency is unknown",
        "cursor_expired": "The cursor has expired",
        "cursor_invalid": "The cursor was not issued here, or for another query",
        "email_token_expired": "The link has expired",
        "email_token_invalid": "The link is not one of ours",
        "email_token_used": "The link was used already",
        "reset_token_expired": "The link has expired",
        "reset_token_invalid": "The link is not one of ours",
        "reset_token_used": "The link was used already",
        "password_common": "The password is one of the commonest",
        "password_telling": "The password holds the account's own name",
        "discount_out_of_range": "A discount is out of range",
        "email_malformed": "This is not an e-mail address",
        "fee_out_of_range": "A fee is out of range",
        "feed_address_refused": "This address is not asked for a calendar",
        "guests_included_out_of_range": "The price includes at least one guest",
        "guests_out_of_range": "The number of guests is out of range",
        "idempotency_key_reused": "The Idempotency-Key belongs to another request",
        "nights_rule_impossible": "No stay could keep to these rules",
        "notice_too_short": "The host needs more notice",
        "payment_method_unavailable": "This kind of payment is not taken",
        "nothing_altered": "The stay is the one that is booked already",
        "override_reversed": "A price override ends after it begins",
        "own_property": "Hosts do not book their own property",
        "photo_malformed": "This is no picture that is taken here",
        "photo_too_large": "The photo has too many pixels",
        "rating_of_guests_only": "Only guests rate parts of a stay",
        "rating_out_of_range": "Ratings are from 1 to 5",
        "review_too_long": "The text is too long",
        "photo_twice": "A photo is shown once",
        "preview_in_past": "Nothing is cancelled in the past",
        "payout_account_not_needed": "Hosts need no account there",
        "payout_method_unavailable": "Nobody pays hosts in this way",
        "price_required": "Prices start with a price per night",
        "price_out_of_range": "A price is out of range",
        "quote_expired": "The quote has expired",
        "quote_invalid": "The quote was not issued here",
        "quote_mismatch": "The quote is for another stay",
        "range_reversed": "It ends before it begins",
        "range_not_shown": "The range is empty or too long",
        "refund_negative": "A refund is not negative",
        "rooms_out_of_range": "A number of rooms is out of range",
        "search_contradictory": "Nothing could be found like this",
        "stay_beyond_horizon": "The stay is too far ahead",
        "stay_empty": "A stay has at least one night",
        "stay_in_past": "The stay begins in the past",
        "stay_over_limit": "No stay is that long",
        "stay_reversed": "A stay ends after it begins",
        "stay_too_long": "The stay is too long",
        "stay_too_short": "The stay is too short",
        "tax_out_of_range": "A tax is out of range",
        "title_blank": "A listing needs a title",
        "too_many_amenities": "Too many amenities",
        "too_many_guests": "The property does not hold so many guests",
        "too_many_overrides": "Too many price overrides",
        "username_malformed": "This is not a username",
        "webhook_url_refused": "Nothing is ever sent to this address",
        "zone_unknown": "The time zone is unknown",
        "validation_failed": "Some fields are not acceptable",
    },
    428: {"precondition_required": "This change needs If-Match"},
    429: {
        "too_many_codes": "Too many wrong codes were tried",
        "too_many_messages": "So many messages are not taken at once",
        "too_many_requests": "So many requests are not taken at once",
    },
    500: {"internal_error": "Something went wrong on our side"},
    503: {
        "busy": "Too many changes at once",
        "not_ready": "Not ready yet",
        "passwords_busy": "Too many passwords are looked at already",
        "photos_unavailable": "The store of photos does not answer",
        "oidc_provider_unavailable": "The OpenID provider does not answer",
        "projection_parked": "The read model does without some events for now",
        "provider_unavailable": "The payment provider does not answer",
        "analytics_timed_out": "The metrics took too long",
        "read_model_behind": "The read model is behind",
        "search_timed_out": "The search took too long",
        "sessions_unavailable": "Sessions cannot be looked up now",
        "unavailable": "A server this depends on does not answer",
    },
}

STATUS_OF: Final[Mapping[str, int]] = {code: status for status, kinds in _BY_STATUS.items() for code in kinds}
TITLE_OF: Final[Mapping[str, str]] = {code: title for kinds in _BY_STATUS.values() for code, title in kinds.items()}

_CODE_OF_STATUS: Final[Mapping[int, str]] = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "content_too_large",
    414: "uri_too_long",
    415: "unsupported_media_type",
    422: "validation_failed",
}
_RETRY_SECONDS: Final = {409: 1, 503: 1}
_CHALLENGE: Final = 'Bearer realm="lodger"'

_BY_FIELD: Final = "See `errors`, by field."

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Problem:
    """One error as it is answered. `errors` are messages by field, `details` extension members."""

    code: str
    detail: str
    details: Mapping[str, object]
    errors: object = None

    def response(self) -> Response:
        status = STATUS_OF[self.code]
        trace = tracing.current()
        members = {
            **self.details,
            "type": type_of(self.code),
            "title": TITLE_OF[self.code],
            "status": status,
            "detail": self.detail,
            "instance": f"urn:uuid:{trace.request_id}",
        }
        if self.errors is not None:
            members["errors"] = self.errors
        answer = Response(msgspec.json.encode(members), status, mimetype=MIMETYPE)
        if status == HTTPStatus.UNAUTHORIZED:
            answer.headers["WWW-Authenticate"] = _CHALLENGE
        if "retry_after" in self.details:
            answer.headers["Retry-After"] = str(self.details["retry_after"])
        elif self.code == "request_in_flight" or status == HTTPStatus.SERVICE_UNAVAILABLE:
            answer.headers["Retry-After"] = str(_RETRY_SECONDS[status])
        trace.problem = self.code
        return answer


def type_of(code: str) -> str:
    """The problem's stable type, a reference to the page that explains it."""
    return f"/problems/{code.replace('_', '-')}"


def of_rejection(rejected: Rejected) -> Response:
    """A rule, or the API itself, said no. A code without a place in the table is a mistake of ours."""
    if rejected.code not in STATUS_OF:
        return of_mistake(rejected)
    return Problem(rejected.code, rejected.message, rejected.details).response()


def of_http(error: HTTPException) -> Response:
    """What Flask, werkzeug and webargs raise."""
    if error.code is None or (error.response is not None and error.code < 400):
        return Response(status=error.code or 500)
    code = _CODE_OF_STATUS.get(error.code, "bad_request" if error.code < 500 else "internal_error")
    messages = getattr(error, "data", {}).get("messages")
    if messages is None:
        answer = Problem(code, error.description or TITLE_OF[code], {}).response()
    else:
        # webargs tells where the fields were sent; a request has them in one place only
        fields = {name: each for place in messages.values() for name, each in _by_field(place).items()}
        answer = Problem(code, _BY_FIELD, {}, fields).response()
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _by_field(messages: Any) -> Mapping[str, Any]:
    return messages if isinstance(messages, dict) else {"_schema": messages}


def of_body(error: ValidationError) -> Response:
    """What a body's schema does not take."""
    return Problem("validation_failed", _BY_FIELD, {}, _by_field(error.messages)).response()


def of_missing_server(error: ConnectionError) -> Response:
    log.warning("unavailable", error=type(error).__name__)
    return Problem("unavailable", "Try again in a moment.", {}).response()


def of_missing_provider(_: GatewayUnavailable) -> Response:
    return Problem("provider_unavailable", "Try again in a moment.", {}).response()


def of_missing_sessions(error: SessionsUnavailable) -> Response:
    log.warning("sessions unavailable", error=str(error))
    return Problem("sessions_unavailable", "Try again in a moment. Access tokens go on meanwhile.", {}).response()


def of_missing_photos(_: PhotosUnavailable) -> Response:
    return Problem("photos_unavailable", "Try again in a moment.", {}).response()


def of_mistake(error: Exception) -> Response:
    """Ours: the trace is for the log, never for the client."""
    log.error("unhandled", exc_info=error)
    return Problem("internal_error", "It has been recorded under this instance.", {}).response()


def known_code(error: Exception) -> str:
    """The code of an error that is no refusal, where GraphQL tells of it among others."""
    match error:
        case GatewayUnavailable():
            return "provider_unavailable"
        case SessionsUnavailable():
            return "sessions_unavailable"
        case PhotosUnavailable():
            return "photos_unavailable"
        case ConnectionError():
            return "unavailable"
        case _:
            return "internal_error"


def register(app: Flask) -> None:
    app.register_error_handler(Rejected, of_rejection)
    app.register_error_handler(ValidationError, of_body)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(ConnectionError, of_missing_server)
    app.register_error_handler(GatewayUnavailable, of_missing_provider)
    app.register_error_handler(SessionsUnavailable, of_missing_sessions)
    app.register_error_handler(PhotosUnavailable, of_missing_photos)
    app.register_error_handler(Exception, of_mistake)

"""Calls of Stripe that can be repeated: our own Idempotency-Key always, and what is kept under one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final, TypeVar

import stripe
from stripe import RequestOptions, StripeClient

from application.payment_ports import GatewayUnavailable

_CONNECT_SECONDS: Final = 2
_ANSWER_SECONDS: Final = 6
_KEYS_MAX: Final = 5

T = TypeVar("T")
S = TypeVar("S", bound=stripe.StripeObject)


class KeySpent(GatewayUnavailable):
    """Stripe failed at the first call with this key, and gives that failure again for as long as it keeps the key."""


def client(secret_key: str, api_base: str) -> StripeClient:
    """The SDK's client. It retries nothing: whoever called asks again, when that is wise."""
    http = stripe.RequestsClient(timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS))
    return StripeClient(secret_key, base_addresses={"api": api_base}, max_network_retries=0, http_client=http)


def ask(call: Callable[[], T]) -> T:
    """What Stripe answers.

    Raises GatewayUnavailable when nobody knows what happened, KeySpent, and the SDK's errors for what Stripe refused:
    InvalidRequestError, CardError, or (our mistake) AuthenticationError, PermissionError, IdempotencyError.
    """
    try:
        return call()
    except stripe.APIError as error:  # 5xx, 409, and what is not the API's JSON
        if (error.http_status or 0) >= 500 and _was_kept(error.headers):
            raise KeySpent from error
        raise GatewayUnavailable(f"Stripe answered {error.http_status}") from error
    except (stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise GatewayUnavailable(f"Stripe did not answer: {type(error).__name__}") from error


def once(
    key: str,
    make: Callable[[RequestOptions], S],
    again: Callable[[str], S],
    find: Callable[[], str | None] = lambda: None,
) -> S:
    """What was made under `key`, as it stands now; made if it is not there.

    Where making it twice would move money twice, `find` says what is there: a key may be spent though its call did
    what was asked, and Stripe forgets keys after a day. A spent key is followed by the next one, the same for
    everybody who comes here. `again` asks for a thing by its id: a repeated call is answered as the first one was.
    """
    for number in range(_KEYS_MAX):
        found = find()
        if found is not None:
            return ask(partial(again, found))
        try:
            made = ask(partial(make, {"idempotency_key": f"{key}:{number}" if number else key}))
        except KeySpent:
            continue
        assert made.last_response is not None, "it was just answered"
        return ask(partial(again, made["id"])) if _was_kept(made.last_response.headers) else made
    raise GatewayUnavailable("Stripe failed with every key that was tried")


def body(answered: stripe.StripeObject) -> str:
    """What Stripe answered, to the letter."""
    assert answered.last_response is not None, "only what was asked for itself is kept"
    return answered.last_response.body


def sent_along(thing: stripe.StripeObject, name: str) -> str | None:
    """What was written on a thing when it was made."""
    value = (thing.to_dict().get("metadata") or {}).get(name)
    return None if value is None else str(value)


def _was_kept(headers: Mapping[str, str] | None) -> bool:
    """Whether an answer is the one that Stripe gave the first call with its key."""
    return headers is not None and headers.get("Idempotent-Replayed") == "true"

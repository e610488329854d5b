"""What keys there are: each purpose, what its keys do, and for how long what they made counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from domain.policies import (
    ACCESS_TOKEN,
    OIDC_LOGIN,
    QUOTE_LIFETIME,
    REFRESH_TOKEN_END,
    REFRESH_TOKEN_GRACE,
    RESET_LINK,
    VERIFICATION_LINK,
)
from infrastructure.workers.retention import ANSWERS_KEPT


@dataclass(frozen=True, slots=True)
class Purpose:
    """`use` says how a key is rotated.

    - signs: the next key signs; this one verifies for `lasts` longer.
    - digests: the next key digests; what was digested with this one is found for `lasts` longer.
    - identifies: the same, but two digests are made of everything until all is digested anew: they keep unique.
    - seals: everything is sealed anew.

    `lasts` None means that nobody can say: the key is kept until an operator ends it.
    """

    use: Literal["signs", "digests", "identifies", "seals"]
    what: str
    lasts: timedelta | None = None


_MARGIN: Final = timedelta(minutes=1)
"""For clocks that are not quite the database's, and for what is under way."""

CHECKPOINT: Final = "checkpoint"

PURPOSES: Final[Mapping[str, Purpose]] = {
    "access token": Purpose("signs", "tokens of /v1/auth/tokens", ACCESS_TOKEN + _MARGIN),
    "refresh token": Purpose("digests", "refresh tokens", REFRESH_TOKEN_END + _MARGIN),
    "next refresh token": Purpose("digests", "a refresh token's successor", REFRESH_TOKEN_GRACE + _MARGIN),
    "email_token": Purpose("signs", "links that confirm an e-mail address", VERIFICATION_LINK + _MARGIN),
    "reset_token": Purpose("signs", "links that set a new password", RESET_LINK + _MARGIN),
    "account state": Purpose("digests", "what such a link is bound to", VERIFICATION_LINK + _MARGIN),
    "quote": Purpose("signs", "quotes", QUOTE_LIFETIME + _MARGIN),
    "cursor": Purpose("signs", "pages of lists; those of changes have no end"),
    CHECKPOINT: Purpose("signs", "checkpoints of the log; former public keys are kept for ever", _MARGIN),
    "email": Purpose("identifies", "e-mail addresses, one account each"),
    "username": Purpose("identifies", "usernames, one account each"),
    "login failures": Purpose("digests", "accounts whose password is tried out", _MARGIN),
    "request body": Purpose("digests", "requests under an Idempotency-Key", ANSWERS_KEPT + _MARGIN),
    "calendar token": Purpose("digests", "addresses of published calendars"),
    "api key": Purpose("digests", "secrets of API keys"),
    "oidc": Purpose("digests", "who somebody is at an OpenID provider"),
    "oidc_login": Purpose("signs", "logins by OpenID Connect under way", OIDC_LOGIN + _MARGIN),
    "person key": Purpose("seals", "the keys that people's own words are encrypted with"),
    "second factor": Purpose("seals", "what the codes of second factors are made from"),
    "webhook secret": Purpose("seals", "what webhooks to clients are signed with"),
}
"""A purpose that is not here has no keys: `infrastructure.keyring` refuses it."""

"""Talking to MTN: tokens, headers, and which answers are answers at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from time import monotonic
from typing import Any, Final, Literal

import msgspec
import urllib3

from application.payment_ports import GatewayUnavailable

Product = Literal["collection", "disbursement"]
Kind = Literal["requesttopay", "refund", "transfer"]

PRODUCT_OF: Final[Mapping[Kind, Product]] = {
    "requesttopay": "collection",
    "refund": "disbursement",
    "transfer": "disbursement",
}

_UNKNOWN: Final = "RESOURCE_NOT_FOUND"
_DUPLICATE: Final = "RESOURCE_ALREADY_EXIST"
_REFUSALS: Final = frozenset(
    {
        _DUPLICATE,
        _UNKNOWN,
        "INVALID_CALLBACK_URL_HOST",
        "INVALID_CURRENCY",
        "NOT_ALLOWED",
        "NOT_ALLOWED_TARGET_ENVIRONMENT",
        "NOT_ENOUGH_FUNDS",
        "PAYEE_NOT_ALLOWED_TO_RECEIVE",
        "PAYEE_NOT_FOUND",
        "PAYER_LIMIT_REACHED",
        "PAYER_NOT_FOUND",
    }
)
"""Codes that decide something, though many of them come with a status of 500."""

_TIME_OUT: Final = urllib3.Timeout(connect=3.0, read=7.0)
_TOKEN_MARGIN_SECONDS: Final = 60
"""A token is renewed that long before it expires, for it has to outlive the call that it is taken for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """An API user with its key, and the subscription key of each product."""

    api_user: str
    api_key: str
    subscription_keys: Mapping[Product, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What MTN said: `code` is its own word for what is wrong, where it says one."""

    status: int
    body: str
    code: str | None

    @property
    def is_accepted(self) -> bool:
        return self.status == 202

    @property
    def is_duplicate(self) -> bool:
        return self.code == _DUPLICATE

    @property
    def is_unknown(self) -> bool:
        """A wrong address is a 404 as well, but without the code."""
        return self.status == 404 and self.code == _UNKNOWN


class _Error(msgspec.Struct):
    code: str | None = None


class _Token(msgspec.Struct):
    access_token: str
    expires_in: int


class MtnMomoClient:
    """One API user's connection, for any number of threads. `environment` is MTN's (sandbox, mtnuganda, …)."""

    def __init__(
        self,
        api_base: str,
        environment: str,
        credentials: Credentials,
        callback_url: str,
        time_out: urllib3.Timeout = _TIME_OUT,
    ) -> None:
        self._api_base = api_base
        self._environment = environment
        self._credentials = credentials
        self._callback_url = callback_url
        self._http = urllib3.PoolManager(maxsize=8, timeout=time_out, retries=False)
        self._tokens: dict[Product, _Tokens] = {
            product: _Tokens(partial(self._new_token, product)) for product in credentials.subscription_keys
        }

    def post(self, kind: Kind, reference: str, body: Mapping[str, Any]) -> Answer:
        """Ask for something once per `reference`. A refusal is an answer; whether it was known before says `get`.

        Raises GatewayUnavailable when it is unknown whether it was taken.
        """
        headers = {
            "Content-Type": "application/json",
            "X-Reference-Id": reference,
            "X-Callback-Url": self._callback_url,
        }
        answer = self._call("POST", PRODUCT_OF[kind], f"v1_0/{kind}", headers, msgspec.json.encode(body))
        if answer.is_accepted or answer.status == 400 or answer.code in _REFUSALS:
            return answer
        raise GatewayUnavailable(f"MTN answered {kind} with {answer.status} {answer.code or ''}")

    def get(self, kind: Kind, reference: str) -> Answer:
        """How something stands, which may be that MTN does not know it. Raises GatewayUnavailable."""
        answer = self._call("GET", PRODUCT_OF[kind], f"v1_0/{kind}/{reference}", {}, None)
        if answer.status == 200 or answer.is_unknown:
            return answer
        raise GatewayUnavailable(f"MTN answered how a {kind} stands with {answer.status} {answer.code or ''}")

    def _call(self, method: str, product: Product, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Call with a token, and once more with a new one when it is good no more."""
        tokens = self._tokens[product]
        token = tokens.current()
        answer = self._authorized(method, product, path, headers, body, token)
        if answer.status == 401:
            answer = self._authorized(method, product, path, headers, body, tokens.instead_of(token))
        return answer

    def _authorized(
        self, method: str, product: Product, path: str, headers: Mapping[str, str], body: bytes | None, token: str
    ) -> Answer:
        with_token = {**headers, "Authorization": f"Bearer {token}", "X-Target-Environment": self._environment}
        return self._ask(method, product, path, with_token, body)

    def _new_token(self, product: Product) -> tuple[str, int]:
        user = f"{self._credentials.api_user}:{self._credentials.api_key}"
        answer = self._ask("POST", product, "token/", urllib3.make_headers(basic_auth=user), None)
        if answer.status != 200:
            raise GatewayUnavailable(f"MTN gave no token for its {product}: {answer.status} {answer.code or ''}")
        try:
            token = msgspec.json.decode(answer.body, type=_Token)
        except msgspec.DecodeError as error:
            raise GatewayUnavailable(f"MTN's token for its {product} cannot be read") from error
        return token.access_token, token.expires_in

    def _ask(self, method: str, product: Product, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        url = f"{self._api_base}/{product}/{path}"
        subscribed = {**headers, "Ocp-Apim-Subscription-Key": self._credentials.subscription_keys[product]}
        try:
            response = self._http.request(method, url, headers=subscribed, body=body, redirect=False)
        except urllib3.exceptions.HTTPError as error:
            raise GatewayUnavailable(f"MTN did not answer ({type(error).__name__})") from error
        text = response.data.decode(errors="replace")
        return Answer(response.status, text, _code(text) if response.status >= 400 else None)


class _Tokens:
    """The token of one product, made anew before it expires.

    Threads that need one at once wait for the same: it is theirs, or its failure is.
    """

    def __init__(self, make: Callable[[], tuple[str, int]]) -> None:
        self._make = make
        self._lock = Lock()
        self._token = ""
        self._good_until = 0.0
        self._failed_at = 0.0

    def current(self) -> str:
        needed = monotonic()
        with self._lock:
            if needed >= self._good_until:
                self._renew(needed)
            return self._token

    def instead_of(self, refused: str) -> str:
        """Another token than the refused one, which another thread may have made already."""
        needed = monotonic()
        with self._lock:
            if self._token == refused:
                self._renew(needed)
            return self._token

    def _renew(self, needed: float) -> None:
        if needed < self._failed_at:
            raise GatewayUnavailable("MTN gave no token a moment ago")
        asked = monotonic()
        try:
            self._token, seconds = self._make()
        except GatewayUnavailable:
            self._failed_at = monotonic()
            raise
        self._good_until = asked + max(seconds - _TOKEN_MARGIN_SECONDS, seconds // 2)


def _code(body: str) -> str | None:
    try:
        return msgspec.json.decode(body, type=_Error).code
    except (msgspec.DecodeError, RecursionError):
        return None

"""OpenID Connect, as its client: any provider that describes itself (Discovery 1.0), authorization code with PKCE.

What a provider says is checked before anything follows from it (Core 1.0, 3.1.3.7). What it is asked goes the way of
all requests to the outside: only to public addresses, for seconds, and reading so much.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore, Lock
from time import monotonic, time
from typing import Any, Final, Literal
from urllib.parse import quote, urlencode, urlsplit

import jwt
import msgspec
import structlog
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]
from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]
from joserfc.errors import JoseError

from application.identity_ports import Identity
from domain.rejections import Rejected
from infrastructure.outgoing import AddressRefused, Outgoing, OutgoingFailed

_ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by a key that the provider alone has. With `none` or a shared secret anybody could say anything."""

_SCOPES: Final = "openid email profile"
_REQUIRED: Final = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_LEEWAY_SECONDS: Final = 60
_SUBJECT_MAX: Final = 255  # Core 1.0, 2
_SECONDS: Final = 4.0
_MOST_BYTES: Final = 256 * 1024
_DESCRIBED_SECONDS: Final = 3_600.0
_KEYS_SECONDS: Final = 300.0
_AT_ONCE: Final = 2
_WAITS_SECONDS: Final = 2.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Client:
    """What Lodger is at the provider. Without a secret it is a public client, which PKCE alone protects."""

    client_id: str
    secret: str = field(repr=False)
    callback_url: str


class OpenIdProvider:
    """Implements `application.identity_ports.IdentityProvider`. One may be shared by threads.

    Few of them ask at once: a provider that answers slowly must not keep all threads from bookings.
    """

    def __init__(self, outgoing: Outgoing, issuer: str, client: Client) -> None:
        self._outgoing = outgoing
        self._issuer = issuer
        self._client = client
        self._lock = Lock()
        self._described: tuple[float, Mapping[str, Any]] = (0.0, {})
        self._keys: tuple[float, Mapping[str | None, jwt.PyJWK]] = (0.0, {})
        self._places = BoundedSemaphore(_AT_ONCE)

    def login_url(self, state: str, nonce: str, verifier: str) -> str:
        with self._asking():
            endpoint = self._endpoint("authorization_endpoint")
        asked = {
            "response_type": "code",
            "client_id": self._client.client_id,
            "redirect_uri": self._client.callback_url,
            "scope": _SCOPES,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    def identify(self, code: str, issuer: str | None, nonce: str, verifier: str) -> Identity:
        with self._asking():
            self._must_be_its_answer(issuer)
            given = self._exchange(code, verifier)
            access_token = given.get("access_token")
            claims = self._claims(given.get("id_token"), access_token, nonce)
            if "email" not in claims and isinstance(access_token, str):
                claims = {**self._said_later(access_token, str(claims["sub"])), **claims}
        return Identity(
            issuer=self._issuer,
            subject=str(claims["sub"]),
            email=_text(claims, "email"),
            email_verified=claims.get("email_verified") is True or claims.get("email_verified") == "true",
            name=_text(claims, "name"),
            username=_text(claims, "preferred_username"),
        )

    @contextmanager
    def _asking(self) -> Iterator[None]:
        if not self._places.acquire(timeout=_WAITS_SECONDS):
            raise _unavailable("others are waiting for it")
        try:
            yield
        except (OutgoingFailed, AddressRefused) as error:
            raise _unavailable(str(error)) from error
        finally:
            self._places.release()

    def _must_be_its_answer(self, issuer: str | None) -> None:
        """That no other provider's answer is taken for this one's (RFC 9207)."""
        says_so = self._description().get("authorization_response_iss_parameter_supported") is True
        if issuer != self._issuer and (says_so or issuer is not None):
            raise Rejected("oidc_token_invalid", "This is another provider's answer.")

    def _exchange(self, code: str, verifier: str) -> Mapping[str, Any]:
        """What the provider gives for a code (RFC 6749, 4.1.3)."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._client.callback_url,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        methods = self._description().get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        if self._client.secret and "client_secret_basic" in methods:
            pair = f"{quote(self._client.client_id, safe='')}:{quote(self._client.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            form |= {"client_id": self._client.client_id}
            form |= {"client_secret": self._client.secret} if self._client.secret else {}
        status, answer = self._ask("POST", self._endpoint("token_endpoint"), headers, urlencode(form).encode())
        if status == 200:
            return answer
        if answer.get("error") == "invalid_grant":
            raise Rejected("oidc_denied", "The provider does not know this login, or no more.")
        raise _unavailable(f"the token endpoint answered {status}")

    def _claims(self, token: object, access_token: object, nonce: str) -> Mapping[str, Any]:
        """What an ID token says, if it is the provider's, for us, for this login, and now."""
        try:
            if not isinstance(token, str):
                raise jwt.DecodeError("there is none")
            header = jwt.get_unverified_header(token)
            if header["alg"] not in _ALGORITHMS:
                raise jwt.InvalidAlgorithmError("not a signature that is taken")
            claims = jwt.decode(
                token,
                self._key(header.get("kid")).key,
                algorithms=[header["alg"]],
                audience=self._client.client_id,
                issuer=self._issuer,
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED},
            )
            params = {"nonce": nonce, "client_id": self._client.client_id, "access_token": access_token}
            CodeIDToken(claims, header, params=params).validate(int(time()), _LEEWAY_SECONDS)
            if not 1 <= len(claims["sub"]) <= _SUBJECT_MAX:
                raise jwt.InvalidTokenError("a subject of no length that one has")
        except (jwt.PyJWTError, JoseError, KeyError, TypeError, ValueError) as error:
            log.warning("an ID token was refused", why=type(error).__name__)
            raise Rejected("oidc_token_invalid", "What the provider says of you cannot be believed.") from error
        return claims

    def _said_later(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """What the provider says of who the token is for, where the ID token is silent (Core 1.0, 5.3)."""
        if "userinfo_endpoint" not in self._description():
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        status, said = self._ask("GET", self._endpoint("userinfo_endpoint"), headers)
        if status != 200:
            raise _unavailable(f"the userinfo endpoint answered {status}")
        if said.get("sub") != subject:
            raise Rejected("oidc_token_invalid", "The provider speaks of somebody else.")
        return said

    def _key(self, key_id: object) -> jwt.PyJWK:
        """The provider's key of this id. One that is not known is looked for anew: keys are rotated."""
        known_until, keys = self._keys
        if key_id not in keys or monotonic() > known_until:
            _, answer = self._ask("GET", self._endpoint("jwks_uri"), {})
            found = [key for key in jwt.PyJWKSet.from_dict(dict(answer)).keys if key.public_key_use in (None, "sig")]
            keys = {key.key_id: key for key in found} | ({None: found[0]} if len(found) == 1 else {})
            self._keys = (monotonic() + _KEYS_SECONDS, keys)
        if not isinstance(key_id, str | None) or key_id not in keys:
            raise jwt.InvalidKeyError("no key of the provider's")
        return keys[key_id]

    def _endpoint(self, name: str) -> str:
        address = self._description().get(name)
        if not isinstance(address, str):
            raise _unavailable(f"it names no {name}")
        self._outgoing.check(address)
        return address

    def _description(self) -> Mapping[str, Any]:
        """The provider's own description, which must be of the issuer that the settings name."""
        known_until, described = self._described
        if monotonic() <= known_until:
            return described
        with self._lock:
            if monotonic() > self._described[0]:
                url = f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"
                status, described = self._ask("GET", url, {})
                if status != 200 or described.get("issuer") != self._issuer:
                    raise _unavailable("it does not describe itself as the issuer of the settings")
                self._described = (monotonic() + _DESCRIBED_SECONDS, described)
        return self._described[1]

    def _ask(
        self, method: Literal["GET", "POST"], url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> tuple[int, Mapping[str, Any]]:
        """The status and the JSON object that was answered. Raises OutgoingFailed, AddressRefused."""
        sent = {"Accept": "application/json", "User-Agent": "Lodger", "Connection": "close", **headers}
        reply = self._outgoing.request(method, url, headers=sent, body=body, most_bytes=_MOST_BYTES, seconds=_SECONDS)
        if not reply.whole:
            raise OutgoingFailed("the answer is too long")
        try:
            return reply.status, msgspec.json.decode(reply.body, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise OutgoingFailed(f"the answer ({reply.status}) is no JSON object") from error


def _text(claims: Mapping[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value if isinstance(value, str) and value and "\x00" not in value else None


def _unavailable(why: str) -> Rejected:
    log.warning("the OpenID provider cannot be asked", why=why)
    return Rejected("oidc_provider_unavailable", "Who you are cannot be asked now. Try again in a moment.")

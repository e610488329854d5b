"""The provider's own addresses: discovery, authorization, token, userinfo, keys."""

from __future__ import annotations

import base64
import hmac
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import unquote, urlencode
from uuid import uuid4

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fakes.oidc.keys import Keys


@dataclass
class Code:
    nonce: str
    challenge: str
    redirect_uri: str
    person: dict[str, Any]


@dataclass
class Conduct:
    """How it behaves from now on: `mistakes` by name, claims of ID tokens that are other than they should be."""

    mistakes: set[str] = field(default_factory=set)
    claims: dict[str, Any] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    delay_ms: int = 0
    iss_in_answer: str | None = None


class Provider:
    """The answers. `person` is who is logged in there: the claims that it has of them."""

    def __init__(self, issuer: str, client_id: str, client_secret: str, keys: Keys) -> None:
        self.issuer = issuer
        self.keys = keys
        self.person: dict[str, Any] = {}
        self.conduct = Conduct()
        self.asked: dict[str, int] = {}
        self._client = (client_id, client_secret)
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, dict[str, Any]] = {}

    def blueprint(self) -> Blueprint:
        routes = Blueprint("oidc", __name__)
        routes.before_request(self._count)
        routes.get("/.well-known/openid-configuration")(self.describe)
        routes.get("/authorize")(self.authorize)
        routes.post("/token")(self.token)
        routes.get("/userinfo")(self.userinfo)
        routes.get("/jwks")(self.publish_keys)
        return routes

    def describe(self) -> Response:
        wrong = "another_issuer" in self.conduct.mistakes
        return jsonify(
            issuer="https://somebody-else.example" if wrong else self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize?tenant=1",
            token_endpoint=f"{self.issuer}/token",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            jwks_uri=f"{self.issuer}/jwks",
            response_types_supported=["code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            code_challenge_methods_supported=["S256"],
            authorization_response_iss_parameter_supported=True,
        )

    def authorize(self) -> AnyResponse:
        """Nobody is asked: whoever is logged in agrees."""
        sent = request.args
        good = sent.get("response_type") == "code" and "openid" in sent.get("scope", "").split()
        good = good and sent.get("client_id") == self._client[0] and sent.get("tenant") == "1"
        if not good or sent.get("code_challenge_method") != "S256" or not sent.get("state"):
            return Response("This is no request of a client known here.", 400)
        iss = {"iss": self.conduct.iss_in_answer or self.issuer}
        if "access_denied" in self.conduct.mistakes:
            said = {"error": "access_denied", "state": sent["state"], **iss}
        else:
            code = uuid4().hex
            self._codes[code] = Code(sent["nonce"], sent["code_challenge"], sent["redirect_uri"], dict(self.person))
            said = {"code": code, "state": sent["state"], "session_state": "x", **iss}
        return redirect(f"{sent['redirect_uri']}?{urlencode(said)}", 302)

    def token(self) -> Response:
        time.sleep(self.conduct.delay_ms / 1_000)
        if "token_endpoint_down" in self.conduct.mistakes:
            return Response("<h1>Sorry</h1>", 502)
        if "huge" in self.conduct.mistakes:
            return Response(b"[" + b"0," * 10_000_000 + b"0]", mimetype="application/json")
        if "deep" in self.conduct.mistakes:
            return Response(b"[" * 100_000, mimetype="application/json")
        if "no_object" in self.conduct.mistakes:
            return jsonify([1, 2, 3])
        if _basic(request.headers.get("Authorization", "")) != self._client:
            return _refused(401, "invalid_client")
        code = self._codes.pop(request.form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(sha256(request.form.get("code_verifier", "").encode()).digest())
        if code is None or not hmac.compare_digest(challenge.rstrip(b"=").decode(), code.challenge):
            return _refused(400, "invalid_grant")
        if request.form.get("redirect_uri") != code.redirect_uri:
            return _refused(400, "invalid_grant")
        access_token = uuid4().hex
        self._tokens[access_token] = code.person
        said = {"access_token": access_token, "token_type": "Bearer", "expires_in": 300}
        if "no_id_token" not in self.conduct.mistakes:
            said["id_token"] = self._id_token(code, access_token)
        return jsonify(said)

    def userinfo(self) -> Response:
        person = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return _refused(401, "invalid_token")
        return jsonify({**person, "sub": "somebody-else"} if "userinfo_of_another" in self.conduct.mistakes else person)

    def publish_keys(self) -> Response:
        if "keys_down" in self.conduct.mistakes:
            return Response("<h1>Sorry</h1>", 502)
        if "no_keys" in self.conduct.mistakes:
            return jsonify(keys=[])
        return jsonify(self.keys.published())

    def _id_token(self, code: Code, access_token: str) -> str:
        now = int(time.time())
        half = sha256(access_token.encode()).digest()[:16]
        claims: dict[str, Any] = {
            **({"sub": code.person.get("sub")} if "email_in_userinfo" in self.conduct.mistakes else code.person),
            "iss": self.issuer,
            "aud": self._client[0],
            "iat": now,
            "exp": now + 300,
            "nonce": code.nonce,
            "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
        }
        for name, value in self.conduct.claims.items():
            claims[name] = now + value["seconds"] if isinstance(value, dict) else value
        for name in self.conduct.without:
            claims.pop(name, None)
        mistake = next((m for m in self.conduct.mistakes if m in _OF_SIGNATURES), "")
        return self.keys.sign(claims, mistake)

    def _count(self) -> None:
        self.asked[request.path] = self.asked.get(request.path, 0) + 1


_OF_SIGNATURES = {
    "unsigned",
    "signed_with_public_key",
    "signed_with_client_secret",
    "foreign_key",
    "foreign_key_same_id",
    "key_in_header",
    "altered",
    "not_a_token",
}


def _refused(status: int, error: str) -> Response:
    answer = jsonify(error=error)
    answer.status_code = status
    return answer


def _basic(header: str) -> tuple[str, str]:
    """RFC 6749, 2.3.1: both parts are form-encoded."""
    scheme, _, value = header.partition(" ")
    user, _, secret = (base64.b64decode(value).decode() if scheme == "Basic" else "").partition(":")
    return unquote(user), unquote(secret)

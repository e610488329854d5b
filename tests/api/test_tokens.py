"""Access tokens: whatever is not exactly ours is 401."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime, timedelta
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from application.keys import Key, Keys
from infrastructure.purposes import CHECKPOINT
from infrastructure.signing import derived_key
from tests.api.people import register
from tests.api.stack import Client, Stack, json_of, token_key

USER = UUID("01900000-0000-7000-8000-000000000001")
HEADER = {"alg": "HS256", "typ": "at+jwt"}


def forge(stack: Stack, header: dict[str, Any] | None = None, key: bytes | None = None, **claims: Any) -> str:
    """A token as ours, but for what is given; a claim that is None is left out."""
    now = datetime.now(UTC)
    chosen = stack.wired.settings
    ours = {
        "iss": chosen.public_url,
        "aud": "lodger-api",
        "sub": str(USER),
        "iat": now,
        "exp": now + timedelta(minutes=15),
        "jti": str(uuid4()),
        "sid": str(uuid4()),
        "roles": [],
        "verified": True,
    }
    payload = {name: value for name, value in {**ours, **claims}.items() if value is not None}
    headers = header or HEADER
    algorithm = headers.get("alg", "HS256")
    if algorithm == "none":
        return jwt.encode(payload, "", algorithm="none", headers=headers)
    return jwt.encode(payload, key or token_key(chosen), algorithm=algorithm, headers=headers)


def status(stack: Stack, token: str) -> int:
    return Client(stack, token).get("/v1/bookings?as=guest").status_code


def test_a_token_made_like_ours_is_taken_so_that_the_others_fail_for_their_fault(shared: Stack) -> None:
    assert status(shared, forge(shared)) == 200


HOUR = timedelta(hours=1)
FORGERIES: dict[str, dict[str, Any]] = {
    "no algorithm": {"header": {**HEADER, "alg": "none"}},
    "another algorithm": {"header": {**HEADER, "alg": "HS512"}},
    "another key": {"key": b"another key of thirty-two bytes!"},
    "a foreign kid": {"header": {**HEADER, "kid": "theirs"}},
    "a foreign jku": {"header": {**HEADER, "jku": "https://example.org/keys"}},
    "another type": {"header": {**HEADER, "typ": "JWT"}},
    "another audience": {"aud": "quote"},
    "no audience": {"aud": None},
    "another issuer": {"iss": "https://example.org"},
    "no issuer": {"iss": None},
    "expired": {"exp": datetime.now(UTC) - HOUR},
    "no expiry": {"exp": None},
    "not yet issued": {"iat": datetime.now(UTC) + HOUR},
    "nobody": {"sub": None},
    "not an id": {"sub": "admin"},
    "no family": {"sid": None},
    "no roles": {"roles": None},
}


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_forged_or_foreign_token_is_401(shared: Stack, forgery: dict[str, Any]) -> None:
    assert status(shared, forge(shared, **forgery)) == 401


def test_no_public_key_of_ours_is_taken_for_the_secret(shared: Stack) -> None:
    """It is what anybody could sign with: the log's, that /v1/log/keys shows."""
    secret = derived_key(shared.wired.settings.secret_key, CHECKPOINT)
    raw = Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    for public in (raw, b64encode(raw), raw.hex().encode()):
        assert status(shared, forge(shared, key=public)) == 401


@pytest.mark.parametrize("algorithm", ["ES256", "RS256"])
def test_a_token_that_brings_its_own_key_is_401(shared: Stack, algorithm: str) -> None:
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey = (
        rsa.generate_private_key(65537, 2048) if algorithm == "RS256" else ec.generate_private_key(ec.SECP256R1())
    )
    own = jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key(), as_dict=True)
    claims = jwt.decode(forge(shared), options={"verify_signature": False})
    for more in ({}, {"jwk": own}):
        token = jwt.encode(claims, key, algorithm=algorithm, headers={**HEADER, "alg": algorithm, **more})
        assert status(shared, token) == 401


def test_a_token_that_was_cut_short_or_put_together_of_two_is_401(shared: Stack) -> None:
    (head, claims, signature), other = (str(register(shared).token).split(".") for _ in range(2))
    whole = f"{head}.{claims}.{signature}"
    assert status(shared, whole) == 200
    spoilt = [whole[:-1], whole[: len(whole) // 2], f"{head}.{claims}.", f"{head}.{claims}", f"{whole}.{signature}"]
    spoilt += [f"{head}.{other[1]}.{signature}", f"{head}.{claims}.{other[2]}", f"{whole} {whole}"]
    assert [token for token in spoilt if status(shared, token) != 401] == []


def test_a_quote_is_no_access_token(shared: Stack) -> None:
    signer = shared.wired.lodger.signer
    assert status(shared, signer.sign("quote", {"sub": str(USER)}, datetime.now(UTC) + HOUR)) == 401


@pytest.mark.parametrize("credentials", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer a b", "Token x", "Bearer \xff"])
def test_other_credentials_are_401_with_a_challenge(shared: Stack, credentials: str) -> None:
    answer = shared.anybody().get("/v1/users/me", Authorization=credentials)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_lives_fifteen_minutes_of_real_time_whatever_the_sandbox_clock_says(shared: Stack) -> None:
    bob = register(shared, "bob")
    assert bob.token is not None
    claims = jwt.decode(bob.token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    assert abs(claims["iat"] - datetime.now(UTC).timestamp()) < 60
    assert claims.keys() == {"iss", "aud", "sub", "iat", "exp", "jti", "sid", "roles", "verified"}
    assert bob.get("/v1/users/me").status_code == 200


def test_a_users_token_is_not_the_operators_and_the_other_way_round(shared: Stack) -> None:
    bob = register(shared, "bob")
    assert bob.post("/v1/operator/clock", {"now": "2032-01-01T00:00:00Z"}).status_code == 403
    operator = Client(shared, shared.wired.settings.operator_token)
    assert operator.get("/v1/users/me").status_code == 401


def test_a_key_never_shows(shared: Stack) -> None:
    assert "kkkk" not in repr(Keys(Key(b"k" * 32)))
    assert json_of(Client(shared, "secret-token").get("/v1/users/me"))["detail"].count("secret-token") == 0


@pytest.mark.slow  # it waits
def test_a_token_that_was_taken_before_ends_when_it_says(shared: Stack) -> None:
    token = forge(shared, exp=datetime.now(UTC) + timedelta(seconds=2))
    assert status(shared, token) == 200
    sleep(2.1)
    assert status(shared, token) == 401

"""The provider's keys: one signs, all are published until they are withdrawn."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import RSAAlgorithm


class Keys:
    def __init__(self) -> None:
        self._keys: dict[str, RSAPrivateKey] = {}
        self.rotate()

    def rotate(self, *, withdraw: bool = False) -> None:
        """Sign with a new key; `withdraw` publishes the former ones no more."""
        if withdraw:
            self._keys.clear()
        self._keys[uuid4().hex] = generate_private_key(65_537, 2_048)

    def published(self) -> dict[str, Any]:
        keys = [
            {**json.loads(RSAAlgorithm.to_jwk(key.public_key())), "kid": kid, "use": "sig"}
            for kid, key in self._keys.items()
        ]
        return {"keys": keys}

    def sign(self, claims: dict[str, Any], how: str) -> str:
        """An ID token; `how` is a mistake that it has, or "" for none."""
        kid, key = list(self._keys.items())[-1]
        match how:
            case "unsigned":
                return jwt.encode(claims, "", algorithm="none", headers={"kid": kid})
            case "signed_with_public_key":
                public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
                return _by_hand({"alg": "HS256", "typ": "JWT", "kid": kid}, claims, public)
            case "signed_with_client_secret":
                return _by_hand({"alg": "HS256", "typ": "JWT"}, claims, b"a secret: with % and /")
            case "foreign_key":
                stranger = generate_private_key(65_537, 2_048)
                return jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": "stranger"})
            case "foreign_key_same_id":
                stranger = generate_private_key(65_537, 2_048)
                return jwt.encode(claims, stranger, algorithm="RS256", headers={"kid": kid})
            case "key_in_header":
                stranger = generate_private_key(65_537, 2_048)
                own = json.loads(RSAAlgorithm.to_jwk(stranger.public_key()))
                return jwt.encode(claims, stranger, algorithm="RS256", headers={"jwk": own})
            case "altered":
                head, body, signature = jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid}).split(".")
                return f"{head}.{body}.{signature[:-8]}AAAAAAAA"
            case "not_a_token":
                return "not.a.token"
            case _:
                return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})


def _by_hand(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """With a secret that no library would take for one."""
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    signature = hmac.digest(secret, b".".join(parts), "sha256")
    return b".".join([*parts, urlsafe_b64encode(signature).rstrip(b"=")]).decode()

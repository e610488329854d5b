"""Signing checkpoints, and checking who did."""

from __future__ import annotations

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from domain.checkpoints import Checkpoint, PublicKey, signed


def public_key(name: str, secret: bytes) -> PublicKey:
    """The public half of a key of 32 bytes."""
    return PublicKey(name, Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw())


def sign(checkpoint: Checkpoint, secret: bytes) -> str:
    """The checkpoint as a note, signed by a key of 32 bytes."""
    signature = Ed25519PrivateKey.from_private_bytes(secret).sign(checkpoint.text.encode())
    return signed(checkpoint, public_key(checkpoint.origin, secret), signature)


def verify(key: bytes, signature: bytes, text: bytes) -> bool:
    """Implements `domain.checkpoints.Verify`."""
    try:
        _loaded(key).verify(signature, text)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(64)
def _loaded(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(key)

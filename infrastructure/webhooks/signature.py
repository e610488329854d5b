"""How a delivery is signed."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256


def signature(secrets: Sequence[str], at: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA256 over the second it was sent at, a dot, and the body; a `v1` for each secret."""
    signed = f"{at}.".encode() + body
    return ",".join([f"t={at}", *(f"v1={hmac.digest(secret.encode(), signed, sha256).hex()}" for secret in secrets)])

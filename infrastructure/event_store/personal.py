"""Personal fields of facts: encrypted on their way into the log, read again on their way out.

A field that is sealed is empty in `data`; its ciphertext is in `meta`, under its path. Hashes over the log run over the
ciphertext, so that they still hold when the key is destroyed and nobody can read it any more.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Any, Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12


def seal(
    key: AESGCM | None, stream_id: UUID, version: int, data: dict[str, Any], paths: tuple[str, ...]
) -> dict[str, str]:
    """Take the fields at `paths` out of `data`; returns what they said, encrypted, by path.

    Without a key (of somebody who was erased) they are lost.
    """
    sealed: dict[str, str] = {}
    for path in paths:
        holder, name = _holder(data, path)
        if holder is None or not holder.get(name):
            continue  # nothing was said
        value = holder[name]
        holder[name] = type(value)()
        if key is not None:
            nonce = os.urandom(_NONCE_BYTES)
            text = key.encrypt(nonce, msgspec.json.encode(value), _context(stream_id, version, path))
            sealed[path] = b64encode(nonce + text).decode()
    return sealed


def unseal(key: AESGCM | None, stream_id: UUID, version: int, data: dict[str, Any], sealed: dict[str, str]) -> None:
    """Put the fields back into `data`; without the key they stay empty. Raises ValueError for what was altered."""
    if key is None:
        return
    for path, text in sealed.items():
        raw = b64decode(text)
        try:
            said = key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _context(stream_id, version, path))
        except InvalidTag as error:
            raise ValueError(f"{path} was altered, or is of another event") from error
        holder, name = _holder(data, path)
        if holder is not None:
            holder[name] = msgspec.json.decode(said)


def _holder(data: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """The object that has the last name of a path, and that name."""
    *names, last = path.split(".")
    holder: Any = data
    for name in names:
        holder = holder.get(name) if isinstance(holder, dict) else None
    return (holder if isinstance(holder, dict) else None), last


def _context(stream_id: UUID, version: int, path: str) -> bytes:
    """What a ciphertext is bound to: moved to another event or field, it does not open."""
    return f"{stream_id}:{version}:{path}".encode()

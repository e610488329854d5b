"""Checkpoints: what the log's tree was at a size, signed, as text that other people keep.

The form is that of C2SP's tlog-checkpoint in a signed-note: programs that follow other transparency logs read it too.
Keys are 32 bytes of Ed25519; who signs and who checks is somebody else's part.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4
_DASH: Final = "\N{EM DASH} "

NOTE_MOST: Final = 4_096
"""Characters of a note. Ours have a tenth of it; what somebody brings along is not read further."""

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,17}")

Verify = Callable[[bytes, bytes, bytes], bool]
"""Whether the second is the signature of the third, by Ed25519 and the public key that comes first."""


class BadCheckpoint(ValueError):
    """It is not written as checkpoints are, or nobody known has signed it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of a log's first `size` events, the last of them at `position`; `time` is when it was signed.

    `origin` names the log, and is the name of its keys too.
    """

    origin: str
    size: int
    root: bytes
    position: int
    time: datetime

    @property
    def text(self) -> str:
        """What is signed."""
        time = self.time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds")
        root = b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\nposition {self.position}\ntime {time}Z\n"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checkpoints of `name` are checked with."""

    name: str
    key: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell it from others, as the form has them."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.key).digest()[:_ID_BYTES]

    @property
    def text(self) -> str:
        """How such keys are handed around (`vkey`)."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.key).decode()}"

    @classmethod
    def parsed(cls, text: str) -> PublicKey:
        """Raises BadCheckpoint."""
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        key = cls(name, _decoded(encoded)[1:])
        if key.text != text or len(key.key) != 32 or key.id.hex() != key_id:
            raise BadCheckpoint("this is no public key of a checkpoint")
        return key


def signed(checkpoint: Checkpoint, key: PublicKey, signature: bytes) -> str:
    """The note: what was signed, an empty line, and by whom."""
    return f"{checkpoint.text}\n{_DASH}{key.name} {b64encode(key.id + signature).decode()}\n"


def opened(note: str, keys: Iterable[PublicKey], verify: Verify) -> Checkpoint:
    """The checkpoint of a note, if one of the keys has signed it. Raises BadCheckpoint.

    Lines of other signers are passed over; a wrong signature in the name of a known key is not.
    """
    checkpoint = parsed(note)
    known: Mapping[tuple[str, bytes], PublicKey] = {(key.name, key.id): key for key in keys}
    text, _, lines = note.rpartition("\n\n")
    proven = False
    for line in lines.splitlines():
        name, _, encoded = line.removeprefix(_DASH).partition(" ")
        given = _decoded(encoded)
        key = known.get((name, given[:_ID_BYTES]))
        if key is None or name != checkpoint.origin:
            continue
        if not verify(key.key, given[_ID_BYTES:], (text + "\n").encode()):
            raise BadCheckpoint(f"the signature by {key.id.hex()} is wrong")
        proven = True
    if not proven:
        raise BadCheckpoint("no known key has signed it")
    return checkpoint


def parsed(note: str) -> Checkpoint:
    """What a note says, whoever has signed it. Raises BadCheckpoint."""
    text, separator, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if len(note) > NOTE_MOST or not separator or len(lines) != 5 or not _SIZE.fullmatch(lines[1]):
        raise BadCheckpoint("this is no checkpoint of a log")
    origin, size, root, position, time = lines
    try:
        moment = datetime.fromisoformat(time.removeprefix("time "))
        found = Checkpoint(origin, int(size), _decoded(root), int(position.removeprefix("position ")), moment)
    except (ValueError, OverflowError) as error:
        raise BadCheckpoint("this is no checkpoint of a log") from error
    well_signed = signatures.endswith("\n") and all(line.startswith(_DASH) for line in signatures.splitlines())
    if not well_signed or moment.tzinfo is None or len(found.root) != 32 or found.text != text + "\n":
        raise BadCheckpoint("this is no checkpoint of a log")
    return found


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise BadCheckpoint("something in it is no base64") from error

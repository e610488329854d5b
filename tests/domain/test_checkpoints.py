"""Checkpoints as text: what was signed is what is read, and nothing else is taken for one."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.checkpoints import NOTE_MOST, BadCheckpoint, Checkpoint, PublicKey, opened, parsed
from infrastructure.proofs import ed25519

SECRET, OTHER = bytes(range(32)), bytes(range(1, 33))
ORIGIN = "lodger.example/v1/log/0123456789abcdef"
CHECKPOINT = Checkpoint(ORIGIN, 7, b"\x2a" * 32, 9, datetime(2026, 11, 23, 6, 0, 0, 1, tzinfo=UTC))
KEY = ed25519.public_key(ORIGIN, SECRET)
NOTE = ed25519.sign(CHECKPOINT, SECRET)


def test_a_checkpoint_is_the_text_that_c2sp_describes() -> None:
    root = "KioqKioqKioqKioqKioqKioqKioqKioqKioqKioqKio="
    text = f"{ORIGIN}\n7\n{root}\nposition 9\ntime 2026-11-23T06:00:00.000001Z\n"
    signature = Ed25519PrivateKey.from_private_bytes(SECRET).sign(text.encode())

    assert f"{text}\n\N{EM DASH} {ORIGIN} {b64encode(KEY.id + signature).decode()}\n" == NOTE


def test_what_was_signed_is_what_is_read() -> None:
    assert opened(NOTE, [KEY], ed25519.verify) == CHECKPOINT
    assert PublicKey.parsed(KEY.text) == KEY


def test_other_signers_are_passed_over() -> None:
    witness = f"\N{EM DASH} witness.example {b64encode(b'1234' + b'5' * 64).decode()}\n"
    assert opened(NOTE + witness, [KEY], ed25519.verify) == CHECKPOINT


@pytest.mark.parametrize(
    ("note", "keys"),
    [
        (NOTE, []),
        (NOTE, [ed25519.public_key(ORIGIN, OTHER)]),
        (ed25519.sign(CHECKPOINT, OTHER), [KEY]),
        (NOTE.replace("\n7\n", "\n8\n"), [KEY]),
        (NOTE.replace("position 9", "position 8"), [KEY]),
        (NOTE.replace("06:00", "07:00"), [KEY]),
    ],
)
def test_nothing_is_believed_that_no_known_key_has_signed(note: str, keys: list[PublicKey]) -> None:
    assert parsed(note)
    with pytest.raises(BadCheckpoint):
        opened(note, keys, ed25519.verify)


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n\n",
        NOTE[:-1],
        NOTE.replace("\n\n", "\n"),
        NOTE.replace("\n7\n", "\n07\n"),
        NOTE.replace("\n7\n", "\n-7\n"),
        NOTE.replace("\n7\n", "\n" + "9" * 400 + "\n"),
        NOTE.replace("Kio", "Ki!", 1),
        NOTE.replace("time 2026", "time 0000"),
        NOTE.replace("Z\n", "\n"),
        NOTE.replace("position 9", "position  9"),
        NOTE.replace("position 9", "position " + "9" * 3_000),
        NOTE + "\N{EM DASH} x y\n" * NOTE_MOST,
    ],
)
def test_whatever_else_somebody_brings_is_no_checkpoint(note: str) -> None:
    with pytest.raises(BadCheckpoint):
        opened(note, [KEY], ed25519.verify)


@pytest.mark.parametrize("text", ["", "a+b+c", KEY.text[:-4], KEY.text.replace("+", "-", 1), "x" + KEY.text])
def test_whatever_else_somebody_brings_is_no_key(text: str) -> None:
    with pytest.raises(BadCheckpoint):
        PublicKey.parsed(text)

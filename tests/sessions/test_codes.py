"""Codes are those of RFC 6238, which authenticators show; each is of one step, of this half minute or one beside it."""

from __future__ import annotations

from base64 import b32encode
from datetime import UTC, datetime, timedelta
from typing import Final

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.second_factors import TimedCodes

SECRET: Final = b32encode(b"12345678901234567890").decode()
CODES: Final = TimedCodes()
TIMES: Final = st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_the_rfc_are_met(seconds: int, code: str) -> None:
    """Appendix B has eight digits; authenticators show the last six."""
    now = datetime.fromtimestamp(seconds, UTC)
    assert CODES.step_of(SECRET, code[2:], now) == seconds // 30


@given(TIMES, st.integers(-300, 300))
def test_what_an_authenticator_shows_is_taken_for_its_own_step_or_not_at_all(now: datetime, off: int) -> None:
    shown_at = now + timedelta(seconds=off)
    code = pyotp.TOTP(SECRET).at(shown_at)
    step, this = int(shown_at.timestamp()) // 30, int(now.timestamp()) // 30
    taken = CODES.step_of(SECRET, code, now)
    if abs(step - this) <= 1:
        assert taken is not None
        assert pyotp.TOTP(SECRET).generate_otp(taken) == code
    else:
        assert taken is None or pyotp.TOTP(SECRET).generate_otp(taken) == code, "one in a million is the same"


@given(TIMES)
def test_a_new_secret_is_one_that_an_authenticator_reads(now: datetime) -> None:
    secret = CODES.new_secret()
    assert secret != CODES.new_secret()
    shown = pyotp.parse_uri(CODES.uri(secret, "ada+o'lodger@example.org"))
    assert isinstance(shown, pyotp.TOTP)
    assert (shown.secret, shown.name, shown.issuer) == (secret, "ada+o'lodger@example.org", "Lodger")
    assert CODES.step_of(secret, shown.at(now), now) == int(now.timestamp()) // 30


@pytest.mark.parametrize("code", ["", "000", "١٢٣٤٥٦", "1234567", "a" * 10_000])
def test_what_is_no_code_is_of_no_step(code: str) -> None:
    assert CODES.step_of(SECRET, code, datetime(2026, 6, 1, tzinfo=UTC)) is None

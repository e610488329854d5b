"""What never stands in a log, whoever puts it where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.logs import rendered
from infrastructure.redaction import INSTEAD, clean, redact
from infrastructure.settings import LogFormat

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
words = st.text("abcdefghijklmnopqrstuvwxyz ", max_size=20)
keys = st.text(LETTERS, min_size=12, max_size=60)
digits = st.text("0123456789", min_size=1)

addresses = st.builds(
    "{}@{}.{}".format,
    st.text(LETTERS + "._+-", min_size=1, max_size=20),
    st.text(LETTERS, min_size=1, max_size=10),
    st.sampled_from(["com", "co.ug", "example.org", "museum"]),
)
phones = st.from_regex(r"\+[1-9][0-9]{8,13}", fullmatch=True) | st.from_regex(
    r"\+[1-9]\d [0-9]{3} [0-9]{3}-[0-9]{4}", fullmatch=True
)
cards = st.from_regex(r"[3-6][0-9]{15}", fullmatch=True) | st.from_regex(
    r"4[0-9]{3} [0-9]{4} [0-9]{4} [0-9]{4}|5[0-9]{3}(-[0-9]{4}){3}|37[0-9]{2} [0-9]{6} [0-9]{5}", fullmatch=True
)
tokens = (
    st.builds("eyJhbGciOi{}.{}.{}".format, keys, keys, keys)
    | st.builds("lk_{}_{}".format, st.sampled_from(["live", "test"]), keys)
    | st.builds("lk_{}".format, keys)
    | st.builds("lrt_{}".format, keys)
    | st.builds("sk_test_{}".format, keys)
    | st.builds("whsec_{}".format, keys)
)
secrets = addresses | phones | cards | tokens
names = st.sampled_from(
    (
        *("password", "new_password", "access_token", "refresh_token", "client_secret", "Authorization", "Set-Cookie"),
        *("X-API-Key", "api_key", "LODGER_SECRET_KEY", "csrf_token", "lodger_secret_key", "operatorToken"),
    )
)


def line(log_format: LogFormat, **entry: Any) -> str:
    shown: Any = dict(entry)
    for processor in rendered(log_format):
        shown = processor(None, "info", shown)
    return str(shown)


@given(words, secrets, words)
def test_a_secret_in_a_text_is_not_in_the_line(before: str, secret: str, after: str) -> None:
    assert secret not in clean(f"{before} {secret} {after}")
    assert secret not in clean(f"'{secret}'")
    assert secret not in clean(f"{before}: {secret}, {after}")
    assert secret not in clean(json.dumps({"said": secret}))


@given(names, keys, st.sampled_from(["{}={}", "{}: {}", '{{"{}": "{}"}}', "{{'{}': '{}'}}", "?{}={}&x=1"]))
def test_what_is_called_a_secret_is_one(name: str, value: str, shape: str) -> None:
    assert value not in clean(shape.format(name, value))


@given(keys, keys, st.sampled_from(["postgresql", "redis", "smtps", "https"]))
def test_the_password_of_an_address_is_not_shown_and_its_host_is(user: str, password: str, scheme: str) -> None:
    shown = clean(f"cannot connect to {scheme}://{user}:{password}@db.internal:5432/lodger")
    assert password not in shown
    assert shown.endswith("@db.internal:5432/lodger")


@given(st.sampled_from(["Bearer", "bearer", "Basic"]), keys)
def test_credentials_of_a_request_are_not_shown(scheme: str, value: str) -> None:
    assert value not in clean(f"sent {scheme} {value} there")


@given(names, keys)
def test_a_telling_name_hides_its_value_of_whatever_kind(name: str, value: str) -> None:
    for each in (value, [value], {"in": value}, value.encode(), 7, (value,)):
        assert redact(None, "info", {name: each}) == {name: INSTEAD}
    assert redact(None, "info", {"deep": [{"deeper": {name: value}}]}) == {"deep": [{"deeper": {name: INSTEAD}}]}
    assert redact(None, "info", {name: None}) == {name: None}


@given(secrets)
def test_nothing_that_is_nested_gets_through(secret: str) -> None:
    @dataclass
    class Letter:
        to: str
        lines: list[str]

    for value in ([secret], {"a": (secret, 1)}, {secret}, Letter(secret, [secret]), ValueError(secret), {secret: 1}):
        assert secret not in str(redact(None, "info", {"thing": value}))


@given(secrets, st.sampled_from(["json", "console"]))
def test_a_trace_shows_neither_messages_secrets_nor_local_variables(secret: str, log_format: LogFormat) -> None:
    def fail(password: str) -> None:
        raise LookupError(f"no account of {secret}") from KeyError(password)

    try:
        fail("correct horse battery")
    except LookupError as error:
        shown = line(log_format, event="it broke", exc_info=error)
    assert "LookupError: no account of" in shown
    assert INSTEAD in shown
    assert secret not in shown.replace("\\", "")


@pytest.mark.parametrize(
    "text",
    [
        "2031-06-12T10:00:00.123456+00:00",
        "0197a1b2-4242-7424-8242-424242424242",
        "booking 3 of 15, at position 4294967296",
        "GET /v1/auth/tokens took 12.5 ms",
        "the secret cannot be opened",
        "3 tokens revoked",
        "smtp://127.0.0.1:1025",
        "relation events does not exist",
        "Lodger/1.0 (+https://lodger.example)",
        "1764000000000000000",
        "token_required",
    ],
)
def test_what_tells_nothing_stays_readable(text: str) -> None:
    assert clean(text) == text


def test_figures_ids_and_times_stay_what_they_are() -> None:
    entry = {
        "event": "request",
        "status": 201,
        "milliseconds": 1.5,
        "ok": True,
        "none": None,
        "id": UUID(int=7),
        "at": datetime(2031, 6, 12, tzinfo=UTC),
        "position": 4_294_967_296,
    }
    assert redact(None, "info", entry) == entry
    assert redact(None, "info", {"number": 4_242_424_242_424_242}) == {"number": INSTEAD}


@given(st.recursive(st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(), st.lists))
def test_every_value_makes_one_line_of_json(value: object) -> None:
    shown = line("json", event="x", value=value)
    assert "\n" not in shown
    assert json.loads(shown)["event"] == "x"


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_text_made_to_be_slow_is_cleaned_in_time() -> None:
    from time import perf_counter

    for text in ("://" * 20_000, "a@" * 30_000, "+1" * 30_000, "password" * 10_000, "4" * 60_000, "eyJ" * 20_000):
        began = perf_counter()
        clean(text)
        assert perf_counter() - began < 2, text[:20]

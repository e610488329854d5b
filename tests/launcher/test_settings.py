"""Wrong settings are refused at start, all of them at once and each with what it should be."""

from __future__ import annotations

from datetime import UTC, datetime
from secrets import token_hex, token_urlsafe

import pytest

from infrastructure.settings import ROOT, SettingsError, load, markdown, shown, to_environment
from infrastructure.weak_secrets import weaknesses

GIVEN = {
    "DATABASE_URL": "postgresql://lodger@/lodger",
    "REDIS_URL": "redis://localhost",
    "LODGER_SECRET_KEY": "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "LODGER_OPERATOR_TOKEN": "a0b1c2d3e4f5061728394a5b6c7d8e9f",
}
PRODUCTION = GIVEN | {
    "LODGER_ENV": "production",
    "LODGER_PUBLIC_URL": "https://lodger.example",
    "LODGER_SMTP_URL": "smtps://mail.example",
    "LODGER_MAIL_FROM": "stays@lodger.example",
}


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load(environ)
    return refused.value.problems


def test_defaults_suit_development() -> None:
    settings = load(GIVEN)

    assert settings.http_port == 8000
    assert settings.sandbox is True
    assert settings.clock_start is None


def test_values_are_read_as_their_types() -> None:
    settings = load(
        GIVEN | {"LODGER_API_WORKERS": "4", "LODGER_SANDBOX": "false", "LODGER_CLOCK": "2025-06-01T12:00:00+02:00"}
    )

    assert settings.api_workers == 4
    assert settings.sandbox is False
    assert settings.clock_start == datetime(2025, 6, 1, 10, tzinfo=UTC)


def test_own_addresses_follow_the_ports() -> None:
    settings = load(GIVEN | {"LODGER_HTTP_PORT": "8080", "LODGER_MAIL_PORT": "2525"})

    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.smtp_url == "smtp://127.0.0.1:2525"


def test_every_wrong_setting_is_named_with_what_it_should_be() -> None:
    assert problems(
        GIVEN | {"LODGER_HTTP_PORT": "80000", "LODGER_SANDBOX": "perhaps", "LODGER_CLOCK": "2025-06-01T12:00:00"}
    ) == [
        "LODGER_HTTP_PORT is '80000': should be a port from 1 to 65535",
        "LODGER_SANDBOX is 'perhaps': should be true or false",
        "LODGER_CLOCK is '2025-06-01T12:00:00': should be system or an instant like 2025-06-01T12:00:00Z",
    ]


def test_an_empty_setting_is_a_missing_one() -> None:
    assert problems(GIVEN | {"REDIS_URL": ""}) == [
        "REDIS_URL is missing: it should be an address like redis://host:6379/0"
    ]


def test_a_misspelt_setting_is_refused_with_the_one_that_was_meant() -> None:
    assert problems(GIVEN | {"LODGER_HTTP_PROT": "80"}) == [
        "LODGER_HTTP_PROT is no setting; did you mean LODGER_HTTP_PORT?"
    ]


def test_a_wrong_secret_is_not_repeated() -> None:
    assert problems(GIVEN | {"LODGER_SECRET_KEY": "hunter2"}) == [
        "LODGER_SECRET_KEY should be at least 32 characters nobody can guess"
    ]


def test_production_is_refused_without_its_own_secrets_and_addresses() -> None:
    given = {name: GIVEN[name] for name in ("DATABASE_URL", "REDIS_URL")} | {"LODGER_ENV": "production"}

    assert [problem.split()[0] for problem in problems(given)] == [
        "LODGER_SECRET_KEY",
        "LODGER_OPERATOR_TOKEN",
        "LODGER_PUBLIC_URL",
        "LODGER_SMTP_URL",
        "LODGER_MAIL_FROM",
    ]


@pytest.mark.parametrize("name", ["LODGER_SECRET_KEY", "LODGER_OPERATOR_TOKEN"])
@pytest.mark.parametrize(
    ("weak", "why"),
    [
        ("s" * 32, "repeats itself"),
        ("abcabcabcabcabcabcabcabcabcabcabcabc", "repeats itself"),
        ("change-me-please-0f1e2d3c4b5a6978", "has the word 'change' in it"),
        ("My-Lodger-0f1e2d3c4b5a69788796a5b4", "has the word 'lodger' in it"),
    ],
)
def test_production_refuses_secrets_that_can_be_guessed(name: str, weak: str, why: str) -> None:
    (problem,) = problems(PRODUCTION | {name: weak})

    assert problem.startswith(name)
    assert why in problem
    assert weak not in problem
    assert load(GIVEN | {name: weak}), "development may have it"
    assert load(PRODUCTION | {"LODGER_SECRET_KEYS_BEFORE": weak}), "while it is replaced"


def test_production_refuses_secrets_that_are_the_same() -> None:
    key = GIVEN["LODGER_SECRET_KEY"]
    with_password = {"DATABASE_URL": f"postgresql://lodger:{key}@db/lodger"}

    for same, named in (
        ({"LODGER_OPERATOR_TOKEN": key}, "LODGER_OPERATOR_TOKEN is the same as LODGER_SECRET_KEY"),
        ({"LODGER_SECRET_KEYS_BEFORE": key}, "LODGER_SECRET_KEY is the same as LODGER_SECRET_KEYS_BEFORE"),
        ({"LODGER_STRIPE_SECRET_KEY": key}, "LODGER_SECRET_KEY is the same as LODGER_STRIPE_SECRET_KEY"),
        (with_password, "LODGER_SECRET_KEY is the same as the database's password"),
    ):
        assert problems(PRODUCTION | same) == [f"{named}: each should be its own"]


def test_secrets_as_they_are_made_are_strong_enough() -> None:
    for _ in range(1_000):
        assert list(weaknesses({"A": token_hex(16), "B": token_urlsafe(24)}, {"C": token_hex(16)})) == []


def test_production_has_no_sandbox_unless_it_is_asked_for_and_then_refused() -> None:
    assert load(PRODUCTION).sandbox is False
    assert problems(PRODUCTION | {"LODGER_SANDBOX": "true", "LODGER_CLOCK": "2025-06-01T12:00:00Z"}) == [
        "LODGER_SANDBOX is true: in production it should be false",
        "LODGER_CLOCK is set: in production it should be system",
    ]


def test_a_failpoint_is_for_tests_only() -> None:
    assert load(GIVEN | {"FAILPOINT": "after_capture:kill"}).failpoint == "after_capture:kill"
    assert problems(GIVEN | {"FAILPOINT": "after_capture"})[0].startswith("FAILPOINT is 'after_capture': should be")
    assert problems(PRODUCTION | {"FAILPOINT": "after_capture:kill"}) == [
        "FAILPOINT is set: it is for tests, and never in production"
    ]


def test_settings_survive_the_way_through_an_environment() -> None:
    settings = load(PRODUCTION | {"LODGER_AUDIT_PROJECTION": "1"})

    assert load(to_environment(settings)) == settings


def test_secrets_are_not_shown() -> None:
    assert "s" * 32 not in str(shown(load(GIVEN)))


def test_the_page_of_settings_is_current() -> None:
    assert (ROOT / "docs" / "settings.md").read_text() == markdown(), "run: ./run lodger settings --markdown"

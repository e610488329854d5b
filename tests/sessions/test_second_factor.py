"""A second factor: begun, confirmed, asked for at every login, lost, and taken away again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pyotp
import pytest
from werkzeug.test import TestResponse

from application import second_factors
from application.second_factors import Shown
from application.streams import USER
from domain.policies import CODES_PAUSE, WRONG_CODES_MAX
from domain.rejections import Rejected
from tests.api.people import PASSWORD, employed, register
from tests.api.refusals.accounts import reset, reset_token, without_password
from tests.api.stack import Client, Stack, json_of
from tests.sessions.browser import Browser, logged_in
from tests.support.world import HandClock

PATH = "/v1/users/me/second-factor"


class Authenticator:
    """Somebody's telephone: it knows a secret and the time."""

    def __init__(self, secret: str, clock: HandClock) -> None:
        self._codes, self._clock = pyotp.TOTP(secret), clock

    def code(self, steps_off: int = 0) -> str:
        """What it shows, or would show so many half minutes later."""
        return self._codes.at(self._clock.now() + steps_off * timedelta(seconds=30))

    def wrong(self) -> str:
        """What it shows neither now nor around now."""
        shown = {self.code(off) for off in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(10)) if code not in shown)


def begin(client: Client, clock: HandClock) -> Authenticator:
    answer = client.post(PATH, {"password": PASSWORD})
    assert answer.status_code == 201, answer.text
    return Authenticator(json_of(answer)["secret"], clock)


def enable(client: Client, clock: HandClock) -> tuple[Authenticator, list[str]]:
    """A second factor that counts, none of whose codes was used in this half minute; and its recovery codes."""
    authenticator = begin(client, clock)
    answer = client.post(f"{PATH}/confirm", {"code": authenticator.code()})
    assert answer.status_code == 200, answer.text
    clock.pass_(timedelta(minutes=1))
    codes: list[str] = json_of(answer)["recovery_codes"]
    return authenticator, codes


def log_in(stack: Stack, person: Client, **shown: Any) -> TestResponse:
    return stack.anybody().post("/v1/auth/tokens", {"email": person.user["email"], "password": PASSWORD, **shown})


def outcome(answer: TestResponse) -> str:
    """Success, or the code of the refusal."""
    return "in" if answer.status_code < 300 else json_of(answer)["type"].removeprefix("/problems/")


@pytest.fixture(params=["tokens", "sessions"])
def way(request: pytest.FixtureRequest) -> str:
    """Both ways to log in ask for the same."""
    return str(request.param)


def log_in_by(way: str, stack: Stack, person: Client, password: str = PASSWORD, **shown: Any) -> str:
    path = {"tokens": "/v1/auth/tokens", "sessions": "/v1/sessions"}[way]
    return outcome(stack.anybody().post(path, {"email": person.user["email"], "password": password, **shown}))


def test_what_is_begun_counts_for_nothing_until_a_code_is_sent(
    stack: Stack, ada: Client, wall_clock: HandClock
) -> None:
    begin(ada, wall_clock)
    assert json_of(ada.get(PATH)) == {"active": False, "recovery_codes_left": 0}
    assert outcome(log_in(stack, ada)) == "in"


def test_the_secret_is_given_as_an_address_that_authenticators_read(stack: Stack, ada: Client) -> None:
    answer = json_of(ada.post(PATH, {"password": PASSWORD}))
    uri = urlsplit(answer["otpauth_uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert parse_qs(uri.query) == {"secret": [answer["secret"]], "issuer": ["Lodger"]}
    assert len(answer["secret"]) == 32, "160 bits in base 32"


def test_from_then_on_every_login_needs_a_code(stack: Stack, ada: Client, wall_clock: HandClock, way: str) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert log_in_by(way, stack, ada) == "second-factor-required"
    assert log_in_by(way, stack, ada, code=authenticator.wrong()) == "code-wrong"
    assert log_in_by(way, stack, ada, code=authenticator.code()) == "in"
    assert json_of(ada.get(PATH)) == {"active": True, "recovery_codes_left": 10}


def test_who_has_not_the_password_learns_nothing_of_the_second_factor(
    stack: Stack, ada: Client, wall_clock: HandClock, way: str
) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert log_in_by(way, stack, ada, "wrong password") == "credentials-wrong"
    assert log_in_by(way, stack, ada, "wrong password", code=authenticator.code()) == "credentials-wrong"
    assert log_in_by(way, stack, ada, code=authenticator.code()) == "in", "and no code was used up"


def test_who_has_none_may_send_a_code_that_nobody_looks_at(stack: Stack, ada: Client, way: str) -> None:
    assert log_in_by(way, stack, ada, code="123456") == "in"


def test_a_code_lets_in_once(stack: Stack, ada: Client, wall_clock: HandClock, way: str) -> None:
    authenticator, _ = enable(ada, wall_clock)
    seen = authenticator.code()
    assert log_in_by(way, stack, ada, code=seen) == "in"
    assert log_in_by(way, stack, ada, code=seen) == "code-wrong"
    wall_clock.pass_(timedelta(seconds=30))
    assert log_in_by(way, stack, ada, code=seen) == "code-wrong"
    assert log_in_by(way, stack, ada, code=authenticator.code()) == "in"


def test_the_code_that_confirmed_lets_nobody_in(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator = begin(ada, wall_clock)
    code = authenticator.code()
    assert ada.post(f"{PATH}/confirm", {"code": code}).status_code == 200
    assert outcome(log_in(stack, ada, code=code)) == "code-wrong"


def test_of_many_who_send_one_code_at_once_one_is_let_in(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert at_once(stack, ada, authenticator.code(), 4) == ["code_wrong", "code_wrong", "code_wrong", "in"]


def at_once(stack: Stack, person: Client, code: str, times: int) -> list[str]:
    """What is said of a code that is sent so often at once, behind the password, in alphabetical order."""
    lodger, user_id = stack.wired.lodger, UUID(person.id)
    user = lodger.load(USER, user_id).state

    def said(_: int) -> str:
        try:
            second_factors.must_pass(lodger, user_id, user, Shown(code))
        except Rejected as refused:
            return refused.code
        return "in"

    with ThreadPoolExecutor(8) as pool:
        return sorted(pool.map(said, range(times)))


@pytest.mark.parametrize(("steps_off", "expected"), [(-2, "code-wrong"), (-1, "in"), (1, "in"), (2, "code-wrong")])
def test_a_clock_may_be_half_a_minute_off(
    stack: Stack, ada: Client, wall_clock: HandClock, steps_off: int, expected: str
) -> None:
    authenticator, _ = enable(ada, wall_clock)
    wall_clock.pass_(timedelta(minutes=2))
    assert outcome(log_in(stack, ada, code=authenticator.code(steps_off))) == expected


def test_a_code_before_one_that_was_taken_is_too_old(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert outcome(log_in(stack, ada, code=authenticator.code(1))) == "in"
    assert outcome(log_in(stack, ada, code=authenticator.code(0))) == "code-wrong"


def test_after_five_wrong_codes_none_is_looked_at_for_a_while(
    stack: Stack, ada: Client, wall_clock: HandClock, way: str
) -> None:
    authenticator, codes = enable(ada, wall_clock)
    for _ in range(WRONG_CODES_MAX):
        assert log_in_by(way, stack, ada, code=authenticator.wrong()) == "code-wrong"
    wall_clock.pass_(timedelta(seconds=60))
    refused = log_in(stack, ada, code=authenticator.code())
    assert (refused.status_code, outcome(refused)) == (429, "too-many-codes")
    assert refused.headers["Retry-After"] == str(14 * 60)
    assert log_in_by(way, stack, ada, recovery_code=codes[0]) == "too-many-codes"
    assert outcome(log_in(stack, register(stack))) == "in", "nobody else waits"
    wall_clock.pass_(CODES_PAUSE - timedelta(seconds=60))
    assert log_in_by(way, stack, ada, code=authenticator.code()) == "in"


def test_who_guesses_in_parallel_has_five_guesses_too(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert at_once(stack, ada, authenticator.wrong(), 20) == ["code_wrong"] * 5 + ["too_many_codes"] * 15


def test_a_recovery_code_lets_in_once_however_it_is_typed(
    stack: Stack, ada: Client, wall_clock: HandClock, way: str
) -> None:
    _, codes = enable(ada, wall_clock)
    assert len(set(codes)) == 10
    assert log_in_by(way, stack, ada, recovery_code=codes[0]) == "in"
    assert log_in_by(way, stack, ada, recovery_code=codes[0]) == "code-wrong"
    assert log_in_by(way, stack, ada, recovery_code=codes[1].upper().replace("-", " ")) == "in"
    assert json_of(ada.get(PATH)) == {"active": True, "recovery_codes_left": 8}


def test_somebody_elses_recovery_code_lets_nobody_in(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    bob = register(stack, "bob")
    enable(ada, wall_clock)
    _, codes = enable(bob, wall_clock)
    assert outcome(log_in(stack, ada, recovery_code=codes[0])) == "code-wrong"


def test_new_recovery_codes_replace_all_former_ones(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, former = enable(ada, wall_clock)
    body = {"password": PASSWORD, "code": authenticator.code()}
    assert ada.post(f"{PATH}/recovery-codes", {**body, "code": authenticator.wrong()}).status_code == 401
    assert outcome(ada.post(f"{PATH}/recovery-codes", {**body, "password": "wrong password"})) == "password-wrong"
    renewed = json_of(ada.post(f"{PATH}/recovery-codes", body))["recovery_codes"]
    assert set(renewed).isdisjoint(former)
    assert outcome(log_in(stack, ada, recovery_code=former[3])) == "code-wrong"
    assert outcome(log_in(stack, ada, recovery_code=renewed[3])) == "in"


def test_it_is_switched_off_by_password_and_code(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    code = authenticator.code()
    assert outcome(ada.post(f"{PATH}/disable", {"password": PASSWORD})) == "code-wrong"
    assert outcome(ada.post(f"{PATH}/disable", {"password": "wrong password", "code": code})) == "password-wrong"
    assert ada.post(f"{PATH}/disable", {"password": PASSWORD, "code": code}).status_code == 204
    assert outcome(log_in(stack, ada)) == "in"
    assert json_of(ada.get(PATH)) == {"active": False, "recovery_codes_left": 0}
    assert stack.count(f"SELECT count(*) FROM second_factors WHERE user_id = '{ada.id}'") == 0
    assert outcome(ada.post(f"{PATH}/disable", {"password": PASSWORD, "code": code})) == "second-factor-inactive"


def test_a_lost_authenticator_is_switched_off_by_a_recovery_code(
    stack: Stack, ada: Client, wall_clock: HandClock
) -> None:
    _, codes = enable(ada, wall_clock)
    assert ada.post(f"{PATH}/disable", {"password": PASSWORD, "recovery_code": codes[9]}).status_code == 204
    second, _ = enable(ada, wall_clock)
    assert outcome(log_in(stack, ada, recovery_code=codes[0])) == "code-wrong", "those were the former one's"
    assert outcome(log_in(stack, ada, code=second.code())) == "in"


def test_who_lost_everything_is_helped_by_an_admin_and_told(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    browser = Browser(stack)
    assert browser.log_in(ada, code=authenticator.code()).status_code == 201
    path = f"/v1/operator/users/{ada.id}/disable-second-factor"
    assert employed(stack, "operator").post(path, {"reason": "asked by telephone"}).status_code == 403
    assert employed(stack, "admin").post(path, {"reason": "came to the office"}).status_code == 200
    assert not browser.is_logged_in()
    assert outcome(log_in(stack, ada)) == "in"
    stack.run_workers()
    mails = f"SELECT count(*) FROM mailings WHERE stream_id = '{ada.id}' AND template = 'second_factor_disabled'"
    assert stack.count(mails) == 1


def test_an_admin_does_not_do_it_to_the_own_account(stack: Stack, wall_clock: HandClock) -> None:
    admin = employed(stack, "admin")
    path = f"/v1/operator/users/{admin.id}/disable-second-factor"
    assert outcome(admin.post(path, {"reason": "no code at hand"})) == "own-account"


def test_there_is_one_at_a_time(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    assert outcome(ada.post(PATH, {"password": PASSWORD})) == "second-factor-active"
    assert outcome(ada.post(f"{PATH}/confirm", {"code": authenticator.code()})) == "second-factor-active"


def test_a_secret_that_was_asked_for_again_replaces_the_one_before(
    stack: Stack, ada: Client, wall_clock: HandClock
) -> None:
    first, second = begin(ada, wall_clock), begin(ada, wall_clock)
    assert outcome(ada.post(f"{PATH}/confirm", {"code": first.code()})) == "code-wrong"
    assert ada.post(f"{PATH}/confirm", {"code": second.code()}).status_code == 200


def test_beginning_and_ending_it_need_the_password(stack: Stack, ada: Client) -> None:
    """Who finds a browser open does not lock its user out."""
    assert outcome(ada.post(PATH, {"password": "wrong password"})) == "password-wrong"
    assert outcome(ada.post(f"{PATH}/confirm", {"code": "123456"})) == "second-factor-not-begun"


def test_who_has_no_password_sets_one_first(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    """A second factor goes with a password: who has none would never log in again."""
    without_password(ada)
    assert outcome(ada.post(PATH, {"password": PASSWORD})) == "password-missing"
    assert reset(ada, reset_token(ada), PASSWORD).status_code == 204
    ada.token = json_of(log_in(stack, ada))["access_token"]
    authenticator, _ = enable(ada, wall_clock)
    assert outcome(log_in(stack, ada, code=authenticator.code())) == "in"


def test_switching_it_on_and_off_ends_whatever_else_is_logged_in(
    stack: Stack, ada: Client, wall_clock: HandClock
) -> None:
    elsewhere = logged_in(stack, ada)
    authenticator, _ = enable(ada, wall_clock)
    assert not elsewhere.is_logged_in()
    assert ada.get("/v1/users/me").status_code == 200, "but not what it was done with"
    assert elsewhere.log_in(ada, code=authenticator.code()).status_code == 201
    wall_clock.pass_(timedelta(seconds=30))
    body = {"password": PASSWORD, "code": authenticator.code()}
    assert ada.post(f"{PATH}/disable", body).status_code == 204
    assert not elsewhere.is_logged_in()


def test_a_session_that_switches_it_on_goes_on(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    browser = logged_in(stack, ada)
    authenticator = Authenticator(json_of(browser.post(PATH, {"password": PASSWORD}))["secret"], wall_clock)
    assert browser.post(f"{PATH}/confirm", {"code": authenticator.code()}).status_code == 200
    assert browser.is_logged_in()


def test_a_session_begins_only_when_both_factors_were_right(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    browser = Browser(stack)
    for shown in ({}, {"code": authenticator.wrong()}):
        assert "Set-Cookie" not in browser.log_in(ada, **shown).headers
    assert browser.log_in(ada, code=authenticator.code()).status_code == 201
    assert browser.is_logged_in()


@pytest.mark.parametrize(
    "shown",
    [
        {"code": "12345"},
        {"code": "1234567"},
        {"code": "12345６"},
        {"code": "12345\n"},
        {"code": 123456},
        {"code": None},
        {"recovery_code": ""},
        {"recovery_code": "a" * 65},
        {"recovery_code": "a\x00b"},
        {"code": "123456", "recovery_code": "abc"},
    ],
)
def test_what_is_no_code_is_told_by_its_field(stack: Stack, ada: Client, shown: dict[str, Any], way: str) -> None:
    assert log_in_by(way, stack, ada, **shown) == "validation-failed"


def test_neither_secrets_nor_codes_are_stored_as_they_are(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    answer = ada.post(PATH, {"password": PASSWORD})
    secret = json_of(answer)["secret"]
    confirmed = ada.post(
        f"{PATH}/confirm", {"code": pyotp.TOTP(secret).at(wall_clock.now())}, Idempotency_Key="nothing-is-kept"
    )
    codes = json_of(confirmed)["recovery_codes"]
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT sealed, recovery FROM second_factors WHERE user_id = %s", [UUID(ada.id)])
        ((sealed, recovery),) = cursor.fetchall()
        stored = bytes(sealed) + b"".join(bytes(digest) for digest in recovery)
        assert secret.encode() not in stored
        assert all(code.replace("-", "").encode() not in stored for code in codes)
        cursor.execute("SELECT count(*) FROM answers WHERE body LIKE '%%' || %s || '%%'", [codes[0]])
        assert cursor.fetchall() == [(0,)]


def test_what_was_done_is_on_record_and_told_by_mail(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    authenticator, _ = enable(ada, wall_clock)
    ada.post(f"{PATH}/disable", {"password": PASSWORD, "code": authenticator.code()})
    stack.run_workers()
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT type FROM events WHERE stream_id = %s ORDER BY version", [UUID(ada.id)])
        assert [row[0] for row in cursor.fetchall()][-2:] == ["UserSecondFactorEnabled", "UserSecondFactorDisabled"]
        cursor.execute(
            "SELECT template FROM mailings WHERE stream_id = %s AND template LIKE 'second%%' ORDER BY position",
            [UUID(ada.id)],
        )
        assert [row[0] for row in cursor.fetchall()] == ["second_factor_enabled", "second_factor_disabled"]

"""Refresh tokens: each works once, and whoever has stolen one ends the login by using it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import jwt
import pytest

from application import credentials as all_credentials
from application.calls import Call
from application.principals import BY_SETTINGS
from application.staff import grant_role, revoke_role
from domain.events import Actor
from infrastructure.bootstrap import wire
from infrastructure.database import Unavailable
from infrastructure.token_families import RevokedFamilies
from tests.accounts.logins import Login, code, execute, forgotten, log_in, refreshed
from tests.api.people import register
from tests.api.stack import Client, Stack, json_of, over
from tests.api.test_tokens import forge


@pytest.fixture
def bob(stack: Stack) -> Client:
    return register(stack, "bob")


def family_of(login: Login) -> str:
    return str(jwt.decode(login.access_token, options={"verify_signature": False})["sid"])


def test_a_login_goes_on_by_its_refresh_token_which_is_new_each_time(bob: Client) -> None:
    login = log_in(bob)
    seen = {login.refresh_token}
    for _ in range(3):
        login.refresh()
        seen.add(login.refresh_token)
        assert login.is_in()
    assert len(seen) == 4
    assert all(len(token) >= 43 for token in seen), "256 bits or more"


def test_the_tokens_are_in_no_table(stack: Stack, bob: Client) -> None:
    login = log_in(bob)
    login.refresh()
    with stack.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT digest, successor FROM refresh_tokens")
        kept = b"".join(bytes(value) for row in cursor.fetchall() for value in row if value is not None)
    assert login.refresh_token.encode() not in kept
    assert bytes.fromhex(login.refresh_token.removeprefix("lrt_")) not in kept


def test_an_answer_that_was_lost_is_given_once_more_for_some_seconds(stack: Stack, bob: Client) -> None:
    login = log_in(bob)
    lost = json_of(refreshed(stack, login.refresh_token))
    again = json_of(refreshed(stack, login.refresh_token))
    assert again["refresh_token"] == lost["refresh_token"]
    login.take(again)
    assert login.goes_on()


def test_ten_seconds_later_a_spent_token_ends_the_login(stack: Stack, bob: Client) -> None:
    login = log_in(bob)
    spent = login.refresh_token
    login.refresh()
    execute(stack, "UPDATE refresh_tokens SET spent_at = spent_at - interval '11 s' WHERE spent_at IS NOT NULL")
    assert code(refreshed(stack, spent)) == "refresh_token_reused"
    assert not login.goes_on()


def test_who_uses_a_stolen_token_ends_the_login_and_no_other_one(stack: Stack, bob: Client) -> None:
    login, other = log_in(bob), log_in(bob)
    stolen = login.refresh_token
    login.refresh()
    login.refresh()

    answer = refreshed(stack, stolen)

    assert (answer.status_code, code(answer)) == (401, "refresh_token_reused")
    assert code(refreshed(stack, login.refresh_token)) == "refresh_token_invalid"
    forgotten(stack)
    assert not login.is_in(), "the access tokens that the thief may have end too"
    assert other.is_in()
    assert other.goes_on()


def test_two_that_refresh_at_once_get_the_same_tokens(stack: Stack, bob: Client) -> None:
    login, start = log_in(bob), Barrier(4)
    given: list[dict[str, Any]] = []

    def refresh() -> None:
        start.wait()
        given.append(json_of(refreshed(stack, login.refresh_token)))

    threads = [Thread(target=refresh) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({each["refresh_token"] for each in given}) == 1
    login.take(given[0])
    assert login.goes_on()


@pytest.mark.parametrize("spoilt", ["shorter", "longer", "of another login", "an access token", "a word"])
def test_what_is_no_refresh_token_of_ours_is_refused_and_ends_nothing(stack: Stack, bob: Client, spoilt: str) -> None:
    login = log_in(bob)
    token = {
        "shorter": login.refresh_token[:-1],
        "longer": login.refresh_token + "0",
        "of another login": login.refresh_token[:-8] + log_in(bob).refresh_token[-8:],
        "an access token": login.access_token,
        "a word": "refresh",
    }[spoilt]
    answer = refreshed(stack, token)
    assert (answer.status_code, code(answer)) == (401, "refresh_token_invalid")
    assert login.goes_on()


def test_a_refresh_token_is_no_access_token(stack: Stack, bob: Client) -> None:
    assert Client(stack, log_in(bob).refresh_token).get("/v1/users/me").status_code == 401


@pytest.mark.parametrize("end", ["ends_at = clock_timestamp()", "used_at = clock_timestamp() - interval '14 days'"])
def test_a_login_ends_after_30_days_and_after_14_without_use(stack: Stack, bob: Client, end: str) -> None:
    login = log_in(bob)
    (shown,) = [each for each in listed(login) if each["current"]]
    lifetime = datetime.fromisoformat(shown["ends_at"]) - datetime.fromisoformat(shown["created_at"])
    assert abs(lifetime - timedelta(days=30)) < timedelta(seconds=1)
    execute(stack, f"UPDATE token_families SET {end} WHERE family_id = %s", family_of(login))
    assert code(refreshed(stack, login.refresh_token)) == "refresh_token_invalid"
    assert family_of(login) not in [each["id"] for each in listed(login)]


# --- seeing and ending them -------------------------------------------------------------------------------------


def listed(login: Login) -> list[dict[str, Any]]:
    logins: list[dict[str, Any]] = json_of(login.client.get("/v1/auth/tokens"))["logins"]
    return logins


def test_ones_logins_are_listed_with_what_tells_them_apart_and_little_else(bob: Client) -> None:
    log_in(bob, User_Agent="lodger-phone/1.0 " + "x" * 200)
    login = log_in(bob, User_Agent="curl/8")
    newest, before, _ = listed(login)
    assert newest.keys() == {"id", "user_agent", "created_at", "used_at", "ends_at", "current"}
    assert (newest["user_agent"], newest["current"]) == ("curl/8", True)
    assert (before["user_agent"], before["current"]) == ("lodger-phone/1.0 " + "x" * 83, False)


def test_one_login_is_ended_by_another(stack: Stack, bob: Client) -> None:
    lost, here = log_in(bob), log_in(bob)
    assert here.client.delete(f"/v1/auth/tokens/{family_of(lost)}").status_code == 204
    assert code(here.client.delete(f"/v1/auth/tokens/{family_of(lost)}")) == "login_not_found"
    assert not lost.goes_on()
    forgotten(stack)
    assert (lost.is_in(), here.is_in()) == (False, True)


def test_all_logins_end_at_once_and_nobody_elses(stack: Stack, bob: Client) -> None:
    one, other, eve = log_in(bob), log_in(bob), log_in(register(stack, "eve"))
    assert one.client.delete("/v1/auth/tokens").status_code == 204
    forgotten(stack)
    assert [login.is_in() for login in (one, other, eve)] == [False, False, True]
    assert [login.goes_on() for login in (one, other, eve)] == [False, False, True]


def test_what_a_program_called_itself_is_forgotten_with_its_login(stack: Stack, bob: Client) -> None:
    login = log_in(bob, User_Agent="secret-device/7")
    login.client.delete("/v1/auth/tokens")
    assert stack.count("SELECT count(*) FROM token_families WHERE user_agent = 'secret-device/7'") == 0


def test_logins_that_are_over_are_forgotten_and_their_tokens_with_them(stack: Stack, bob: Client) -> None:
    login, goes_on = log_in(bob), log_in(bob)
    login.refresh()
    over_by = "revoked_at = clock_timestamp() - interval '25 hours'"
    execute(stack, f"UPDATE token_families SET {over_by} WHERE family_id = %s", family_of(login))
    stack.wired.lodger.token_families.forget(datetime.now(UTC) - timedelta(days=1))
    family = f"family_id = '{family_of(login)}'"
    assert stack.count(f"SELECT count(*) FROM refresh_tokens WHERE {family}") == 0
    assert goes_on.goes_on()


# --- what ends access tokens ------------------------------------------------------------------------------------


def test_another_process_knows_within_a_second_or_so(stack: Stack, bob: Client) -> None:
    login, other = log_in(bob), wire(stack.wired.settings, wake=lambda: None)
    there = Login(over(other), login.access_token, login.refresh_token)
    assert there.is_in()

    all_credentials.end_all(stack.wired.lodger, UUID(bob.id))

    ended = monotonic()
    while there.is_in():
        assert monotonic() < ended + 2.5
        sleep(0.05)
    other.database.close()


def test_they_ask_the_database_once_a_second_however_often_they_are_asked(stack: Stack) -> None:
    asked = RevokedFamilies(stack.wired.database)
    times = []
    ask = asked._revoked
    asked._revoked = lambda: times.append(monotonic()) or ask()  # type: ignore[method-assign, func-returns-value]
    until = monotonic() + 1.3
    while monotonic() < until:
        asked.includes("0190")
    assert len(times) == 2


def test_what_is_known_stays_in_use_while_the_database_is_away(stack: Stack, bob: Client) -> None:
    login = log_in(bob)
    login.client.delete("/v1/auth/tokens")
    revoked = RevokedFamilies(stack.wired.database)
    assert revoked.includes(family_of(login))

    def away() -> frozenset[str]:
        raise Unavailable("away")

    revoked._revoked = away  # type: ignore[method-assign]
    revoked._asked_at = float("-inf")
    assert revoked.includes(family_of(login))
    assert not revoked.includes("another")
    nothing_known = RevokedFamilies(stack.wired.database)
    nothing_known._revoked = away  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        nothing_known.includes("another")


def test_a_role_that_is_given_shows_with_the_next_tokens_and_one_that_is_taken_ends_them(
    stack: Stack, bob: Client
) -> None:
    lodger, login = stack.wired.lodger, log_in(bob)
    assert login.client.get("/v1/operator/payments").status_code == 403

    def by_an_admin() -> Call:
        return Call(Actor("operator", "test", "hired"), stack.now(), lodger.new_id(), lodger.new_id())

    grant_role(lodger, by_an_admin(), UUID(bob.id), "operator")
    login.refresh()
    assert login.client.get("/v1/operator/payments").status_code == 200
    stack.run_workers()
    forgotten(stack)
    assert login.is_in()
    revoke_role(lodger, by_an_admin(), UUID(bob.id), "operator", BY_SETTINGS)
    stack.run_workers()
    forgotten(stack)
    assert not login.is_in()
    assert not login.goes_on()


# --- clocks -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ahead", "status"), [(timedelta(seconds=30), 200), (timedelta(minutes=10), 401), (timedelta(minutes=-10), 200)]
)
def test_a_token_of_a_process_whose_clock_is_a_little_ahead_is_taken(
    stack: Stack, bob: Client, ahead: timedelta, status: int
) -> None:
    """Ten minutes ahead it is none; ten minutes behind it lives five minutes and no more."""
    now = datetime.now(UTC) + ahead
    token = forge(stack, sub=bob.id, iat=now, exp=now + timedelta(minutes=15))
    assert Client(stack, token).get("/v1/users/me").status_code == status

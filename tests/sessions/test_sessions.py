"""A browser's session: kept by us, known by a cookie, over when it is said to be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
import redis

from api.app import create_app
from api.edge import EXTENSION
from application import credentials
from domain.policies import SESSION_END, SESSION_IDLE
from infrastructure.embedded.valkey import Valkey
from tests.api.people import PASSWORD, register, verify
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.sessions.browser import COOKIE, Browser, logged_in
from tests.support.redis_values import value_of
from tests.support.world import HandClock


@pytest.fixture
def client(valkey: Valkey) -> redis.Redis:
    return redis.Redis.from_url(valkey.url())


def test_the_cookie_is_the_browsers_alone(stack: Stack, ada: Client) -> None:
    answer = Browser(stack).log_in(ada)
    (cookie,) = answer.headers.getlist("Set-Cookie")
    named, *attributes = cookie.split("; ")
    name, _, secret = named.partition("=")
    assert name == "__Host-lodger_session"
    told = {attribute for attribute in attributes if not attribute.startswith("Expires=")}
    assert told == {"Secure", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"}, "no Domain; 14 days"
    assert len(secret) == 43, "256 bits in base 64"
    assert secret not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


def test_without_tls_in_development_the_cookie_has_a_plain_name(stack: Stack, ada: Client) -> None:
    wired, options = stack.wired, stack.app.extensions[EXTENSION].options
    app = create_app(wired.lodger, wired.database.connection, replace(options, plain_cookies=True))
    body = {"email": ada.user["email"], "password": PASSWORD}
    with app.test_client() as http:
        (cookie,) = http.post("/v1/sessions", json=body).headers.getlist("Set-Cookie")
        assert cookie.startswith("lodger_session=")
        assert "Secure" not in cookie
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert http.get("/v1/users/me").status_code == 200
        schemes = http.get("/openapi.json").json["components"]["securitySchemes"]  # type: ignore[index]
        assert schemes["session"]["name"] == "lodger_session"


def test_redis_has_a_digest_of_the_secret_and_never_the_secret(stack: Stack, ada: Client, client: redis.Redis) -> None:
    secret = logged_in(stack, ada).secret
    assert secret is not None
    assert client.exists(f"session:{sha256(secret.encode()).hexdigest()}")
    for key in client.scan_iter():
        assert secret not in f"{key!r} {value_of(client, key)!r}"


def test_each_login_begins_a_new_session_and_ends_the_browsers_former_one(stack: Stack, ada: Client) -> None:
    browser, other = logged_in(stack, ada), Browser(stack)
    first = browser.secret
    assert first is not None
    browser.log_in(ada)
    assert browser.secret not in (None, first)
    other.secret = first
    assert not other.is_logged_in()
    assert browser.is_logged_in()


def test_a_session_that_somebody_else_chose_is_never_taken(stack: Stack, ada: Client) -> None:
    victim, thief = Browser(stack), Browser(stack)
    victim.secret = thief.secret = "chosen-by-the-thief"
    victim.log_in(ada)
    assert victim.secret != "chosen-by-the-thief"
    assert victim.is_logged_in()
    assert not thief.is_logged_in()


def test_a_wrong_password_begins_nothing_and_ends_nothing(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    answer = browser.log_in(ada, "not the password")
    assert (answer.status_code, json_of(answer)["type"]) == (401, "/problems/credentials-wrong")
    assert "Set-Cookie" not in answer.headers
    assert browser.is_logged_in()


def test_sessions_are_listed_with_their_times_newest_first(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    first = logged_in(stack, ada)
    began = wall_clock.now()
    wall_clock.pass_(timedelta(minutes=5))
    second = logged_in(stack, ada)
    logged_in(stack, register(stack))
    wall_clock.pass_(timedelta(minutes=2))
    found = json_of(first.get("/v1/sessions"))["sessions"]
    assert [(each["id"], each["current"]) for each in found] == [(second.id, False), (first.id, True)]
    assert found[1]["created_at"] == began.isoformat().replace("+00:00", "Z")
    assert found[1]["last_seen_at"] == wall_clock.now().isoformat().replace("+00:00", "Z")
    assert [each["current"] for each in json_of(ada.get("/v1/sessions"))["sessions"]] == [False, False], "by a token"
    current = json_of(first.get("/v1/sessions/current"))
    assert (current["id"], current["user"], current["csrf_token"]) == (first.id, ada.id, first.token)


def test_one_session_is_ended_by_its_id_and_only_by_whose_it_is(stack: Stack, ada: Client) -> None:
    here, there, stranger = logged_in(stack, ada), logged_in(stack, ada), logged_in(stack, register(stack))
    refused = stranger.delete(f"/v1/sessions/{there.id}")
    assert (refused.status_code, json_of(refused)["type"]) == (404, "/problems/session-not-found")
    assert here.delete(f"/v1/sessions/{there.id}").status_code == 204
    assert here.delete(f"/v1/sessions/{there.id}").status_code == 404
    assert (here.is_logged_in(), there.is_logged_in(), stranger.is_logged_in()) == (True, False, True)


def test_logging_out_ends_every_session_at_once(stack: Stack, ada: Client) -> None:
    here, there, stranger = logged_in(stack, ada), logged_in(stack, ada), logged_in(stack, register(stack))
    answer = here.delete("/v1/sessions")
    assert answer.status_code == 204
    assert here.secret is None, "the browser has forgotten it"
    assert (here.is_logged_in(), there.is_logged_in(), stranger.is_logged_in()) == (False, False, True)


def test_logging_out_here_leaves_the_other_browsers(stack: Stack, ada: Client) -> None:
    here, there = logged_in(stack, ada), logged_in(stack, ada)
    stolen = here.secret
    assert stolen is not None
    assert here.delete("/v1/sessions/current").status_code == 204
    assert here.secret is None
    here.secret = stolen
    assert (here.is_logged_in(), there.is_logged_in()) == (False, True)


def test_a_request_that_is_under_way_does_not_bring_an_ended_session_back(stack: Stack, ada: Client) -> None:
    browser, sessions = logged_in(stack, ada), stack.wired.lodger.sessions
    digest = sha256(str(browser.secret).encode()).digest()
    seen = sessions.find(digest)
    assert seen is not None
    browser.delete("/v1/sessions/current")
    sessions.saw(digest, seen, SESSION_IDLE)
    assert sessions.find(digest) is None


def test_what_signs_somebody_out_ends_all_sessions_but_the_one_that_is_kept(stack: Stack, ada: Client) -> None:
    here, there = logged_in(stack, ada), logged_in(stack, ada)
    credentials.end_all(stack.wired.lodger, UUID(ada.id), keep=here.id)
    credentials.end_all(stack.wired.lodger, UUID(ada.id), keep=here.id)
    assert (here.is_logged_in(), there.is_logged_in()) == (True, False)
    assert [each["id"] for each in json_of(here.get("/v1/sessions"))["sessions"]] == [here.id]
    credentials.end_all(stack.wired.lodger, UUID(ada.id))
    assert not here.is_logged_in()
    assert logged_in(stack, ada).is_logged_in()


def test_a_new_password_ends_every_session_at_once(stack: Stack, ada: Client) -> None:
    here, there = logged_in(stack, ada), logged_in(stack, ada)
    body = {"current_password": PASSWORD, "new_password": "another horse, another battery"}
    assert here.send("PUT", "/v1/users/me/password", body).status_code == 204
    assert (here.is_logged_in(), there.is_logged_in()) == (False, False)


def test_a_suspension_ends_all_sessions_at_once(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    operator = Client(stack, OPERATOR_TOKEN)
    suspended = operator.post(f"/v1/operator/users/{ada.id}/suspend", {"reason": "asked by the police"})
    assert suspended.status_code == 200, suspended.text
    assert not browser.is_logged_in()
    answer = browser.log_in(ada)
    assert (answer.status_code, json_of(answer)["type"]) == (403, "/problems/user-suspended")


def test_a_password_that_is_changed_while_somebody_logs_in_with_it_opens_nothing(
    stack: Stack, ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password was right when it was looked at, and a moment later it ended everything."""
    lodger = stack.wired.lodger
    matches = type(lodger.passwords).matches

    def matches_and_ends(*args: object) -> bool:
        found = matches(*args)  # type: ignore[arg-type]
        credentials.end_all(lodger, UUID(ada.id))
        return found

    browser = Browser(stack)
    with monkeypatch.context() as patched:
        patched.setattr(type(lodger.passwords), "matches", matches_and_ends)
        browser.log_in(ada)
    assert not browser.is_logged_in()


def test_a_session_not_used_for_a_day_is_over(stack: Stack, ada: Client, wall_clock: HandClock) -> None:
    used, unused = logged_in(stack, ada), logged_in(stack, ada)
    wall_clock.pass_(SESSION_IDLE - timedelta(seconds=1))
    assert used.is_logged_in()
    wall_clock.pass_(timedelta(seconds=1))
    assert (used.is_logged_in(), unused.is_logged_in()) == (True, False)
    assert [each["id"] for each in json_of(used.get("/v1/sessions"))["sessions"]] == [used.id]


def test_a_session_is_over_after_two_weeks_however_much_it_is_used(
    stack: Stack, ada: Client, wall_clock: HandClock
) -> None:
    browser = logged_in(stack, ada)
    for _ in range(2 * 14 - 1):
        wall_clock.pass_(timedelta(hours=12))
        assert browser.is_logged_in()
    wall_clock.pass_(timedelta(hours=12) - timedelta(seconds=1))
    assert browser.is_logged_in()
    wall_clock.pass_(timedelta(seconds=1))
    assert not browser.is_logged_in()


def test_redis_forgets_what_is_over_by_itself(stack: Stack, ada: Client, client: redis.Redis) -> None:
    secret = logged_in(stack, ada).secret
    assert secret is not None
    day = SESSION_IDLE.total_seconds()
    assert day - 60 < client.ttl(f"session:{sha256(secret.encode()).hexdigest()}") <= day
    assert 0 < client.ttl(f"sessions-of:{ada.id}") <= SESSION_END.total_seconds()


def test_the_sandbox_clock_logs_nobody_out(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    later = stack.now() + timedelta(days=40)
    assert Client(stack, OPERATOR_TOKEN).post("/v1/operator/clock", {"now": later.isoformat()}).status_code == 200
    assert browser.is_logged_in()


def test_a_session_may_what_its_user_may_when_it_began(stack: Stack, ada: Client) -> None:
    before = logged_in(stack, ada)
    assert before.get("/v1/operator/ledger").status_code == 403
    verify(stack, ada)
    operator = Client(stack, OPERATOR_TOKEN)
    role = {"role": "auditor", "reason": "new at work"}
    granted = operator.post(f"/v1/operator/users/{ada.id}/grant-role", role)
    assert granted.status_code == 200, granted.text
    assert logged_in(stack, ada).get("/v1/operator/ledger").status_code == 200


def test_a_token_goes_before_a_cookie_and_needs_no_csrf_token(stack: Stack, ada: Client) -> None:
    bob = register(stack, "bob")
    browser = logged_in(stack, ada)
    bearer = f"Bearer {bob.token}"
    assert json_of(browser.get("/v1/users/me", Authorization=bearer))["id"] == bob.id
    browser.token = None
    assert browser.post("/v1/users/me/hosting", Authorization=bearer, Origin="https://evil.example").status_code == 200
    assert browser.get("/v1/users/me", Authorization="Bearer nonsense").status_code == 401
    here = browser.get("/v1/sessions/current", Authorization=bearer)
    assert (here.status_code, json_of(here)["type"]) == (404, "/problems/session-not-found")


def test_a_browser_books_as_its_user(stack: Stack, ada: Client) -> None:
    browser = logged_in(stack, ada)
    assert browser.post("/v1/users/me/hosting").status_code == 200
    assert json_of(browser.get("/v1/users/me"))["is_host"] is True


def test_after_a_flush_everybody_is_told_to_log_in_again(stack: Stack, ada: Client, client: redis.Redis) -> None:
    browser = logged_in(stack, ada)
    client.flushall()
    answer = browser.get("/v1/users/me")
    assert (answer.status_code, json_of(answer)["type"]) == (401, "/problems/session-invalid")
    assert "POST /v1/sessions" in json_of(answer)["detail"]
    assert answer.headers["WWW-Authenticate"]
    assert browser.secret is None, "the browser no longer sends what is worth nothing"
    browser.log_in(ada)
    assert browser.is_logged_in()


@pytest.mark.parametrize("secret", ["x", "a" * 4_000, "../session", "%00", "ünïcode", '"quoted"', "a=b"])
def test_whatever_else_is_in_the_cookie_is_nobody(stack: Stack, secret: str) -> None:
    http = stack.app.test_client(use_cookies=False)
    answer = http.get("/v1/users/me", headers={"Cookie": f"{COOKIE}={secret}"})
    assert (answer.status_code, json_of(answer)["type"]) == (401, "/problems/session-invalid")
    assert f"{COOKIE}=;" in answer.headers["Set-Cookie"], "the browser forgets it"


def test_an_empty_cookie_is_none(stack: Stack) -> None:
    answer = stack.app.test_client(use_cookies=False).get("/v1/users/me", headers={"Cookie": f"{COOKIE}="})
    assert (answer.status_code, json_of(answer)["type"]) == (401, "/problems/token-required")

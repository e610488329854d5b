"""Logging in with another provider's word: the whole way, and every way in which it can go wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from werkzeug.test import TestResponse

from infrastructure import oidc
from tests.api.stack import Stack, json_of, running
from tests.oidc.fake import CALLBACK, LOGIN, RETURN_TO, Browser, OidcFake
from tests.support.world import HandClock

pytestmark = pytest.mark.slow


def refused(answer: TestResponse, status: int, code: str) -> bool:
    """Refused like that, and without a session."""
    assert "lodger_session=" not in str(answer.headers.getlist("Set-Cookie"))
    return (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}")


def test_who_the_provider_knows_has_an_account_and_a_session(provider: OidcFake, browser: Browser) -> None:
    person = provider.log_in()
    answer = browser.log_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, RETURN_TO)
    me = json_of(browser.get("/v1/users/me"))
    assert (me["email"], me["username"]) == (person["email"], person["preferred_username"])
    assert me["name"] == person["name"]


def test_the_browser_is_sent_with_all_that_protects_the_login(provider: OidcFake, browser: Browser) -> None:
    url = urlsplit(browser.leave())
    assert f"{url.scheme}://{url.netloc}" == provider.url
    sent = {name: values[0] for name, values in parse_qs(url.query).items()}
    secrets = {name: sent.pop(name) for name in ("state", "nonce", "code_challenge")}
    assert all(len(secret) == 43 for secret in secrets.values()), "256 bits each"
    assert len(set(secrets.values())) == 3
    assert sent == {
        "tenant": "1",
        "response_type": "code",
        "client_id": "lodger",
        "redirect_uri": f"http://127.0.0.1:8000{CALLBACK}",
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }


def test_what_the_browser_keeps_is_for_it_alone_and_for_minutes(browser: Browser) -> None:
    answer = browser.http.get(LOGIN)
    (morsel,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert morsel.key == "__Host-lodger_oidc"
    assert (morsel["httponly"], morsel["secure"], morsel["samesite"]) == (True, True, "Lax")
    assert (morsel["path"], morsel["domain"], morsel["max-age"]) == ("/", "", "600")


def test_the_same_person_has_the_same_account_whatever_is_said_of_them(provider: OidcFake, browser: Browser) -> None:
    person = provider.log_in()
    browser.log_in()
    first = json_of(browser.get("/v1/users/me"))["id"]
    provider.log_in(sub=person["sub"], email="another@example.org", name="Another", preferred_username=None)
    browser.log_in()
    assert json_of(browser.get("/v1/users/me"))["id"] == first
    provider.log_in(sub=person["sub"], email=None, email_verified=False)
    browser.log_in()
    assert json_of(browser.get("/v1/users/me"))["id"] == first


def test_an_address_that_the_provider_tells_later_is_as_good(provider: OidcFake, browser: Browser) -> None:
    person = provider.log_in()
    provider.behave("email_in_userinfo")
    assert browser.log_in().status_code == 303
    assert json_of(browser.get("/v1/users/me"))["email"] == person["email"]


@pytest.mark.parametrize(
    "mistake",
    [
        *("unsigned", "signed_with_public_key", "signed_with_client_secret", "foreign_key", "foreign_key_same_id"),
        *("key_in_header", "altered", "not_a_token", "no_id_token"),
    ],
)
def test_a_token_that_the_provider_did_not_sign_is_refused(provider: OidcFake, browser: Browser, mistake: str) -> None:
    provider.log_in()
    provider.behave(mistake)
    assert refused(browser.log_in(), 401, "oidc-token-invalid")


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"aud": "another"},
        {"aud": ["lodger", "another"]},
        {"aud": ["lodger", "another"], "azp": "another"},
        {"azp": "another"},
        {"iss": "https://somebody-else.example"},
        {"exp": {"seconds": -61}},
        {"iat": {"seconds": 120}},
        {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 5},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_a_token_for_another_client_login_or_time_is_refused(
    provider: OidcFake, browser: Browser, claims: dict[str, Any]
) -> None:
    provider.log_in()
    provider.behave(claims=claims)
    assert refused(browser.log_in(), 401, "oidc-token-invalid")


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "nonce"])
def test_a_token_without_what_it_must_have_is_refused(provider: OidcFake, browser: Browser, claim: str) -> None:
    provider.log_in()
    provider.behave(without=[claim])
    assert refused(browser.log_in(), 401, "oidc-token-invalid")


@pytest.mark.parametrize(
    "claims",
    [{"exp": {"seconds": -50}}, {"iat": {"seconds": 50}}, {"aud": ["lodger", "another"], "azp": "lodger"}],
    ids=str,
)
def test_clocks_may_differ_by_a_minute_and_others_may_be_meant_too(
    provider: OidcFake, browser: Browser, claims: dict[str, Any]
) -> None:
    provider.log_in()
    provider.behave(claims=claims)
    assert browser.log_in().status_code == 303


@pytest.mark.parametrize("said", [False, None, "yes", 1])
def test_an_address_that_the_provider_has_not_confirmed_opens_nothing(
    provider: OidcFake, browser: Browser, said: object
) -> None:
    provider.log_in(email_verified=said)
    assert refused(browser.log_in(), 403, "oidc-email-unverified")


def test_without_an_address_there_is_no_account(provider: OidcFake, browser: Browser) -> None:
    provider.log_in(email=None)
    assert refused(browser.log_in(), 403, "oidc-email-unverified")


def test_an_address_that_is_none_is_refused(provider: OidcFake, browser: Browser) -> None:
    provider.log_in(email="not an address")
    assert refused(browser.log_in(), 422, "email-malformed")


def test_who_says_no_at_the_provider_is_not_logged_in(provider: OidcFake, browser: Browser) -> None:
    provider.behave("access_denied")
    assert refused(browser.log_in(), 401, "oidc-denied")


@pytest.mark.parametrize("mistake", ["token_endpoint_down", "huge", "deep", "no_object"])
def test_a_provider_that_makes_no_sense_is_one_that_is_away(provider: OidcFake, browser: Browser, mistake: str) -> None:
    provider.log_in()
    provider.behave(mistake)
    answer = browser.log_in()
    assert refused(answer, 503, "oidc-provider-unavailable")
    assert answer.headers["Retry-After"] == "1"


def test_a_provider_that_is_slow_is_not_waited_for(provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    came = browser.consent()
    provider.behave(delay_ms=6_000)
    assert refused(browser.come_back(came), 503, "oidc-provider-unavailable")


def test_keys_are_rotated_without_anybody_noticing(provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    for withdraw in (False, True):
        provider.rotate(withdraw=withdraw)
        assert browser.log_in().status_code == 303


@pytest.mark.parametrize(
    ("mistake", "status", "code"),
    [("keys_down", 503, "oidc-provider-unavailable"), ("no_keys", 401, "oidc-token-invalid")],
)
def test_without_the_providers_keys_nothing_is_believed(
    provider: OidcFake, browser: Browser, mistake: str, status: int, code: str
) -> None:
    provider.log_in()
    provider.rotate(withdraw=True)
    provider.behave(mistake)
    assert refused(browser.log_in(), status, code)
    provider.behave()
    assert browser.log_in().status_code == 303


def test_few_wait_for_a_slow_provider_at_once(
    shared: Stack, provider: OidcFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threads of a process are few, and bookings need them."""
    came = []
    for _ in range(3):  # three people: one who comes twice at once is refused for another reason
        provider.log_in()
        browser = Browser(shared, provider)
        came.append((browser, browser.consent()))
    # Far from both limits: of waiting for a place, which is shorter here, and for the provider, which is four seconds.
    monkeypatch.setattr(oidc, "_WAITS_SECONDS", 0.3)
    provider.behave(delay_ms=2_000)
    with ThreadPoolExecutor(3) as threads:
        answers = threads.map(lambda each: each[0].come_back(each[1]).status_code, came)
    assert sorted(answers) == [303, 303, 503]


def test_what_the_provider_is_and_its_keys_are_asked_for_once(provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    browser.log_in()
    before = provider.asked()
    browser.log_in()
    after = provider.asked()
    assert after["/token"] == before["/token"] + 1
    for path in ("/.well-known/openid-configuration", "/jwks"):
        assert after[path] == before[path]


# --- whose browser it is ------------------------------------------------------------------------------------


def test_who_did_not_begin_the_login_does_not_finish_it(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    came = browser.consent()
    stranger = Browser(shared, provider)
    assert refused(stranger.come_back(came), 400, "oidc-login-invalid"), "no cookie"
    stranger.leave()
    assert refused(stranger.come_back(came), 400, "oidc-login-invalid"), "the cookie of another login"
    assert browser.come_back(came).status_code == 303, "and whose it is still does"


def test_a_state_of_another_login_is_refused(provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    first = browser.consent()
    second = browser.consent()
    assert refused(browser.come_back({**second, "state": first["state"]}), 400, "oidc-login-invalid")
    assert refused(browser.come_back({"code": second["code"]}), 400, "oidc-login-invalid")


def test_a_code_that_was_got_for_another_login_is_refused(provider: OidcFake, browser: Browser) -> None:
    """PKCE: whoever slips in their own code, to have somebody act in their account, has the wrong verifier."""
    provider.log_in()
    attackers = browser.consent()
    victims = browser.consent()
    assert refused(browser.come_back({**victims, "code": attackers["code"]}), 401, "oidc-denied")


def test_a_login_is_finished_once(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    came = browser.consent()
    cookie = browser.http.get_cookie("__Host-lodger_oidc")
    assert cookie is not None
    assert browser.come_back(came).status_code == 303
    assert browser.http.get_cookie("__Host-lodger_oidc") is None
    assert refused(browser.come_back(came), 400, "oidc-login-invalid")
    again = Browser(shared, provider)
    again.http.set_cookie("__Host-lodger_oidc", cookie.value, secure=True)
    assert refused(again.come_back(came), 400, "oidc-login-used")


def test_a_login_that_took_too_long_is_over(provider: OidcFake, browser: Browser, wall_clock: HandClock) -> None:
    provider.log_in()
    came = browser.consent()
    wall_clock.pass_(timedelta(minutes=10, seconds=1))
    assert refused(browser.come_back(came), 400, "oidc-login-expired")


def test_what_the_browser_keeps_cannot_be_made_up(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    came = browser.consent()
    cookie = browser.http.get_cookie("__Host-lodger_oidc")
    assert cookie is not None
    of_a_quote = shared.wired.lodger.signer.sign("quote", {"sub": "x"}, shared.now())
    for made_up in (cookie.value[:-4] + "AAAA", "x", "", of_a_quote):
        browser.http.set_cookie("__Host-lodger_oidc", made_up, secure=True)
        assert refused(browser.come_back(came), 400, "oidc-login-invalid"), made_up


def test_another_providers_answer_is_refused(provider: OidcFake, browser: Browser) -> None:
    """Mix-up: the code of one provider would be handed to another."""
    provider.log_in()
    provider.behave(iss_in_answer="https://somebody-else.example")
    assert refused(browser.log_in(), 401, "oidc-token-invalid")
    provider.behave()
    came = browser.consent()
    del came["iss"]
    assert refused(browser.come_back(came), 401, "oidc-token-invalid"), "it says that it always says so"


def test_userinfo_of_somebody_else_is_refused(provider: OidcFake, browser: Browser) -> None:
    provider.log_in()
    provider.behave("email_in_userinfo", "userinfo_of_another")
    assert refused(browser.log_in(), 401, "oidc-token-invalid")


# --- the settings -------------------------------------------------------------------------------------------


def test_a_provider_that_calls_itself_otherwise_is_not_asked(database_url: str, provider: OidcFake) -> None:
    provider.behave("another_issuer")
    with running(database_url, **provider.settings) as stack:
        assert refused(stack.anybody().get(LOGIN), 503, "oidc-provider-unavailable")


def test_without_a_provider_there_is_nothing_here(database_url: str) -> None:
    with running(database_url) as stack:
        assert refused(stack.anybody().get(LOGIN), 404, "oidc-not-set-up")
        assert refused(stack.anybody().get(CALLBACK), 404, "oidc-not-set-up")


def test_a_provider_in_the_private_network_is_not_asked_in_production(database_url: str, provider: OidcFake) -> None:
    with running(database_url, LODGER_PRIVATE_ADDRESSES="false", **provider.settings) as stack:
        assert refused(stack.anybody().get(LOGIN), 503, "oidc-provider-unavailable")

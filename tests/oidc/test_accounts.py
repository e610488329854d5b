"""Whose account it is that another provider's word opens: somebody new's, an old one's, and never a stranger's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import pytest

from application import credentials, passwords
from application.external_logins import OIDC
from application.ports import IdentityTaken
from application.streams import USER
from domain.api_keys import UserApiKeyCreated
from domain.users import UserEmailVerified, UserIdentityLinked, UserRegistered
from tests.api.people import PASSWORD, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.api_keys.keys import tables_of
from tests.oidc.fake import Browser, OidcFake
from tests.oidc.test_login import refused
from tests.sessions.browser import Browser as PasswordBrowser
from tests.sessions.test_second_factor import enable
from tests.support.world import HandClock

pytestmark = pytest.mark.slow


def log_in(stack: Stack, email: object, password: str = PASSWORD) -> int:
    return stack.anybody().post("/v1/auth/tokens", {"email": email, "password": password}).status_code


def me(browser: Browser) -> str:
    return str(json_of(browser.get("/v1/users/me"))["id"])


def facts(stack: Stack, user_id: str) -> list[object]:
    return [event.fact for event in stack.wired.lodger.read(UUID(user_id)).in_order()]


def test_a_new_account_has_a_verified_address_and_no_password(
    shared: Stack, provider: OidcFake, browser: Browser
) -> None:
    person = provider.log_in()
    browser.log_in()
    events = shared.wired.lodger.read(UUID(me(browser))).in_order()
    assert [event.fact for event in events] == [
        UserRegistered(),
        UserEmailVerified(),
        UserIdentityLinked(provider.url),
    ]
    assert {(event.actor.kind, event.actor.id) for event in events} == {("user", me(browser))}
    for guess in (PASSWORD, "", "None"):
        assert log_in(shared, person["email"], guess or "x") == 401


def test_who_somebody_is_at_the_provider_is_stored_nowhere_to_be_read(
    shared: Stack, provider: OidcFake, browser: Browser
) -> None:
    provider.log_in(sub="a-very-telling-subject")
    browser.log_in()
    for table in tables_of(shared):
        assert shared.count(f"SELECT count(*) FROM {table} t WHERE t::text LIKE '%a-very-telling-subject%'") == 0, table


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"preferred_username": "Zoë Müller"}, "zoe-muller"),
        ({"preferred_username": "zoe.mueller@example.org", "name": "Zoë M."}, "zoe-m"),
        ({"preferred_username": None, "name": "山田太郎"}, "guest-"),
        ({"preferred_username": "x", "name": None}, "guest-"),
        ({"preferred_username": "a" * 100, "name": None}, "a" * 24),
        ({"preferred_username": "<script>", "name": None}, "script"),
    ],
)
def test_a_username_is_made_of_the_name_and_never_of_the_address(
    provider: OidcFake, browser: Browser, said: dict[str, str], expected: str
) -> None:
    provider.log_in(**said)
    assert browser.log_in().status_code == 303
    assert json_of(browser.get("/v1/users/me"))["username"].startswith(expected)


def test_a_username_that_is_taken_gets_a_number(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    taken = register(shared, "ada").user["username"]
    provider.log_in(preferred_username=taken)
    assert browser.log_in().status_code == 303
    username = json_of(browser.get("/v1/users/me"))["username"]
    assert username.startswith(f"{taken}-")
    assert username != taken


def test_a_name_is_on_one_line_and_without_what_nobody_sees(provider: OidcFake, browser: Browser) -> None:
    provider.log_in(name=" Ada\r\nBcc: x\u202e\u200b  Lovelace " + "!" * 200)
    assert browser.log_in().status_code == 303
    name = json_of(browser.get("/v1/users/me"))["name"]
    assert name.startswith("Ada Bcc: x Lovelace !")
    assert len(name) == 100


def test_two_first_logins_at_once_make_one_account(shared: Stack, provider: OidcFake) -> None:
    person = provider.log_in()
    browsers = [Browser(shared, provider) for _ in range(4)]
    came = [(browser, browser.consent()) for browser in browsers]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda each: each[0].come_back(each[1]).status_code, came))
    assert 303 in answers
    assert set(answers) <= {303, 503}
    digest = shared.wired.lodger.signer.digest(OIDC, f"{provider.url}|{person['sub']}")
    assert shared.count(f"SELECT count(*) FROM identities WHERE kind = 'oidc' AND digest = '\\x{digest.hex()}'") == 1
    assert shared.count(f"SELECT count(*) FROM people WHERE email = '{person['email']}'") == 1


# --- an account that is there already -----------------------------------------------------------------------


def test_an_account_with_a_verified_address_is_linked_and_stays_as_it_is(
    shared: Stack, provider: OidcFake, browser: Browser
) -> None:
    bob = register(shared, "bob")
    provider.log_in(email=str(bob.user["email"]).upper())
    assert browser.log_in().status_code == 303
    assert me(browser) == bob.id
    assert facts(shared, bob.id)[-1] == UserIdentityLinked(provider.url)
    assert log_in(shared, bob.user["email"]) == 200, "the password is still theirs"
    assert bob.get("/v1/users/me").status_code == 200, "and so is what they were logged in with"
    browser.log_in()
    assert facts(shared, bob.id).count(UserIdentityLinked(provider.url)) == 1
    shared.run_workers()
    kinds = [told["kind"] for told in json_of(bob.get("/v1/notifications"))["notifications"]]
    assert kinds[0] == "identity_linked"


def test_whoever_opened_an_account_with_anothers_address_loses_it(
    shared: Stack, provider: OidcFake, browser: Browser, wall_clock: HandClock
) -> None:
    """Pre-hijacking: they wait in it for the one whose address it is."""
    eve = register(shared, "eve", verified=False)
    eves_browser = PasswordBrowser(shared)
    eves_browser.log_in(eve)
    authenticator, recovery_codes = enable(eve, wall_clock)
    tokens = {"email": eve.user["email"], "password": PASSWORD}
    refresh = json_of(shared.anybody().post("/v1/auth/tokens", {**tokens, "code": authenticator.code()}))

    provider.log_in(email=eve.user["email"])
    assert browser.log_in().status_code == 303

    assert me(browser) == eve.id
    assert shared.wired.lodger.load(USER, UUID(eve.id)).state.second_factor is None
    assert log_in(shared, eve.user["email"]) == 401
    assert shared.anybody().post("/v1/auth/tokens", {**tokens, "recovery_code": recovery_codes[0]}).status_code == 401
    assert not eves_browser.is_logged_in()
    again = shared.anybody().post("/v1/auth/tokens/refresh", {"refresh_token": refresh["refresh_token"]})
    assert again.status_code == 401
    assert browser.get("/v1/users/me").status_code == 200


def test_an_account_with_a_second_factor_is_not_opened_by_the_provider_alone(
    shared: Stack, provider: OidcFake, browser: Browser, wall_clock: HandClock
) -> None:
    bob = register(shared, "bob")
    person = provider.log_in(email=bob.user["email"])
    browser.log_in()
    enable(bob, wall_clock)
    assert refused(Browser(shared, provider).log_in(), 401, "second-factor-required")
    ann = register(shared, "ann")
    enable(ann, wall_clock)
    provider.log_in(email=ann.user["email"])
    assert refused(Browser(shared, provider).log_in(), 401, "second-factor-required")
    assert UserIdentityLinked(provider.url) not in facts(shared, ann.id)
    assert person["email"] == bob.user["email"]


def test_another_person_with_the_same_address_is_not_let_in(
    shared: Stack, provider: OidcFake, browser: Browser
) -> None:
    """Addresses are given away again, subjects never."""
    bob = register(shared, "bob")
    provider.log_in(email=bob.user["email"])
    browser.log_in()
    provider.log_in(sub="his-successor", email=bob.user["email"])
    assert refused(Browser(shared, provider).log_in(), 409, "oidc-identity-differs")


def test_a_login_that_was_cut_off_is_completed_by_the_next(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    eve = register(shared, "eve", verified=False)
    person = provider.log_in(email=eve.user["email"])
    lodger = shared.wired.lodger
    lodger.identities.disown(UUID(eve.id))
    credentials.end_all(lodger, UUID(eve.id))
    lodger.identities.link(UUID(eve.id), lodger.signer.digest(OIDC, f"{provider.url}|{person['sub']}"))
    assert facts(shared, eve.id) == [UserRegistered()]
    assert browser.log_in().status_code == 303
    assert facts(shared, eve.id) == [UserRegistered(), UserEmailVerified(), UserIdentityLinked(provider.url)]


def test_an_identity_is_one_users_only(shared: Stack) -> None:
    bob, eve = register(shared, "bob"), register(shared, "eve")
    identities, digest = shared.wired.lodger.identities, b"d" * 32
    identities.link(UUID(bob.id), digest)
    identities.link(UUID(bob.id), digest)
    with pytest.raises(IdentityTaken):
        identities.link(UUID(eve.id), digest)


@pytest.mark.parametrize("linked", [True, False])
def test_who_is_suspended_is_not_let_in(shared: Stack, provider: OidcFake, browser: Browser, linked: bool) -> None:
    bob = register(shared, "bob")
    provider.log_in(email=bob.user["email"])
    if linked:
        browser.log_in()
    operator = Client(shared, OPERATOR_TOKEN)
    assert operator.post(f"/v1/operator/users/{bob.id}/suspend", {"reason": "Fraud."}).status_code == 200
    assert refused(Browser(shared, provider).log_in(), 403, "user-suspended")
    assert browser.get("/v1/users/me").status_code in (401, 403), "and no session goes on"


def test_who_came_by_the_provider_may_do_what_everybody_may(
    shared: Stack, provider: OidcFake, browser: Browser
) -> None:
    provider.log_in()
    browser.log_in()
    csrf = json_of(browser.get("/v1/sessions/current"))["csrf_token"]
    made = browser.http.post(
        "/v1/api-keys",
        json={"name": "A", "scopes": ["bookings:read"]},
        headers={"X-CSRF-Token": csrf},
        base_url="https://localhost",
    )
    assert made.status_code == 201, made.text
    assert isinstance(facts(shared, me(browser))[-1], UserApiKeyCreated)


def test_the_session_before_is_over(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    """A new one for each login, so that nobody can give a browser theirs before."""
    provider.log_in()
    browser.log_in()
    former = browser.http.get_cookie("__Host-lodger_session")
    assert former is not None
    browser.log_in()
    thief = Browser(shared, provider)
    thief.http.set_cookie("__Host-lodger_session", former.value, secure=True)
    assert browser.get("/v1/users/me").status_code == 200
    assert thief.get("/v1/users/me").status_code == 401


def test_who_has_no_password_gets_one_by_mail(shared: Stack, provider: OidcFake, browser: Browser) -> None:
    person = provider.log_in()
    browser.log_in()
    lodger, user_id = shared.wired.lodger, UUID(me(browser))
    token = passwords.token_for(lodger, lodger.people.get([user_id])[user_id])
    answer = shared.anybody().post("/v1/auth/password-reset", {"token": token, "new_password": PASSWORD})
    assert answer.status_code < 300, answer.text
    assert log_in(shared, person["email"]) == 200
    assert browser.log_in().status_code == 303

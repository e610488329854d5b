"""Passwords: which are taken, how they are changed and reset, and what ends with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from application.credentials import end_all
from application.passwords import must_be_good
from domain.rejections import Rejected
from infrastructure.token_families import TokenFamilyTable
from tests.accounts.logins import code, credentials, forgotten, log_in
from tests.accounts.mail import letters_to, link_in, press
from tests.api.people import PASSWORD, email_token, register, wait
from tests.api.refusals.accounts import reset, reset_token, without_password
from tests.api.stack import Client, Stack

NEW = "staple battery correct"


@pytest.fixture
def bob(stack: Stack) -> Client:
    return register(stack, "bobby")


def change(user: Client, current: str = PASSWORD, new: str = NEW) -> tuple[int, str]:
    body = {"current_password": current, "new_password": new}
    answer = user.json("PUT", "/v1/users/me/password", body)
    return answer.status_code, code(answer) if answer.text else ""


# --- which are taken --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["password1", "PASSWORD1", "qwertyuiop", "1234567890", "Iloveyou1", "football1"])
def test_the_commonest_passwords_are_refused_however_they_are_written(password: str) -> None:
    with pytest.raises(Rejected) as refused:
        must_be_good(password, "gilbert", "gilbert@example.org")
    assert refused.value.code == "password_common"


@pytest.mark.parametrize("password", ["Gilbert-2026", "xxgilbertxx", "my name is gilbert", "g.smith!!"])
def test_the_accounts_own_names_are_refused_in_a_password(password: str) -> None:
    with pytest.raises(Rejected) as refused:
        must_be_good(password, "gilbert", "g.smith@example.org")
    assert refused.value.code == "password_telling"


@pytest.mark.parametrize(
    "password", ["canada is big", "aaaabbbb", "        ", "påsswörd 密碼", "x" * 128, "example.org"]
)
def test_nothing_is_asked_of_what_a_password_is_made_of(password: str) -> None:
    must_be_good(password, "ada", "ada@example.org")


def test_a_password_has_8_to_128_characters_and_none_is_cut_off(stack: Stack, bob: Client) -> None:
    assert change(bob, new="x" * 7)[0] == 422
    assert change(bob, new="x" * 129)[0] == 422
    longest = "a" + "x" * 127
    assert change(bob, new=longest) == (204, "")
    cut = credentials(bob, longest[:-1])
    assert stack.anybody().post("/v1/auth/tokens", cut).status_code == 401
    log_in(bob, longest)


def test_nobody_registers_with_a_password_that_is_no_good(stack: Stack) -> None:
    account = {"username": "margaret", "email": "maggie@example.org", "name": "Margaret"}
    for password, refusal in [("sunshine", "password_common"), ("hello Margaret", "password_telling")]:
        assert code(stack.anybody().post("/v1/users", {**account, "password": password})) == refusal


# --- changing ---------------------------------------------------------------------------------------------------


def test_changing_it_ends_every_login_the_one_that_does_it_too(stack: Stack, bob: Client) -> None:
    here, elsewhere = log_in(bob), log_in(bob)
    assert change(here.client) == (204, "")
    forgotten(stack)
    assert (here.is_in(), elsewhere.is_in(), bob.get("/v1/users/me").status_code) == (False, False, 401)
    assert (here.goes_on(), elsewhere.goes_on()) == (False, False)
    assert stack.anybody().post("/v1/auth/tokens", credentials(bob)).status_code == 401
    log_in(bob, NEW)
    assert [subject for subject, _ in letters_to(bob)] == ["Your password was changed"]


@pytest.mark.parametrize("then", ["before", "after"])
def test_a_password_that_is_changed_while_a_client_logs_in_with_it_opens_nothing(
    stack: Stack, bob: Client, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """It was right when it was looked at; all that it had opened ended just before, or after, this login was noted."""
    families = stack.wired.lodger.token_families
    begin = type(families).begin
    given: list[UUID] = []

    def begins_late(table: TokenFamilyTable, family_id: UUID, *rest: Any) -> None:
        given.append(family_id)
        if then == "before":
            end_all(stack.wired.lodger, UUID(bob.id))
        begin(table, family_id, *rest)
        if then == "after":
            end_all(stack.wired.lodger, UUID(bob.id))

    with monkeypatch.context() as patched:
        patched.setattr(type(families), "begin", begins_late)
        answer = stack.anybody().post("/v1/auth/tokens", credentials(bob))

    assert (answer.status_code, code(answer)) == (401, "credentials_wrong")
    forgotten(stack)
    assert stack.wired.lodger.revocations.includes(str(given[0]))
    assert families.of_user(UUID(bob.id)) == []
    log_in(bob)


def test_changing_it_takes_the_current_one(stack: Stack, bob: Client) -> None:
    elsewhere = log_in(bob)
    assert change(bob, current="not it at all") == (403, "password_wrong")
    assert change(bob, new="password1") == (422, "password_common")
    forgotten(stack)
    assert elsewhere.is_in()
    log_in(bob)


# --- resetting --------------------------------------------------------------------------------------------------


def test_a_mail_leads_to_a_page_that_sets_a_new_password_once_and_ends_every_login(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    letters_to(bob)
    login = log_in(bob)
    asked = {stack.anybody().post("/v1/auth/password-reset/requests", {"email": email}).status_code
             for email in (bob.user["email"], "nobody@example.org")}  # fmt: skip
    assert asked == {202}
    ((subject, text),) = letters_to(bob)
    assert subject == "Set a new password"
    path = link_in(text)
    page = stack.anybody().get(path)
    assert (page.status_code, 'type="password"' in page.text) == (200, True)
    assert page.headers["Referrer-Policy"] == "no-referrer"
    token = path.partition("token=")[2]

    assert press(stack, "/account/password-reset", token=token, new_password="short")[0] == 422
    assert press(stack, "/account/password-reset", token=token, new_password="password1")[0] == 422
    forgotten(stack)
    assert login.is_in(), "nothing has happened yet"
    assert press(stack, "/account/password-reset", token=token, new_password=NEW)[0] == 200

    forgotten(stack)
    assert not login.is_in()
    assert not login.goes_on()
    log_in(bob, NEW)
    status, shown = press(stack, "/account/password-reset", token=token, new_password="another one of mine")
    assert (status, "used already" in shown) == (422, True)
    assert [subject for subject, _ in letters_to(bob)] == ["Your password was changed"]


def test_a_link_ends_with_the_password_that_it_was_sent_for(stack: Stack, bob: Client) -> None:
    first, second = reset_token(bob), reset_token(bob)
    assert reset(bob, second).status_code == 204
    assert code(reset(bob, first)) == "reset_token_used"
    third = reset_token(bob)
    assert change(log_in(bob, NEW).client, NEW, "yet another one") == (204, "")
    assert code(reset(bob, third)) == "reset_token_used"


def test_a_link_works_for_an_hour(stack: Stack, bob: Client) -> None:
    token, other = reset_token(bob), reset_token(register(stack))
    wait(stack, int(timedelta(minutes=58).total_seconds() // 60))
    assert reset(bob, token).status_code == 204
    wait(stack, 2)
    assert code(reset(bob, other)) == "reset_token_expired"


def test_no_other_token_sets_a_password(stack: Stack, bob: Client) -> None:
    other = register(stack, verified=False)
    for token in (email_token(other), str(bob.token), reset_token(bob)[:-5], log_in(bob).refresh_token):
        assert code(reset(bob, token)) == "reset_token_invalid"
    assert reset(other, reset_token(bob)).status_code == 204
    log_in(bob, NEW)
    log_in(other)


def test_a_link_of_nobody_sets_nothing(stack: Stack, bob: Client) -> None:
    signer, later = stack.wired.lodger.signer, stack.now() + timedelta(minutes=5)
    token = signer.sign("reset_token", {"sub": str(UUID(int=9)), "was": "00"}, later)
    assert code(reset(bob, token)) == "reset_token_invalid"


def test_who_never_had_a_password_sets_one_by_the_mail(stack: Stack, bob: Client) -> None:
    without_password(bob)
    assert change(bob) == (403, "password_missing")
    assert stack.anybody().post("/v1/auth/tokens", credentials(bob)).status_code == 401
    assert reset(bob, reset_token(bob)).status_code == 204
    log_in(bob, NEW)

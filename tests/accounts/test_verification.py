"""An address is confirmed by whoever reads its mail, and until then nobody books or publishes with it."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from uuid import UUID

import psycopg2
import pytest

from tests.accounts.logins import code
from tests.accounts.mail import letters_to, link_in, press
from tests.api.people import draft, email_token, host, listing, register, stay, verify, wait
from tests.api.stack import Client, Stack, json_of


@pytest.fixture
def bob(stack: Stack) -> Client:
    return register(stack, "bob", verified=False)


def is_verified(user: Client) -> bool:
    return bool(json_of(user.get("/v1/users/me"))["email_verified"])


def test_who_has_not_confirmed_may_look_and_neither_book_nor_publish(stack: Stack, bob: Client) -> None:
    place = listing(host(stack))
    bob.post("/v1/users/me/hosting")
    own = draft(bob)
    assert bob.get(f"/v1/properties/{place}").status_code == 200
    assert bob.get("/v1/properties?city=Catskill").status_code == 200
    assert bob.post("/v1/quotes", stay(place)).status_code == 200
    before = stack.count_events()
    for refused in (bob.wish("/v1/bookings", stay(place)), bob.post(f"/v1/properties/{own}/publish")):
        assert (refused.status_code, code(refused)) == (403, "email_unverified")
    assert stack.count_events() == before


def test_confirming_works_at_once_with_the_token_from_before(stack: Stack, bob: Client) -> None:
    place = listing(host(stack))
    verify(stack, bob)
    assert bob.wish("/v1/bookings", stay(place)).status_code == 201
    assert is_verified(bob)


def test_the_welcome_leads_to_a_page_whose_button_confirms_and_works_once(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    ((subject, text),) = letters_to(bob)
    assert subject == "Welcome to Lodger"
    path = link_in(text)
    assert path.startswith("/account/verification?token=")

    page = stack.anybody().get(path)

    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert not re.search(r'(?:src|href)="', page.text), "the page loads nothing"
    assert not is_verified(bob), "programs that look through mail follow links"

    (token,) = re.findall(r'name="token" value="([^"]+)"', page.text)
    assert press(stack, "/account/verification", token=token)[0] == 200
    assert is_verified(bob)
    status, shown = press(stack, "/account/verification", token=token)
    assert (status, "used already" in shown) == (422, True)


def test_the_token_is_nowhere_but_in_the_mail(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    ((_, text),) = letters_to(bob)
    token = link_in(text).partition("token=")[2]
    signature = token.rpartition(".")[2]
    with closing(psycopg2.connect(stack.wired.settings.database_url)) as login, login.cursor() as cursor:
        cursor.execute("SELECT format('SELECT %L, t::text FROM %I t', relname, relname) FROM pg_class"
                       " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace")  # fmt: skip
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)
            assert [table for table, row in cursor.fetchall() if signature in row] == []


def test_a_page_shows_what_is_in_its_address_as_text(stack: Stack) -> None:
    page = stack.anybody().get('/account/verification?token="><script>alert(1)</script>')
    assert "<script>" not in page.text
    assert press(stack, "/account/verification", token='"><script>')[0] == 422


def test_a_link_works_for_a_day(stack: Stack, bob: Client) -> None:
    token = email_token(bob)
    wait(stack, int(timedelta(hours=23).total_seconds() // 60))
    assert stack.anybody().post("/v1/auth/email-verification", {"token": token}).status_code == 204


@pytest.mark.parametrize("swapped", ["access token", "quote", "cut off", "altered"])
def test_no_other_token_confirms_an_address(stack: Stack, bob: Client, swapped: str) -> None:
    token = email_token(bob)
    signer, later = stack.wired.lodger.signer, stack.now() + timedelta(hours=1)
    given = {
        "access token": str(bob.token),
        "quote": signer.sign("quote", {"sub": bob.id, "email": "00"}, later),
        "cut off": token[: len(token) // 2],
        "altered": token[:-2] + ("AA" if token[-2:] != "AA" else "BB"),
    }[swapped]
    assert code(stack.anybody().post("/v1/auth/email-verification", {"token": given})) == "email_token_invalid"
    assert not is_verified(bob)


def test_anothers_token_confirms_the_others_address_alone(stack: Stack, bob: Client) -> None:
    eve = register(stack, "eve", verified=False)
    assert eve.post("/v1/auth/email-verification", {"token": email_token(bob)}).status_code == 204
    assert (is_verified(bob), is_verified(eve)) == (True, False)


def test_a_link_for_an_address_that_is_no_more_the_accounts_confirms_nothing(stack: Stack, bob: Client) -> None:
    lodger = stack.wired.lodger
    claims = {"sub": bob.id, "email": lodger.signer.digest("account state", "former@example.org").hex()}
    token = lodger.signer.sign("email_token", claims, stack.now() + timedelta(hours=1))
    assert code(stack.anybody().post("/v1/auth/email-verification", {"token": token})) == "email_token_invalid"
    nobody = {**claims, "sub": str(UUID(int=7))}
    token = lodger.signer.sign("email_token", nobody, stack.now() + timedelta(hours=1))
    assert code(stack.anybody().post("/v1/auth/email-verification", {"token": token})) == "email_token_invalid"


# --- once more --------------------------------------------------------------------------------------------------


def ask(stack: Stack, email: str, what: str = "email-verification") -> tuple[int, str]:
    answer = stack.anybody().post(f"/v1/auth/{what}/requests", {"email": email})
    return answer.status_code, answer.text


def test_the_mail_is_sent_again_to_who_needs_it_and_the_answer_tells_nothing(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    letters_to(bob)
    verified = register(stack, "carl")
    answers = {ask(stack, email) for email in (bob.user["email"].upper(), verified.user["email"], "no@example.org")}
    assert answers == {(202, "")}
    ((subject, text),) = letters_to(bob)
    unwanted = f"SELECT count(*) FROM mailings WHERE status = 'unwanted' AND stream_id = '{verified.id}'"
    assert stack.count(unwanted) == 1
    assert subject == "Confirm your e-mail address"
    assert stack.anybody().get(link_in(text)).status_code == 200


def test_nobody_is_sent_mail_after_mail_because_a_stranger_asks(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    letters_to(bob)
    sent = 0
    for _ in range(5):
        ask(stack, bob.user["email"])
        sent += len(letters_to(bob))
    assert sent == 1


def test_who_confirmed_meanwhile_is_sent_none(stack: Stack, bob: Client) -> None:
    stack.run_workers()
    letters_to(bob)
    ask(stack, bob.user["email"])
    verify(stack, bob)
    assert letters_to(bob) == []

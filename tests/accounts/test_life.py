"""The life of an account: its profile, being away and coming back, being suspended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from application import accounts
from application import credentials as credentials_of
from application.calls import Call
from domain.events import Actor
from domain.rejections import Rejected
from tests.accounts.logins import code, credentials, forgotten, log_in
from tests.api.people import book, host, listing, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

WHY = {"reason": "Complaints; ticket 12."}


def suspend(user: Client, act: str = "suspend") -> None:
    answer = Client(user.stack, OPERATOR_TOKEN).post(f"/v1/operator/users/{user.id}/{act}", WHY)
    assert answer.status_code == 200, answer.text


def reactivate(user: Client, **changes: str) -> Any:
    return user.stack.anybody().post("/v1/auth/reactivation", {**credentials(user), **changes})


def status_of(property_id: str, stack: Stack) -> int:
    return stack.anybody().get(f"/v1/properties/{property_id}").status_code


# --- profile ----------------------------------------------------------------------------------------------------


def test_people_say_which_languages_they_speak_each_once_in_the_registrys_spelling(stack: Stack) -> None:
    bob = register(stack, "bob")
    told = bob.patch("/v1/users/me", {"languages": ["EN", "pt-br", "lg", "zh-hant", "en"]}, If_Match='"1"')
    assert told.status_code == 200, told.text
    spoken = ["en", "pt-BR", "lg", "zh-Hant"]
    assert json_of(told)["languages"] == spoken
    assert json_of(stack.anybody().get(f"/v1/users/{bob.id}"))["languages"] == spoken
    kept = bob.patch("/v1/users/me", {"bio": "I like creeks."}, If_Match=told.headers["ETag"])
    assert json_of(kept)["languages"] == spoken
    none = bob.patch("/v1/users/me", {"languages": []}, If_Match=kept.headers["ETag"])
    assert json_of(none)["languages"] == []


@pytest.mark.parametrize("language", ["english", "xx", "e", "", "en_US", "en\n", "x-klingon", None, 5, "en-XX-YY"])
def test_what_is_no_language_is_refused(stack: Stack, language: object) -> None:
    answer = register(stack).patch("/v1/users/me", {"languages": [language]}, If_Match='"1"')
    assert (answer.status_code, code(answer)) == (422, "validation_failed")


def test_nobody_speaks_more_than_twenty(stack: Stack) -> None:
    languages = ["en", "fr", "de", "lg", "sw", "es", "it", "pt", "nl", "sv", "da", "fi", "pl", "cs", "hu", "ro", "bg"]
    languages += ["el", "tr", "ar", "he"]
    assert register(stack).patch("/v1/users/me", {"languages": languages}, If_Match='"1"').status_code == 422


# --- being away -------------------------------------------------------------------------------------------------


def test_who_closes_the_account_is_logged_out_everywhere_and_told_why_after_the_right_password_only(
    stack: Stack,
) -> None:
    bob = register(stack, "bob")
    login = log_in(bob)
    assert login.client.post("/v1/users/me/deactivation").status_code == 204
    forgotten(stack)
    assert not login.is_in()
    assert not login.goes_on()
    assert bob.get("/v1/users/me").status_code == 401
    right = stack.anybody().post("/v1/auth/tokens", credentials(bob))
    wrong = stack.anybody().post("/v1/auth/tokens", credentials(bob, "not it at all"))
    assert (right.status_code, code(right)) == (403, "user_deactivated")
    assert (wrong.status_code, code(wrong)) == (401, "credentials_wrong")


def test_a_host_who_is_away_offers_nothing_and_keeps_what_was_promised(stack: Stack) -> None:
    ada, guest = host(stack), register(stack)
    offered, other = listing(ada), listing(host(stack))
    booking_id = book(guest, offered)

    assert ada.post("/v1/users/me/deactivation").status_code == 204
    stack.run_workers()

    assert (status_of(offered, stack), status_of(other, stack)) == (404, 200)
    assert json_of(guest.get(f"/v1/bookings/{booking_id}"))["status"] == "pending"


def test_coming_back_takes_the_password_and_publishing_is_the_hosts_own_decision(stack: Stack) -> None:
    ada = host(stack)
    offered = listing(ada)
    ada.post("/v1/users/me/deactivation")
    stack.run_workers()
    assert code(reactivate(ada, password="not it at all")) == "credentials_wrong"
    assert code(stack.anybody().post("/v1/auth/tokens", credentials(ada))) == "user_deactivated"

    assert reactivate(ada).status_code == 204
    assert reactivate(ada).status_code == 204, "again changes nothing"

    back = log_in(ada).client
    stack.run_workers()
    assert status_of(offered, stack) == 404
    assert back.post(f"/v1/properties/{offered}/publish").status_code == 200
    assert status_of(offered, stack) == 200


def test_who_is_suspended_comes_back_by_an_operator_alone(stack: Stack) -> None:
    ada = host(stack)
    offered, login = listing(ada), log_in(ada)
    suspend(ada)
    stack.run_workers()
    forgotten(stack)
    assert status_of(offered, stack) == 404
    assert not login.is_in()
    assert not login.goes_on()
    assert reactivate(ada).status_code == 204, "there was nothing to open again"
    assert code(stack.anybody().post("/v1/auth/tokens", credentials(ada))) == "user_suspended"
    suspend(ada, "reinstate")
    stack.run_workers()
    log_in(ada)
    assert status_of(offered, stack) == 404, "the host publishes it again, or does not"


def test_what_was_published_in_the_last_second_is_taken_back_too(stack: Stack) -> None:
    """A credential that has not heard of it yet; the read model has not heard of the listing either."""
    ada = host(stack)
    lodger = stack.wired.lodger
    offered = listing(ada)
    call = Call(Actor("user", ada.id), stack.now(), lodger.new_id(), lodger.new_id())
    accounts.deactivate(lodger, call, UUID(ada.id))
    with pytest.raises(Rejected) as behind:
        accounts.withdraw(lodger, call, UUID(ada.id))
    assert behind.value.code == "busy", "the reaction is tried again until the read model knows"
    refused = ada.post(f"/v1/properties/{offered}/publish")
    assert (refused.status_code, code(refused)) in {(401, "token_invalid"), (403, "user_deactivated")}
    stack.run_workers()
    assert status_of(offered, stack) == 404


@pytest.mark.parametrize("away", ["deactivated", "suspended"])
def test_who_logs_in_again_before_the_reaction_stays_logged_in(stack: Stack, away: str) -> None:
    ada = register(stack)
    if away == "suspended":
        suspend(ada)
        suspend(ada, "reinstate")
    else:
        ada.post("/v1/users/me/deactivation")
        reactivate(ada)
    again = log_in(ada)
    stack.run_workers()
    forgotten(stack)
    assert again.is_in()
    assert again.goes_on()


def test_what_outlived_a_process_that_died_closing_the_account_ends_when_it_is_opened_again(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = register(stack)
    old, lodger = log_in(ada), stack.wired.lodger
    with monkeypatch.context() as dying:
        dying.setattr(credentials_of, "end_all", lambda *_: None)
        accounts.deactivate(
            lodger, Call(Actor("user", ada.id), stack.now(), lodger.new_id(), lodger.new_id()), UUID(ada.id)
        )
    reactivate(ada)
    stack.run_workers()
    forgotten(stack)
    assert not old.is_in()
    assert not old.goes_on()


def test_who_is_back_before_the_reaction_keeps_their_listings(stack: Stack) -> None:
    ada = host(stack)
    offered = listing(ada)
    ada.post("/v1/users/me/deactivation")
    reactivate(ada)
    stack.run_workers()
    assert status_of(offered, stack) == 200

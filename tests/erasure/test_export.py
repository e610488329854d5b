"""Getting one's data: everything, in one document, and nothing of anybody else."""

from __future__ import annotations

import json

import pytest

from infrastructure.erasure import personal_data
from infrastructure.erasure.personal_data import shown_of_all
from tests.api.people import book, host, listing, register
from tests.api.stack import Client, Stack, json_of


@pytest.fixture(scope="module")
def told(shared: Stack) -> tuple[Client, Client, str]:
    """Ada hosts Bob, who wrote to her; she has a phone where she is paid."""
    ada, bob = host(shared), register(shared, "bob")
    ada.json("PUT", "/v1/me/payout-destination", {"method": "mobile_money", "phone": "+256772123456"})
    booking = book(bob, listing(ada))
    bob.wish(f"/v1/bookings/{booking}/messages", {"text": "By the late train."})
    shared.run_workers()
    return ada, bob, booking


def test_it_is_one_document_with_a_name_and_a_section_for_all_that_is_kept(told: tuple[Client, Client, str]) -> None:
    ada, _, booking = told
    answered = ada.get("/v1/users/me/export")
    assert answered.status_code == 200
    assert answered.headers["Content-Disposition"] == f'attachment; filename="lodger-{ada.id}.json"'
    document = json_of(answered)
    assert document["user"] == ada.id
    assert document["more"] == []
    data = document["data"]
    assert data.keys() == {shown.section for shown in shown_of_all()}
    (profile,) = data["profile"]
    assert profile["email"] == ada.user["email"]
    assert [each["title"] for each in data["properties"]] == ["Cabin by the creek"]
    assert [(each["id"], each["as"]) for each in data["bookings"]] == [(booking, "host")]
    assert [(each["text"], each["yours"]) for each in data["messages"]] == [("By the late train.", False)]
    assert [event["type"] for event in document["events"]] == ["UserRegistered", "UserEmailVerified", "UserBecameHost"]


def test_an_account_that_money_goes_to_is_shown_by_its_end(told: tuple[Client, Client, str]) -> None:
    (chosen,) = json_of(told[0].get("/v1/users/me/export"))["data"]["payout_destination"]
    assert chosen == {"method": "mobile_money", "provider": "sandbox", "reference": "…3456"}


def test_nothing_that_tells_who_the_other_is_stands_in_it(told: tuple[Client, Client, str]) -> None:
    ada, bob, _ = told
    for mine, other in ((ada, bob), (bob, ada)):
        document = json.dumps(json_of(mine.get("/v1/users/me/export")))
        assert other.id not in document
        assert str(other.user["email"]) not in document
        assert str(other.user["username"]) not in document


def test_no_secret_stands_in_it(told: tuple[Client, Client, str]) -> None:
    document = json.dumps(json_of(told[0].get("/v1/users/me/export")))
    for secret in ("argon2", "whsec_", "password_hash", "+256772123456"):
        assert secret not in document


def test_a_section_that_is_too_long_says_that_there_is_more(
    told: tuple[Client, Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = told[0]
    listing(ada)
    ada.stack.run_workers()
    monkeypatch.setattr(personal_data, "ROWS_MAX", 1)
    document = json_of(ada.get("/v1/users/me/export"))
    assert len(document["data"]["properties"]) == 1
    assert "properties" in document["more"]


def test_only_oneself_gets_it_and_no_machine_does(shared: Stack) -> None:
    assert shared.anybody().get("/v1/users/me/export").status_code == 401
    bob = register(shared)
    asked = {"name": "books", "scopes": ["bookings:read"]}
    key = json_of(bob.post("/v1/api-keys", asked))["key"]
    assert Client(shared, key).get("/v1/users/me/export").status_code == 403

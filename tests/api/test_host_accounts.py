"""Being paid as a host, over HTTP: the account, its payouts, where they go, and what operators do."""

from __future__ import annotations

from typing import Any

import pytest

from application.payment_ports import PayoutReport
from domain.payments import Evidence
from tests.api.people import host, register
from tests.api.refusals.host_accounts import end, scheduled
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of

DESTINATION = "/v1/me/payout-destination"
PHONE = {"method": "mobile_money", "phone": "+256772123456"}


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def account(ada: Client) -> dict[str, Any]:
    answer = ada.get("/v1/me/host-account")
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def test_a_host_without_a_destination_is_told_so(shared: Stack) -> None:
    ada = host(shared)
    assert account(ada) == {"blocked_by": "no_destination", "next_release_at": None, "balances": [], "holds": []}
    assert register(shared).get("/v1/me/host-account").status_code == 403
    assert register(shared).json("PUT", DESTINATION, PHONE).status_code == 403


def test_a_destination_is_chosen_and_shown(shared: Stack) -> None:
    ada = host(shared)
    chosen = ada.json("PUT", DESTINATION, PHONE, Idempotency_Key="k1")
    assert json_of(chosen) == {**PHONE, "onboarding_url": None}
    assert json_of(ada.json("PUT", DESTINATION, {"method": "bank"}))["phone"] is None
    repeated = ada.json("PUT", DESTINATION, PHONE, Idempotency_Key="k1")
    assert repeated.headers["Idempotency-Replayed"] == "true"
    assert json_of(ada.get(DESTINATION))["method"] == "bank"
    assert account(ada)["blocked_by"] is None


@pytest.mark.parametrize(
    "body",
    [{}, {"method": "mobile_money"}, {"method": "bank", "phone": "+256772123456"}, {"method": "cash"}, {"method": 1}],
)
def test_a_destination_is_a_phone_or_a_bank(shared: Stack, body: object) -> None:
    assert host(shared).json("PUT", DESTINATION, body).status_code == 422


def test_a_payout_is_shown_with_what_is_in_it(shared: Stack) -> None:
    """Three nights at 100.00 less the host's fee of 3 %, and their cleaning: none."""
    ada, payout_id = scheduled(shared)
    assert account(ada)["balances"][0]["under_way"] == usd("291.00")
    end(shared, ada, payout_id, PayoutReport("paid", Evidence("sandbox", "po_1", "0" * 64)))
    shared.run_workers()
    assert account(ada)["balances"][0]["paid"] == usd("291.00")
    listed = json_of(ada.get("/v1/me/payouts"))
    (payout,) = listed["payouts"]
    assert (payout["id"], payout["status"], payout["amount"]) == (str(payout_id), "paid", usd("291.00"))
    assert [part["amount"] for part in payout["earnings"]] == [usd("291.00")]
    assert (payout["debts"], listed["next_cursor"]) == ([], None)
    assert json_of(ada.get("/v1/me/earnings")) == {"earnings": [], "next_cursor": None}
    told = json_of(ada.get("/v1/notifications"))["notifications"]
    assert "payout_paid" in [each["kind"] for each in told]


def test_what_others_are_paid_is_nobody_elses(shared: Stack) -> None:
    scheduled(shared)
    shared.run_workers()
    eve = host(shared)
    assert json_of(eve.get("/v1/me/payouts"))["payouts"] == []
    assert json_of(eve.get("/v1/me/earnings"))["earnings"] == []


def test_operators_hold_lift_charge_and_retry_with_a_reason(shared: Stack) -> None:
    ada, payout_id = scheduled(shared)
    end(shared, ada, payout_id)
    operator, path = Client(shared, OPERATOR_TOKEN), f"/v1/operator/hosts/{ada.id}"
    assert account(ada)["blocked_by"] == "hold"
    retried = operator.post(f"{path}/payouts/{payout_id}/retry", {"reason": "The bank was asked."})
    assert json_of(retried)["holds"] == []
    held = json_of(operator.post(f"{path}/payout-holds", {"reason": "Papers are missing."}))
    (hold,) = held["holds"]
    assert (hold["reason"], hold["booking"], held["balances"][0]["held"]) == (
        "Papers are missing.",
        None,
        usd("291.00"),
    )
    foreign = {"reason": "Papers are missing.", "booking": str(payout_id)}
    assert operator.post(f"{path}/payout-holds", foreign).status_code == 404
    lifted = operator.post(f"{path}/payout-holds/{hold['id']}/lift", {"reason": "They came."})
    assert json_of(lifted)["blocked_by"] is None
    charge = {"amount": usd("91.00"), "reason": "A taxi."}
    charged = [operator.wish(f"{path}/charges", charge, key="once") for _ in range(2)]
    assert [json_of(each)["balances"][0]["owed"] for each in charged] == [usd("91.00")] * 2
    assert json_of(operator.get(f"{path}/account"))["balances"] == account(ada)["balances"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("payout-holds", {"reason": "x"}),
        ("payout-holds/x/lift", {"reason": "x"}),
        ("charges", {"amount": {"amount": "1.00", "currency": "USD"}, "reason": "x"}),
    ],
)
def test_only_operators_do_and_only_to_hosts(shared: Stack, path: str, body: object) -> None:
    ada, bob = host(shared), register(shared)
    assert ada.wish(f"/v1/operator/hosts/{ada.id}/{path}", body).status_code == 403
    operator = Client(shared, OPERATOR_TOKEN)
    assert operator.wish(f"/v1/operator/hosts/{bob.id}/{path}", body).status_code == 403
    nobody = "01900000-0000-7000-8000-000000000000"
    assert operator.wish(f"/v1/operator/hosts/{nobody}/{path}", body).status_code == 404
    assert operator.wish(f"/v1/operator/hosts/{ada.id}/{path}", {}).status_code == 422

"""Connected accounts, transfers to them, and payouts from them to their banks."""

from __future__ import annotations

import time

from fakes.stripe import ledger
from fakes.stripe.calls import Call, Refusal
from fakes.stripe.store import Object


def create_account(call: Call) -> Object:
    account = call.store.add(
        "acct",
        "account",
        type=call.form.get("type", "express"),
        email=call.form.get("email"),
        metadata=call.group("metadata"),
        payouts_enabled=False,
        details_submitted=False,
        settings={"payouts": {"schedule": {"interval": call.form.get("settings[payouts][schedule][interval]")}}},
    )
    call.emit("account.updated", account)
    return account


def retrieve_account(call: Call, identifier: str) -> Object:
    return call.find("account", identifier)


def create_account_link(call: Call) -> Object:
    account = call.find("account", call.text("account"))
    for name in ("refresh_url", "return_url", "type"):
        call.text(name)
    url = f"{call.base_url}/onboarding/{account['id']}"
    return {"object": "account_link", "created": int(time.time()), "expires_at": int(time.time()) + 300, "url": url}


def onboarded(call: Call, identifier: str) -> Object:
    """The host has completed the account."""
    account = call.store.change(call.find("account", identifier), payouts_enabled=True, details_submitted=True)
    call.emit("account.updated", account)
    return account


def create_transfer(call: Call) -> Object:
    destination = call.find("account", call.text("destination"))
    currency, amount = call.text("currency").lower(), call.amount()
    if amount > ledger.balance(call, currency):
        raise Refusal(400, "balance_insufficient", "Insufficient funds in Stripe account.")
    transfer = call.store.add(
        "tr",
        "transfer",
        amount=amount,
        amount_reversed=0,
        currency=currency,
        destination=destination["id"],
        metadata=call.group("metadata"),
        reversed=False,
        transfer_group=call.form.get("transfer_group"),
    )
    ledger.record(call, "transfer", transfer["id"], -amount, 0, currency)
    call.emit("transfer.created", transfer)
    return transfer


def retrieve_transfer(call: Call, identifier: str) -> Object:
    return call.find("transfer", identifier)


def list_transfers(call: Call) -> Object:
    wanted = {name: call.form[name] for name in ("transfer_group", "destination") if name in call.form}
    return call.page("/v1/transfers", "transfer", **wanted)


def reverse_transfer(call: Call, identifier: str) -> Object:
    transfer = call.find("transfer", identifier)
    left = transfer["amount"] - transfer["amount_reversed"]
    amount = call.amount() if "amount" in call.form else left
    if amount > left or left == 0:
        raise Refusal(400, None, f"Only {left} of this transfer is left.", param="amount")
    call.store.change(transfer, amount_reversed=transfer["amount"] - left + amount, reversed=amount == left)
    reversal = call.store.add(
        "trr",
        "transfer_reversal",
        amount=amount,
        currency=transfer["currency"],
        metadata=call.group("metadata"),
        transfer=transfer["id"],
    )
    ledger.record(call, "transfer_refund", reversal["id"], amount, 0, transfer["currency"])
    call.emit("transfer.reversed", transfer)
    return reversal


def list_reversals(call: Call, identifier: str) -> Object:
    return call.page(f"/v1/transfers/{identifier}/reversals", "transfer_reversal", transfer=identifier)


def retrieve_reversal(call: Call, identifier: str, **_: str) -> Object:
    return call.find("transfer_reversal", identifier)


def create_payout(call: Call) -> Object:
    """From the balance of the account that the call is made for: transfers less payouts."""
    if call.account is None:
        raise Refusal(400, None, "The platform itself is not paid out here.", kept=False)
    currency, amount = call.text("currency").lower(), call.amount()
    account = call.store.find("account", call.account)
    if account is None or not account["payouts_enabled"]:
        raise Refusal(400, "payouts_not_allowed", "Payouts are not enabled for this account.", kept=False)
    if amount > balance(call, call.account, currency):
        raise Refusal(400, "balance_insufficient", "You have insufficient funds in your Stripe account.")
    payout = call.store.add(
        "po",
        "payout",
        call.account,
        amount=amount,
        currency=currency,
        failure_code=None,
        metadata=call.group("metadata"),
        status="pending",
    )
    call.emit("payout.created", payout)
    return payout


def settle_payout(call: Call, payout: Object, status: str) -> Object:
    """`in_transit`, `paid`, or `failed`: then its money is the account's again."""
    call.store.change(payout, status=status, failure_code="account_closed" if status == "failed" else None)
    call.emit("payout.updated" if status == "in_transit" else f"payout.{status}", payout)
    return payout


def balance(call: Call, account: str, currency: str) -> int:
    """What a connected account could be paid out."""
    transfers = call.store.all("transfer", destination=account, currency=currency)
    payouts = call.store.all("payout", account, currency=currency)
    gone = sum(payout["amount"] for payout in payouts if payout["status"] not in ("failed", "canceled"))
    come = sum(transfer["amount"] - transfer["amount_reversed"] for transfer in transfers)
    return int(come - gone)


def retrieve_payout(call: Call, identifier: str) -> Object:
    return call.find("payout", identifier)


def list_payouts(call: Call) -> Object:
    return call.page("/v1/payouts", "payout")

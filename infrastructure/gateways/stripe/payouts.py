"""Paying hosts: a transfer to the host's connected account, and a payout from there to the host's bank."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final
from uuid import UUID, uuid5

import stripe
from stripe import RequestOptions, StripeClient

from application.payment_ports import OpenedAccount, PayoutOrder, PayoutReport
from domain.payments import Evidence
from infrastructure.gateways.amounts import to_units
from infrastructure.gateways.stripe.client import ask, body, once, sent_along

Keep = Callable[[str, str], Evidence]
"""Keeps an answer: the reference of what it is about, and its body."""

_REFUSALS: Final = {
    "account_invalid": "account_unknown",
    "balance_insufficient": "provider_balance_insufficient",
    "insufficient_capabilities_for_transfer": "account_incomplete",
    "no_account": "account_unknown",
    "payouts_not_allowed": "account_incomplete",
    "resource_missing": "account_unknown",
}


_FAILURES: Final = {
    **dict.fromkeys(("account_closed", "account_frozen", "bank_account_restricted"), "bank_account_closed"),
    **dict.fromkeys(("invalid_account_number", "no_account", "incorrect_account_holder_name"), "bank_account_wrong"),
}


def pay_out(client: StripeClient, keep: Keep, order: PayoutOrder) -> PayoutReport:
    """Pay once per key, and say how it stands. Money whose payout failed comes back from the host's account, so that
    the next payout does not pay it twice. Raises Inexpressible."""
    try:
        transfer = _transferred(client, order)
    except stripe.InvalidRequestError as error:
        return _refused(keep, order, error)
    if transfer.reversed:
        return PayoutReport("failed", keep(transfer.id, body(transfer)), "payout_failed")
    try:
        payout = _paid_out(client, order, transfer)
    except stripe.InvalidRequestError as error:
        report = _refused(keep, order, error)
        _take_back(client, order, transfer)
        return report
    evidence = keep(payout.id, body(payout))
    match payout.status:
        case "paid":
            return PayoutReport("paid", evidence)
        case "failed" | "canceled":
            _take_back(client, order, transfer)
            return PayoutReport("failed", evidence, _FAILURES.get(payout.failure_code or "", "payout_failed"))
        case _:  # "pending", "in_transit"
            return PayoutReport("pending", evidence)


def open_account(client: StripeClient, keep: Keep, host_id: UUID, email: str, public_url: str) -> OpenedAccount:
    """An account that pays out when it is told to, and the page on which the host completes it."""
    account = once(
        f"account-{uuid5(host_id, email)}",  # a key with another address would be refused
        lambda options: client.v1.accounts.create(
            {
                "type": "express",
                "email": email,
                "capabilities": {"transfers": {"requested": True}},
                "settings": {"payouts": {"schedule": {"interval": "manual"}}},
                "metadata": {"host_id": str(host_id)},
            },
            options,
        ),
        client.v1.accounts.retrieve,
    )
    keep(account.id, body(account))
    # Its page is good once and for minutes: asked for again it has to be another, so it has no key of ours.
    page = ask(
        lambda: client.v1.account_links.create(
            {
                "account": account.id,
                "type": "account_onboarding",
                "refresh_url": f"{public_url}/",
                "return_url": f"{public_url}/",
            }
        )
    )
    return OpenedAccount(account.id, page.url)


def _transferred(client: StripeClient, order: PayoutOrder) -> stripe.Transfer:
    payout_id = str(order.payout_id)

    def find() -> str | None:
        transfers = ask(lambda: client.v1.transfers.list({"transfer_group": payout_id}))
        return next((transfer.id for transfer in transfers.data), None)

    return once(
        f"{order.key}-transfer",
        lambda options: client.v1.transfers.create(
            {
                "amount": to_units("stripe", order.amount),
                "currency": order.amount.currency.lower(),
                "destination": order.destination,
                "transfer_group": payout_id,
                "metadata": {"payout_id": payout_id},
            },
            options,
        ),
        client.v1.transfers.retrieve,
        find,
    )


def _paid_out(client: StripeClient, order: PayoutOrder, transfer: stripe.Transfer) -> stripe.Payout:
    payout_id, of_host = str(order.payout_id), RequestOptions(stripe_account=order.destination)

    def find() -> str | None:
        payouts = client.v1.payouts.list({"created": {"gte": transfer.created}, "limit": 100}, of_host)
        ours = (each.id for each in payouts.auto_paging_iter() if sent_along(each, "payout_id") == payout_id)
        return next(ours, None)

    return once(
        f"{order.key}-payout",
        lambda options: client.v1.payouts.create(
            {
                "amount": to_units("stripe", order.amount),
                "currency": order.amount.currency.lower(),
                "metadata": {"payout_id": payout_id},
            },
            {**of_host, **options},
        ),
        lambda reference: client.v1.payouts.retrieve(reference, options=of_host),
        partial(ask, find),
    )


def _take_back(client: StripeClient, order: PayoutOrder, transfer: stripe.Transfer) -> None:
    """All of a transfer, once."""

    def find() -> str | None:
        reversals = ask(lambda: client.v1.transfers.reversals.list(transfer.id))
        return next((reversal.id for reversal in reversals.data), None)

    once(
        f"{order.key}-reversal",
        lambda options: client.v1.transfers.reversals.create(transfer.id, options=options),
        lambda reference: client.v1.transfers.reversals.retrieve(transfer.id, reference),
        find,
    )


def _refused(keep: Keep, order: PayoutOrder, error: stripe.InvalidRequestError) -> PayoutReport:
    """What Stripe will not pay until somebody acts. Raises the error where the mistake is ours."""
    code = _REFUSALS.get(error.code or "")
    if code is None:
        raise error
    return PayoutReport("failed", keep(order.destination, error.http_body or ""), code)

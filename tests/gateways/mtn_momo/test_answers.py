"""What MTN Mobile Money says, read: nothing that it might say is guessed at."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.payment_ports import GatewayUnavailable, Hint
from domain.money import Money
from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.gateways.mtn_momo.gateway import MtnMomoGateway
from infrastructure.gateways.mtn_momo.standing import standing
from tests.support.world import NOON, settings_for

OURS = "0190d6c1-7c1e-7000-8000-000000000001"


@pytest.fixture
def gateway() -> MtnMomoGateway:
    """One that is asked nothing for which it needs MTN or a database."""
    settings = settings_for("postgresql://nobody@127.0.0.1:1/none")
    return MtnMomoGateway.of(settings, Database(settings.database_url, 1))


def said(**changes: Any) -> str:
    known = {"externalId": OURS, "amount": "300.50", "currency": "EUR", "status": "SUCCESSFUL"}
    return json.dumps({**known, "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"}, **changes})


@pytest.mark.parametrize(
    ("amount", "currency", "read"),
    [
        ("300.50", "EUR", Money(300_50, "EUR")),
        ("300.5", "EUR", Money(300_50, "EUR")),
        ("300", "EUR", Money(300_00, "EUR")),
        ("5000", "UGX", Money(5_000, "UGX")),
        ("5000.0", "UGX", Money(5_000, "UGX")),
        ("1.250", "KWD", Money(1_250, "KWD")),
    ],
)
def test_an_amount_may_have_other_digits_than_were_sent(amount: str, currency: str, read: Money) -> None:
    assert standing(said(amount=amount, currency=currency)).amount == read


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>Gateway</html>",
        "[]",
        "{}",
        said(status="TIMEOUT"),
        said(status=None),
        said(amount=300.5),
        said(amount="-1"),
        said(amount="NaN"),
        said(amount="1e5"),
        said(amount="300.505"),
        said(amount="5000.5", currency="UGX"),
        said(currency="XXX"),
        said(reason=["EXPIRED"]),
        pytest.param(said()[:-1] + ', "payee": ' + "[" * 100_000 + "]" * 100_000 + "}", id="nested without end"),
    ],
)
def test_what_cannot_be_read_decides_nothing(body: str) -> None:
    with pytest.raises(GatewayUnavailable):
        standing(body)


def test_a_callback_hints_at_its_payment_and_at_nothing_that_it_says(gateway: MtnMomoGateway) -> None:
    body = said().encode()

    hint = gateway.read_webhook({}, body, NOON)

    assert hint == Hint(sha256(body).hexdigest(), "charge", payment_id=UUID(OURS))


def test_a_callback_about_nothing_of_ours_is_about_nothing(gateway: MtnMomoGateway) -> None:
    assert gateway.read_webhook({}, said(externalId="6353636").encode(), NOON).about == "nothing"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b"SUCCESSFUL",
        b"[]",
        b"{}",
        b'{"status": "SUCCESSFUL"}',
        b'{"a": NaN}',
        pytest.param(b"[" * 100_000, id="nested"),
    ],
)
def test_a_callback_of_another_shape_is_refused(gateway: MtnMomoGateway, body: bytes) -> None:
    with pytest.raises(Rejected) as refused:
        gateway.read_webhook({}, body, NOON)

    assert refused.value.code == "webhook_malformed"


def test_accounts_and_disputes_are_not_mobile_money_s(gateway: MtnMomoGateway) -> None:
    with pytest.raises(Rejected) as account:
        gateway.open_account(uuid4(), "hana@example.org")
    with pytest.raises(Rejected) as dispute:
        gateway.look_up_dispute("dp_1")

    assert (account.value.code, dispute.value.code) == ("payout_account_not_needed", "dispute_not_found")

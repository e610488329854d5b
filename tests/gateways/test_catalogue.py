"""Which providers the settings suffice for, and who takes what."""

from __future__ import annotations

from typing import Any

import pytest

from application.payment_ports import Gateway
from domain.payments import PaymentMethod
from infrastructure.database import Database
from infrastructure.gateways.catalogue import made, offered
from infrastructure.refusals import Refused
from tests.support.world import settings_for

KEYS = {
    "mtn_momo_api_user": "user",
    "mtn_momo_api_key": "key",
    "mtn_momo_collection_key": "one",
    "mtn_momo_disbursement_key": "another",
}


def taking(**settings: Any) -> dict[PaymentMethod, Gateway]:
    """Who takes each kind of payment."""
    chosen = settings_for("postgresql://nobody@127.0.0.1:1/none", **settings)
    return offered(chosen, made(chosen, Database(chosen.database_url, 1)))


def test_each_kind_of_payment_has_a_provider_of_its_own() -> None:
    gateways = taking(mobile_money_provider="mtn_momo", **KEYS)

    assert {method: gateway.name for method, gateway in gateways.items()} == {
        "card": "sandbox",
        "mobile_money": "mtn_momo",
    }


def test_nobody_may_take_a_kind_of_payment() -> None:
    assert list(taking(mobile_money_provider="none")) == ["card"]


def test_a_provider_that_lacks_a_setting_is_refused_by_the_settings_name() -> None:
    with pytest.raises(Refused, match=r"which needs LODGER_MTN_MOMO_COLLECTION_KEY$"):
        taking(mobile_money_provider="mtn_momo", **{**KEYS, "mtn_momo_collection_key": ""})


def test_a_provider_that_cannot_take_a_kind_of_payment_is_refused_for_it() -> None:
    with pytest.raises(Refused, match="LODGER_CARD_PROVIDER is 'mtn_momo'"):
        taking(card_provider="mtn_momo", **KEYS)

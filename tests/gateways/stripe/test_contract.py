"""The contract of every provider, kept to by Stripe's adapter: with the fake, and with Stripe's own test mode when
STRIPE_TEST_SECRET_KEY is in the environment."""

from __future__ import annotations

import os

import pytest
import stripe

from infrastructure.database import Database
from infrastructure.gateways.stripe.client import client
from infrastructure.gateways.stripe.gateway import StripeGateway
from tests.gateways.contract import AuthorizingContract, GatewayContract, LostAnswersContract
from tests.gateways.stripe.conftest import PUBLIC_URL
from tests.support.stripe_fake import SECRET_KEY, StripeFake

pytestmark = pytest.mark.slow


class Payer:
    """Confirms with Stripe's test payment methods, as the client's library does."""

    def __init__(self, url: str, key: str) -> None:
        self._client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)

    def approve(self, reference: str) -> None:
        self._confirm(reference, "pm_card_visa")

    def decline(self, reference: str) -> None:
        with pytest.raises(stripe.CardError):
            self._confirm(reference, "pm_card_visa_chargeDeclined")

    def _confirm(self, reference: str, card: str) -> None:
        self._client.v1.payment_intents.confirm(reference, {"payment_method": card, "return_url": f"{PUBLIC_URL}/paid"})


class Network:
    def __init__(self, fake: StripeFake) -> None:
        self._fake = fake

    def answers_nothing(self) -> None:
        for call in ("payment_intents.create", "payment_intents.capture", "refunds.create"):
            self._fake.fail(call, "close")


@pytest.fixture(scope="module", params=["the fake", "Stripe's test mode"])
def account(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Where Stripe is, and a key."""
    if request.param == "the fake":
        fake: StripeFake = request.getfixturevalue("running_fake")
        return fake.url, SECRET_KEY
    if "STRIPE_TEST_SECRET_KEY" not in os.environ:
        pytest.skip("Stripe's own test mode needs STRIPE_TEST_SECRET_KEY")
    return "https://api.stripe.com", os.environ["STRIPE_TEST_SECRET_KEY"]


@pytest.fixture
def gateway(database: Database, account: tuple[str, str]) -> StripeGateway:
    url, key = account
    return StripeGateway(database, client(key, url), [], PUBLIC_URL)


@pytest.fixture
def payer(account: tuple[str, str]) -> Payer:
    return Payer(*account)


class TestContract(GatewayContract):
    def unknown(self) -> str:
        return "pi_0000000000000000000000"


class TestAuthorizing(AuthorizingContract):
    pass


@pytest.mark.parametrize("account", ["the fake"], indirect=True)
class TestLostAnswers(LostAnswersContract):
    @pytest.fixture
    def network(self, fake: StripeFake) -> Network:
        return Network(fake)

"""Stripe's adapter against the fake, and against Stripe's test mode when STRIPE_TEST_SECRET_KEY is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest
import stripe

from application.payment_ports import Gateway
from domain.money import Money
from infrastructure.database import Database
from infrastructure.gateways.stripe.client import client
from infrastructure.gateways.stripe.gateway import StripeGateway
from tests.gateways.contract import AuthorizingContract, GatewayContract, LostAnswersContract
from tests.support.providers import stripe_fake
from tests.support.stripe_fake import SECRET_KEY, StripeFake

pytestmark = pytest.mark.slow

PUBLIC_URL = "https://lodger.example"


class Payer:
    """Confirms with Stripe's test payment methods, as the client's library does."""

    def __init__(self, url: str, key: str) -> None:
        self._client = stripe.StripeClient(key, base_addresses={"api": url}, max_network_retries=0)

    def approve(self, reference: str) -> None:
        self.confirm(reference, "pm_card_visa")

    def decline(self, reference: str) -> None:
        with pytest.raises(stripe.CardError):
            self.confirm(reference, "pm_card_visa_chargeDeclined")

    def confirm(self, reference: str, card: str) -> None:
        params = {"payment_method": card, "return_url": f"{PUBLIC_URL}/paid"}
        self._client.v1.payment_intents.confirm(reference, params)  # type: ignore[arg-type]


class Network:
    def __init__(self, fake: StripeFake) -> None:
        self._fake = fake

    def answers_nothing(self) -> None:
        for call in ("payment_intents.create", "payment_intents.capture", "refunds.create"):
            self._fake.fail(call, "close")


@pytest.fixture(scope="module")
def fake() -> Iterator[StripeFake]:
    with stripe_fake() as fake:
        yield fake


@pytest.fixture(autouse=True)
def healed(fake: StripeFake) -> Iterator[None]:
    yield
    fake.heal()


@pytest.fixture(scope="module", params=["the fake", "Stripe's test mode"])
def account(request: pytest.FixtureRequest, fake: StripeFake) -> tuple[str, str]:
    """Where Stripe is, and a key."""
    if request.param == "the fake":
        return fake.url, SECRET_KEY
    if "STRIPE_TEST_SECRET_KEY" not in os.environ:
        pytest.skip("STRIPE_TEST_SECRET_KEY is not set: Stripe's own test mode is not asked")
    return "https://api.stripe.com", os.environ["STRIPE_TEST_SECRET_KEY"]


@pytest.fixture(scope="module")
def database(shared_database_url: str) -> Iterator[Database]:
    database = Database(shared_database_url, 4)
    yield database
    database.close()


@pytest.fixture
def gateway(database: Database, account: tuple[str, str]) -> StripeGateway:
    url, key = account
    return StripeGateway(database, client(key, url), ["whsec_of_the_tests"], PUBLIC_URL)


@pytest.fixture
def payer(account: tuple[str, str]) -> Payer:
    return Payer(*account)


class TestContract(GatewayContract):
    def unknown(self) -> str:
        return "pi_0000000000000000000000"


class TestAuthorizing(AuthorizingContract):
    pass


class TestLostAnswers(LostAnswersContract):
    @pytest.fixture
    def network(self, fake: StripeFake) -> Network:
        return Network(fake)

    @pytest.fixture
    def gateway(self, fake: StripeFake, database: Database) -> StripeGateway:
        return StripeGateway(database, client(SECRET_KEY, fake.url), [], PUBLIC_URL)

    @pytest.fixture
    def payer(self, fake: StripeFake) -> Payer:
        return Payer(fake.url, SECRET_KEY)

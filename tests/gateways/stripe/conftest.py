"""Stripe's adapter, asked about the fake."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from domain.money import Money
from infrastructure.database import Database
from infrastructure.gateways.stripe.client import client
from infrastructure.gateways.stripe.gateway import StripeGateway
from tests.gateways.stripe.payer import Shop
from tests.support.providers import stripe_fake
from tests.support.stripe_fake import SECRET_KEY, StripeFake

PUBLIC_URL = "https://lodger.example"


@pytest.fixture(scope="module")
def running_fake() -> Iterator[StripeFake]:
    with stripe_fake() as fake:
        yield fake


@pytest.fixture
def fake(running_fake: StripeFake) -> Iterator[StripeFake]:
    """A Stripe that a module's tests share; failpoints and webhooks are each test's own."""
    yield running_fake
    running_fake.heal()
    running_fake.webhooks(url=None, delay=0, spread=0, duplicates=0, silent=False)


@pytest.fixture(scope="module")
def database(shared_database_url: str) -> Iterator[Database]:
    database = Database(shared_database_url, 4)
    yield database
    database.close()


@pytest.fixture
def gateway(database: Database, fake: StripeFake) -> StripeGateway:
    return StripeGateway(database, client(SECRET_KEY, fake.url), [fake.webhook_secret], PUBLIC_URL)


@pytest.fixture
def shop(gateway: StripeGateway, fake: StripeFake) -> Shop:
    """Charges in whatever state a test begins with."""
    return Shop(gateway, fake, Money(129_50, "USD"))

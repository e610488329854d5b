"""The embedded sandbox keeps to the contract of all providers, for cards and for mobile money."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from application.payment_ports import Charge
from infrastructure.database import Database
from infrastructure.gateways.sandbox import SandboxGateway
from tests.gateways.contract import AuthorizingContract, GatewayContract


@pytest.fixture
def gateway(shared_database_url: str) -> Iterator[SandboxGateway]:
    database = Database(shared_database_url, 4)
    yield SandboxGateway(database, "http://127.0.0.1:8000")
    database.close()


@pytest.fixture
def payer(gateway: SandboxGateway) -> SandboxGateway:
    """Its page approves and declines."""
    return gateway


class TestCards(GatewayContract):
    pass


class TestAuthorizing(AuthorizingContract):
    pass


class TestMobileMoney(GatewayContract):
    def charge(self, key: UUID | None = None) -> Charge:
        return Charge(key or uuid4(), uuid4(), self.amount, "mobile_money", "+256772123456")

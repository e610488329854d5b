"""The checkers of money report something once a posting, or the money itself, is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domain import ledger
from domain.ledger import Entry
from infrastructure.workers.projector import Projector
from projections.ledger import LEDGER
from tests.guards.removal import NO_BALANCE, alter
from tests.support.ledger_checkers import money_apart, money_of_nobody, out_of_balance
from tests.support.world import World


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


def off(world: World) -> list[str]:
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        return out_of_balance(cursor)


def apart(world: World) -> list[str]:
    return money_apart(world.wired.projecting, world.log, world.lodger.providers)


def execute(world: World, statement: str) -> None:
    world.execute(statement)


def forget(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """Let no posting have an entry of this account."""
    moving: Any = ledger._moving

    def without(entries: Any) -> tuple[Entry, ...]:
        return tuple(entry for entry in moving(entries) if entry.account != account)

    monkeypatch.setattr(ledger, "_moving", without)


@pytest.mark.parametrize("account", ["platform_revenue", "processor_clearing", "guest_funds", "host_payable"])
def test_with_every_posting_the_books_balance_and_without_one_the_checker_says_so(
    world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [LEDGER]).run()
    assert off(world) == []

    alter(database_url, NO_BALANCE)
    forget(monkeypatch, account)
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [LEDGER]).run()
    assert off(world) != []


def test_the_database_s_own_check_keeps_such_a_posting_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    forget(monkeypatch, "platform_revenue")
    world.confirmed(world.listing())
    Projector(world.wired.projecting, world.log, [LEDGER]).run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM parked_events WHERE projection = 'ledger' AND reason IS NOT NULL")
        ((reason,),) = cursor.fetchall()
    # 45.00: the guest's fee of 36.00 and the host's of 9.00.
    assert "are off by 4500 minor units of USD" in reason
    assert off(world) == []


def test_money_that_log_ledger_and_provider_agree_on_is_no_news_and_any_of_them_alone_is(
    world: World, database_url: str
) -> None:
    listing = world.listing()
    booking_id = world.confirmed(listing)
    world.cancel(world.confirmed(listing, ("2026-07-10", "2026-07-12")), by="host")
    world.react()
    assert apart(world) == []

    execute(world, "DELETE FROM sandbox_refunds")
    (lost,) = apart(world)
    assert lost.endswith("log has 0, ledger has 0, sandbox has 22400")

    alter(database_url, "DELETE FROM ledger_entries WHERE fact = 'PaymentCaptured'")
    assert len(apart(world)) > 1
    assert world.booking(booking_id)


def test_a_charge_taken_twice_is_said(world: World) -> None:
    world.confirmed(world.listing())
    execute(world, "UPDATE sandbox_charges SET minor = 2 * minor")
    (wrong,) = apart(world)
    assert wrong.endswith("log has 33600, ledger has 33600, sandbox has 67200")


def test_a_charge_that_no_payment_knows_is_said_by_the_whole_of_what_the_provider_has(world: World) -> None:
    world.confirmed(world.listing())
    execute(
        world,
        """INSERT INTO sandbox_charges (reference, key, payment_id, minor, currency, method, status)
           VALUES ('sbx_again', 'again', gen_random_uuid(), 33600, 'USD', 'card', 'captured')""",
    )
    assert apart(world) == []
    whole = {"sandbox": {"USD": world.kept_by_provider()}}
    assert money_apart(world.wired.projecting, world.log, world.lodger.providers, whole) == [
        "USD in all: log has 33600, sandbox has 67200"
    ]


def nobodys(world: World) -> list[str]:
    Projector(world.wired.projecting, world.log, [LEDGER]).run()
    with world.wired.database.connection() as connection, connection.cursor() as cursor:
        return money_of_nobody(cursor)


def test_money_that_was_taken_and_bought_nothing_is_said_until_it_is_somebodys(world: World) -> None:
    listing = world.listing()
    booking_id = world.hold(listing)
    world.approve(world.pay(booking_id, "mobile_money", "+256772123456"))
    assert nobodys(world) == [f"booking {booking_id}: 33600 USD are kept for nothing"]
    world.react()
    assert nobodys(world) == []

    world.cancel(booking_id, by="host")
    assert nobodys(world) == [f"booking {booking_id}: 33600 USD are kept for nothing"]
    world.react()
    assert nobodys(world) == []

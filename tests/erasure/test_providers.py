"""What payment providers said of somebody who was erased: the hashes stay, the bodies with phones and secrets go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from application import erasure, provider_webhooks
from application.provider_books import Books, Period, beside_totals
from application.reconciliation import reconcile
from domain.bookings import must_be_made
from infrastructure.workers.erasures import forget_people
from infrastructure.workers.projector import Projector
from infrastructure.workers.provider_webhooks import Follower
from projections import catalogue
from tests.erasure.canaries import PHONE, found_in, found_in_dump
from tests.gateways.mtn_momo.listener import Listener
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.providers import mtn_momo_fake
from tests.support.world import World

pytestmark = pytest.mark.slow


class Paid:
    """A guest paid by phone, was called back about, cancelled and got the money back."""

    def __init__(self, world: World, fake: MtnMomoFake, listener: Listener) -> None:
        self.world = world
        booking_id = world.hold(world.listing(currency="EUR"))
        self.guest = must_be_made(world.booking(booking_id)).made.guest_id
        self.payment_id = world.pay(booking_id, "mobile_money", PHONE)
        reference = world.payment(self.payment_id).reference
        assert reference is not None
        self.look()  # it waits for its payer: what is said of that is evidence of nothing, and kept all the same
        fake.answer(reference)
        listener.wait_for(1)
        ((_, _, headers, self.callback),) = listener.heard
        provider_webhooks.receive(world.lodger, "mtn_momo", headers, self.callback, datetime.now(UTC))
        self.follow()
        world.cancel(booking_id)
        world.react()
        self.look()

    def look(self) -> None:
        reconcile(self.world.lodger, self.world.call(), self.payment_id)
        self.world.react()

    def follow(self) -> None:
        follower = Follower(self.world.lodger)
        follower.run()
        follower.wait()
        self.world.react()

    def forget(self) -> None:
        self._project()
        erasure.erase(self.world.lodger, self.world.call(self.guest), self.guest)
        self.world.react()
        self._project()
        forget_people(self.world.lodger)
        self._project()

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        with self.world.wired.database.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall()

    def evidence(self) -> set[str]:
        """The hashes that events name."""
        found = (getattr(event.fact, "evidence", None) for event in self.world.events())
        return {each.sha256 for each in found if each is not None}

    def _project(self) -> None:
        Projector(self.world.wired.projecting, self.world.log, catalogue.running(audit=False)).run()


@pytest.fixture
def paid(database_url: str) -> Iterator[Paid]:
    with mtn_momo_fake() as fake, Listener().open() as listener:
        fake.tell(PHONE, "PENDING")
        world = World(database_url, **fake.settings, public_url=listener.url)
        yield Paid(world, fake, listener)
        world.close()


def test_bodies_go_and_hashes_stay_and_the_books_still_agree(paid: Paid) -> None:
    before = found_in_dump(paid.world.wired.settings.database_url)
    assert {each.partition(":")[0] for each in before} == {
        "public.payers",
        "public.provider_answers",
        "public.provider_webhooks",
    }
    answers, evidence = paid.rows("SELECT sha256 FROM provider_answers ORDER BY 1"), paid.evidence()

    paid.forget()

    assert found_in_dump(paid.world.wired.settings.database_url) == []
    assert paid.rows("SELECT sha256 FROM provider_answers ORDER BY 1") == answers
    assert evidence <= {str(each) for (each,) in answers}
    ((body, digest),) = paid.rows("SELECT body, sha256 FROM provider_webhooks")
    assert (bytes(body), bytes(digest)) == (b"", sha256(paid.callback).digest())  # type: ignore[call-overload]
    assert _differences(paid.world) == []


def test_asking_the_provider_again_keeps_nothing_that_was_forgotten(paid: Paid) -> None:
    paid.forget()
    paid.look()
    bodies = [str(body) for (body,) in paid.rows("SELECT body FROM provider_answers")]
    assert not any(found_in(body) for body in bodies)


def test_what_a_provider_sends_later_goes_with_the_next_sweep(paid: Paid) -> None:
    paid.forget()
    with paid.world.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO provider_webhooks (provider, event_id, about, payment_id, body, sha256, state)
               VALUES ('mtn_momo', 'late', 'charge', %s, %s, '', 'nothing_new')""",
            [paid.payment_id, f'{{"partyId": "{PHONE[1:]}"}}'.encode()],
        )
        cursor.execute("UPDATE erasures SET next_sweep_at = clock_timestamp()")
    forget_people(paid.world.lodger)
    assert found_in_dump(paid.world.wired.settings.database_url) == []


def _differences(world: World) -> list[object]:
    books = Books(Period(None, None))
    for event in world.events():
        books.take(event)
    return [each for payment in books.asked_about(None) for each in beside_totals(payment, world.lodger.providers)]

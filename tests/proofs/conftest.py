"""A small marketplace whose log has a notary, whose outside folder is the test's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from domain.rejections import Rejected
from infrastructure.bootstrap import wire_notary
from infrastructure.database import Database
from infrastructure.proofs.notary import Notary
from infrastructure.rights import AUDITOR_ROLE, LOG_TREE
from tests.support.world import World


@dataclass
class Notarised:
    """A world, whoever signs its log, and where that is kept outside."""

    world: World
    notary: Notary
    folder: Path

    def sign(self) -> None:
        """As if a minute were over."""
        self.notary._next = 0.0
        self.notary.run()

    def live(self) -> None:
        """Somebody books, pays, and gives the stay up; somebody else does not get it; a rollback leaves a hole."""
        world = self.world
        property_id = world.listing()
        booking = world.confirmed(property_id)
        with suppress(Rejected):
            world.hold(property_id)
        world.execute("SELECT nextval('events_position_seq')")
        world.cancel(booking)
        world.react()

    def tamper(self, statement: str) -> None:
        """What somebody can do who owns the server: no right and no trigger is in the way."""
        free = "".join(f"ALTER TABLE {table} DISABLE TRIGGER ALL;" for table in ("events", *LOG_TREE))
        self.world.execute(free + statement)

    def auditing(self) -> Database:
        return Database(self.world.wired.settings.database_url, pool_size=2, role=AUDITOR_ROLE)


def notarised_at(database_url: str, folder: Path) -> Iterator[Notarised]:
    """Two checkpoints over two stays, and events that are under none."""
    outside = folder / "outside"
    world = World(database_url, data=str(folder), checkpoint_store=str(outside))
    notarised = Notarised(world, wire_notary(world.wired.settings), outside)
    notarised.live()
    notarised.sign()
    notarised.live()
    notarised.sign()
    world.listing()
    yield notarised
    world.close()


@pytest.fixture
def notarised(database_url: str, tmp_path: Path) -> Iterator[Notarised]:
    yield from notarised_at(database_url, tmp_path)

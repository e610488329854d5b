"""Lost answers with the keys taken away: the check of the provider's own ledger cries out."""

from __future__ import annotations

from uuid import uuid4

import pytest

from application import settlement
from tests.faults.test_silent_providers import fake, lose_answers, must_agree, world
from tests.support.stripe_fake import StripeFake
from tests.support.world import World

pytestmark = pytest.mark.slow

__all__ = ["fake", "world"]


def test_without_keys_from_events_a_charge_is_made_twice_and_found(
    world: World,
    fake: StripeFake,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settlement, "_key", lambda *_: uuid4())
    lose_answers(world, fake, times=10)
    with pytest.raises(AssertionError):
        must_agree(world, fake)

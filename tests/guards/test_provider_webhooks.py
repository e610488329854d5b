"""Webhooks without a guard: what checks the real ones reports each of them."""

from __future__ import annotations

import pytest

from tests.guards.removal import EVERY_WEBHOOK_IS_NEW, NO_KEYS, alter
from tests.support.webhook_storm import (
    authorised,
    follow_and_die,
    looks,
    more_than_once,
    signed,
    storm,
    stripe_scene,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("removal", "found"),
    [(NO_KEYS, ["asked about 2 times"]), (EVERY_WEBHOOK_IS_NEW, ["stored 50 times", "asked about 50 times"])],
    ids=["kept answers", "one row for each event"],
)
def test_without_deduplication_a_webhook_is_followed_again_and_the_checker_says_so(
    database_url: str, removal: str, found: list[str]
) -> None:
    """What is recorded stays one event even so: reports move a payment forwards only."""
    with stripe_scene(database_url) as scene:
        _, event = authorised(scene)
        alter(database_url, removal)
        delivery, before = signed(scene.fake, event), looks()
        storm(scene.api, delivery)
        follow_and_die(scene.world)
        assert more_than_once(scene.world, delivery, looks() - before) == found

"""Random lives of bookings over the public API; the longer campaign is `--hypothesis-profile=long`."""

from __future__ import annotations

import pytest

from tests.campaigns.life_cycle import run
from tests.support.effort import effort
from tests.support.servers import Databases


@pytest.mark.slow
def test_whatever_is_done_in_whatever_order_nights_money_and_promises_are_kept(postgres: Databases) -> None:
    run(postgres, effort())

"""MTN Mobile Money with every process as it runs in life: MTN's, the API's and the workers'."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.bookings import Confirmed
from tests.support.mtn_momo_fake import MtnMomoFake
from tests.support.providers import mtn_momo_fake
from tests.support.servers import free_port
from tests.support.workers import Post, Stage

pytestmark = pytest.mark.slow

PHONE = "+256772123456"


@pytest.fixture
def fake() -> Iterator[MtnMomoFake]:
    with mtn_momo_fake() as running:
        running.tell(PHONE, "PENDING")
        yield running


@pytest.fixture
def stage(database_url: str, redis_url: str, fake: MtnMomoFake, tmp_path: Path) -> Iterator[Stage]:
    port = free_port()
    address = {
        "http_port": port,
        "public_url": f"http://127.0.0.1:{port}",
        "api_workers": 1,
        "metrics_port": free_port(),
    }
    with Post().open() as smtp_url:
        stage = Stage(database_url, redis_url, smtp_url, tmp_path, **fake.settings, **address)
        api, workers = stage.api(), stage.workers()
        yield stage
        workers.stop()
        api.stop()
        stage.world.close()


@pytest.mark.parametrize(
    ("method", "times", "webhooks"),
    [("POST", 2, 1), ("PUT", 0, 0)],
    ids=["called back twice", "never called back"],
)
def test_an_approval_confirms_the_stay(stage: Stage, fake: MtnMomoFake, method: str, times: int, webhooks: int) -> None:
    fake.call_back(method=method, times=times)
    first = datetime.now(UTC).date() + timedelta(days=30)
    nights = first.isoformat(), (first + timedelta(days=3)).isoformat()
    booking_id = stage.world.hold(stage.world.listing(currency="EUR"), nights=nights)
    payment_id = stage.world.pay(booking_id, "mobile_money", PHONE)

    fake.answer(fake.asked(payment_id)[0]["reference"])

    deadline = time.monotonic() + 60
    while not isinstance(stage.world.booking(booking_id), Confirmed):
        assert time.monotonic() < deadline, stage.world.payment(payment_id)
        time.sleep(0.1)
    assert fake.kept() == 336_00
    heard = stage.query("SELECT provider, payment_id FROM provider_webhooks")
    assert heard == [("mtn_momo", payment_id)] * webhooks

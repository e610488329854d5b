"""`lodger payments reconcile` beside Stripe's own books, asked over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
import urllib3
from click.testing import CliRunner

from application import settlement
from infrastructure.cli.payments import command
from infrastructure.settings import to_environment
from tests.support.providers import stripe_fake
from tests.support.stripe_fake import SECRET_KEY, StripeFake
from tests.support.world import World, settings_for

pytestmark = pytest.mark.slow


def refund_in_the_dashboard(fake: StripeFake, reference: str, cents: int) -> None:
    answer = urllib3.request(
        "POST",
        f"{fake.url}/v1/refunds",
        fields={"payment_intent": reference, "amount": str(cents)},
        headers={"Authorization": f"Bearer {SECRET_KEY}"},
    )
    assert answer.status == 200, answer.data


def test_our_books_and_stripes_agree_until_a_refund_is_made_behind_our_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with stripe_fake() as fake:
        world = World(database_url, **fake.settings)
        booking_id = world.hold(world.listing(currency="EUR"))
        payment_id = world.pay(booking_id)
        reference = world.payment(payment_id).reference
        assert reference is not None
        fake.confirm(reference)
        settlement.carry_out(world.lodger, world.call(), payment_id)
        world.react()
        settings = settings_for(database_url, data=str(tmp_path), **fake.settings)
        for name, value in to_environment(settings).items():
            monkeypatch.setenv(name, value)

        agreed = CliRunner().invoke(command, ["reconcile", "--provider", "stripe"])
        refund_in_the_dashboard(fake, reference, cents=10_00)
        differs = CliRunner().invoke(command, ["reconcile", "--provider", "stripe"])
        world.close()

    assert (agreed.exit_code, agreed.stdout) == (0, "1 payments compared, 0 differ\n")
    assert differs.exit_code == 1
    assert differs.stdout.splitlines()[0] == f"unexpected  {reference}  refund: we have nothing, stripe has 10.00 EUR"

"""Somebody is forgotten, and history is still what it was: that it happened is seen, and when, and not whom."""

from __future__ import annotations

from application import erasure
from infrastructure.workers.erasures import forget_people
from infrastructure.workers.projector import Projector
from projections import catalogue
from tests.proofs.conftest import Notarised
from tests.proofs.test_bundle import notes
from tests.proofs.test_verify import verified


def test_after_an_erasure_everything_still_verifies(notarised: Notarised) -> None:
    world = notarised.world
    guest = world.person()
    booking = world.hold(world.listing(), guest)
    payment = world.pay(booking)
    world.approve(payment)
    world.react()
    world.cancel(booking)
    world.react()
    projector = Projector(world.wired.projecting, world.log, catalogue.running(audit=False))
    projector.run()
    notarised.sign()
    before = notes(notarised)[-1]

    erasure.erase(world.lodger, world.call(guest), guest)
    world.react()
    projector.run()
    forget_people(world.lodger)
    notarised.sign()

    (emptied,) = world.execute("SELECT count(*) FROM provider_answers WHERE body = ''")[0]
    assert emptied > 0, "the provider's answers about them are gone"
    audit = verified(notarised, since=before)
    assert audit.findings == []
    assert [when[:10] for _, when in audit.rules.erased] == ["2026-06-01"]
    assert any(line.startswith("Somebody was erased at position ") for line in audit.summary())
    assert not any(str(guest) in line for line in audit.summary())

    # It explains why the provider's answers about them are empty, and nobody else's.
    world.execute("UPDATE provider_answers SET body = ''")
    others = world.execute(
        f"""SELECT min(position) FROM events WHERE stream_id <> '{payment}' AND data::json#>>'{{evidence,sha256}}' <> ''
            GROUP BY data::json#>>'{{evidence,sha256}}' ORDER BY 1"""
    )
    found = verified(notarised).findings
    assert [(finding.position,) for finding in found] == others
    assert {finding.what for finding in found} == {"the provider's answer that it names is not kept any more"}

"""PaymentIntents through the adapter: every status in our words, and what goes wrong on the way."""

from __future__ import annotations

from hashlib import sha256
from uuid import uuid4

import pytest
import stripe

from application.payment_ports import GatewayUnavailable
from domain.money import Money
from domain.payments import Evidence, NextAction
from infrastructure.database import Database
from infrastructure.gateways.stripe.client import client
from infrastructure.gateways.stripe.gateway import StripeGateway
from tests.gateways.stripe.payer import Shop
from tests.support.providers import running_stripe
from tests.support.servers import free_port
from tests.support.stripe_fake import SECRET_KEY, StripeFake

pytestmark = pytest.mark.slow


def body_of(database: Database, evidence: Evidence) -> str:
    with database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT body FROM provider_answers WHERE sha256 = %s", [evidence.sha256])
        ((body,),) = cursor.fetchall()
    return str(body)


def test_a_payer_confirms_with_a_secret_that_only_the_payer_is_given(shop: Shop) -> None:
    report = shop.gateway.start(shop.charge())

    assert (report.outcome, report.next_action) == ("action_required", NextAction("confirm_with_provider"))
    assert report.client_secret is not None
    assert report.client_secret.startswith(f"{report.evidence.reference}_secret_")


def test_what_stripe_answered_is_kept_to_the_letter(shop: Shop, database: Database) -> None:
    evidence = shop.gateway.start(shop.charge()).evidence

    body = body_of(database, evidence)

    assert sha256(body.encode()).hexdigest() == evidence.sha256
    assert f'"id": "{evidence.reference}"' in body
    assert '"amount": 12950' in body


def test_a_payer_is_sent_to_the_bank_s_page_and_comes_back_authorised(shop: Shop) -> None:
    reference = shop.confirmed("pm_card_threeDSecure2Required")

    asked = shop.gateway.look_up(reference)
    shop.fake.answer_challenge(reference, passed=True)

    page = f"{shop.fake.url}/3ds/{reference}"
    assert (asked.outcome, asked.next_action) == ("action_required", NextAction("confirm_with_provider", page))
    assert shop.gateway.look_up(reference).outcome == "authorized"


def test_a_payer_who_fails_the_bank_s_question_has_failed(shop: Shop) -> None:
    reference = shop.confirmed("pm_card_threeDSecure2Required")
    shop.fake.answer_challenge(reference, passed=False)

    report = shop.gateway.look_up(reference)

    assert (report.outcome, report.failure_code) == ("failed", "authentication_failed")


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("pm_card_visa_chargeDeclined", "declined"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_visa_chargeDeclinedStolenCard", "declined"),
        ("pm_card_visa_chargeDeclinedLostCard", "declined"),
        ("pm_card_chargeDeclinedExpiredCard", "card_expired"),
        ("pm_card_chargeDeclinedIncorrectCvc", "card_details_wrong"),
        ("pm_card_chargeDeclinedProcessingError", "provider_error"),
    ],
)
def test_a_declined_card_fails_in_our_words(shop: Shop, card: str, code: str) -> None:
    report = shop.gateway.look_up(shop.confirmed(card))

    assert (report.outcome, report.failure_code) == ("failed", code)


def test_a_charge_that_failed_cannot_be_confirmed_with_another_card(shop: Shop) -> None:
    reference = shop.confirmed("pm_card_visa_chargeDeclined")
    assert shop.gateway.look_up(reference).outcome == "failed"

    refused = shop.fake.confirm(reference)

    assert refused["error"]["code"] == "payment_intent_unexpected_state"
    assert shop.fake.ledger()[reference]["authorized"] == 0


def test_a_payer_who_was_declined_and_took_another_card_before_anybody_looked_has_paid(shop: Shop) -> None:
    reference = shop.confirmed("pm_card_visa_chargeDeclined")
    shop.fake.confirm(reference)

    assert shop.gateway.look_up(reference).outcome == "authorized"


def test_what_the_bank_works_on_is_pending(shop: Shop) -> None:
    assert shop.gateway.look_up(shop.confirmed("pm_usBankAccount_processing")).outcome == "pending"


def test_an_authorisation_that_lapsed_is_voided_and_its_capture_says_so(shop: Shop) -> None:
    reference = shop.confirmed()
    shop.fake.lapse(reference)

    assert shop.gateway.look_up(reference).outcome == "voided"
    assert shop.gateway.capture(reference, shop.amount, uuid4()).outcome == "voided"


def test_a_part_is_captured_and_reported_as_what_it_is(shop: Shop) -> None:
    reference = shop.confirmed()

    report = shop.gateway.capture(reference, Money(100_00, "USD"), uuid4())

    assert (report.outcome, report.amount) == ("captured", Money(100_00, "USD"))
    assert shop.fake.ledger()[reference]["captured"] == 100_00


@pytest.mark.parametrize(
    ("amount", "units"),
    [
        (Money(5_000, "UGX"), 500_000),
        (Money(12_000, "JPY"), 12_000),
        (Money(12_340, "KWD"), 12_340),
        (Money(129_50, "USD"), 129_50),
    ],
)
def test_each_currency_arrives_as_stripe_counts_it(shop: Shop, amount: Money, units: int) -> None:
    reference = shop.captured(amount=amount)

    assert shop.fake.ledger()[reference]["captured"] == units
    assert shop.gateway.totals(reference, amount.currency).captured == amount


@pytest.mark.parametrize("amount", [Money(12_345, "KWD"), Money(10, "USD")], ids=str)
def test_an_amount_that_stripe_does_not_take_fails_and_is_not_charged(shop: Shop, amount: Money) -> None:
    report = shop.gateway.start(shop.charge(amount))

    assert (report.outcome, report.failure_code) == ("failed", "amount_refused")
    assert shop.gateway.void(report.evidence.reference, uuid4()).failure_code == "unknown_to_provider"


def test_asking_for_more_than_was_authorised_is_our_mistake_and_is_not_hidden(shop: Shop) -> None:
    reference = shop.confirmed()

    with pytest.raises(stripe.InvalidRequestError):
        shop.gateway.capture(reference, Money(129_51, "USD"), uuid4())


def test_a_wrong_key_of_ours_is_not_taken_for_a_provider_that_is_away(database: Database, fake: StripeFake) -> None:
    gateway = StripeGateway(database, client("whatever", fake.url), [], "https://lodger.example")

    with pytest.raises(stripe.AuthenticationError):
        gateway.look_up("pi_1")


@pytest.mark.parametrize("kind", ["busy", "close", "error"])
def test_a_stripe_that_fails_is_unavailable_and_asked_again_it_answers(shop: Shop, kind: str) -> None:
    reference = shop.started()
    shop.fake.fail("payment_intents.retrieve", kind)  # type: ignore[arg-type]

    with pytest.raises(GatewayUnavailable):
        shop.gateway.look_up(reference)

    assert shop.gateway.look_up(reference).outcome == "action_required"


def test_a_stripe_that_does_not_answer_is_not_waited_for(shop: Shop) -> None:
    reference, key = shop.confirmed(), uuid4()
    shop.fake.fail("payment_intents.capture", "hang", seconds=30)

    with pytest.raises(GatewayUnavailable):
        shop.gateway.capture(reference, shop.amount, key)

    assert shop.gateway.capture(reference, shop.amount, key).outcome == "captured"
    assert shop.fake.ledger()[reference]["captured"] == 129_50


def test_nobody_there_is_unavailable(database: Database) -> None:
    gateway = StripeGateway(database, client(SECRET_KEY, f"http://127.0.0.1:{free_port()}"), [], "")

    with pytest.raises(GatewayUnavailable):
        gateway.look_up("pi_1")


@pytest.mark.parametrize("acts", [False, True], ids=["undone", "done all the same"])
def test_a_failure_that_stripe_repeats_for_its_key_does_not_stop_a_start(shop: Shop, acts: bool) -> None:
    charge = shop.charge()
    shop.fake.fail("payment_intents.create", "error", acts=acts)
    with pytest.raises(GatewayUnavailable):
        shop.gateway.start(charge)

    references = {shop.gateway.start(charge).evidence.reference for _ in range(2)}

    assert len(references) == 1
    assert shop.gateway.look_up(references.pop()).outcome == "action_required"


@pytest.mark.parametrize("acts", [False, True], ids=["undone", "done all the same"])
def test_a_failure_that_stripe_repeats_for_its_key_does_not_stop_a_capture(shop: Shop, acts: bool) -> None:
    reference, key = shop.confirmed(), uuid4()
    shop.fake.fail("payment_intents.capture", "error", acts=acts)
    with pytest.raises(GatewayUnavailable):
        shop.gateway.capture(reference, shop.amount, key)

    assert shop.gateway.capture(reference, shop.amount, key).outcome == "captured"
    assert shop.fake.ledger()[reference]["captured"] == 129_50


def test_a_stripe_that_was_killed_still_knows_what_it_did(database: Database) -> None:
    with running_stripe() as (fake, restart):
        shop = Shop(StripeGateway(database, client(SECRET_KEY, fake.url), [], ""), fake, Money(129_50, "USD"))
        charge, key = shop.charge(), uuid4()
        reference = shop.gateway.start(charge).evidence.reference
        fake.confirm(reference)
        fake.fail("payment_intents.capture", "close")
        with pytest.raises(GatewayUnavailable):
            shop.gateway.capture(reference, shop.amount, key)
        restart()

        assert shop.gateway.start(charge).evidence.reference == reference
        assert shop.gateway.capture(reference, shop.amount, key).outcome == "captured"
        assert fake.ledger()[reference]["captured"] == 129_50

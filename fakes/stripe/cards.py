"""The documented test payment methods, and what each does."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Card:
    """`declined`: the error's code and the bank's; `challenged`: the payer is asked by 3DS first."""

    declined: tuple[str, str] | None = None
    challenged: bool = False
    processing: bool = False
    disputed: bool = False
    inquired: bool = False
    refunds: str = "succeeded"


_DECLINES = {
    "": ("card_declined", "generic_decline"),
    "InsufficientFunds": ("card_declined", "insufficient_funds"),
    "LostCard": ("card_declined", "lost_card"),
    "StolenCard": ("card_declined", "stolen_card"),
    "ExpiredCard": ("expired_card", "expired_card"),
    "IncorrectCvc": ("incorrect_cvc", "incorrect_cvc"),
    "ProcessingError": ("processing_error", "processing_error"),
}

CARDS: dict[str, Card] = {
    "pm_card_visa": Card(),
    "pm_card_mastercard": Card(),
    "pm_card_threeDSecure2Required": Card(challenged=True),
    "pm_card_authenticationRequired": Card(challenged=True),
    "pm_card_createDispute": Card(disputed=True),
    "pm_card_createDisputeInquiry": Card(inquired=True),
    "pm_card_pendingRefund": Card(refunds="pending"),
    "pm_card_refundFail": Card(),  # succeeds, and is told to fail afterwards
    "pm_usBankAccount_processing": Card(processing=True),
    **{f"pm_card_chargeDeclined{name}": Card(declined=codes) for name, codes in _DECLINES.items()},
    **{f"pm_card_visa_chargeDeclined{name}": Card(declined=codes) for name, codes in _DECLINES.items()},
}

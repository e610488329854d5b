"""Rules that hold of every log, whoever wrote it: checked event by event from what is stored, and from nothing else.

They are said here once more, apart from the deciders that keep them, and of the JSON as it is: an auditor runs them on
an export, on a machine without Lodger. They accuse nobody of what a decider allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from domain.log_leaves import Record

_ANY: Final = None
_NEW: Final = ""
"""The stage of a stream before its first event."""

_UNPAID: Final = ("started", "action_required", "authorized", "capture_started", "void_started")

# By type: whose stream it is in, the stages that it may come in, and the stage after it (None: the same).
_Step = tuple[str, tuple[str, ...] | None, str | None]


def _in_any(kind: str, *types: str) -> dict[str, _Step]:
    return dict.fromkeys(types, (kind, _ANY, None))


def _once_begun(kind: str, begins: Iterable[str], follow: Iterable[str]) -> dict[str, _Step]:
    first: dict[str, _Step] = dict.fromkeys(begins, (kind, (_NEW,), "begun"))
    return {**first, **dict.fromkeys(follow, (kind, ("begun",), None))}


STEPS: Final[Mapping[str, _Step]] = {
    "BookingRequested": ("booking", (_NEW,), "requested"),
    "BookingAccepted": ("booking", ("requested",), None),
    "BookingDeclined": ("booking", ("requested",), "declined"),
    "BookingHeld": ("booking", (_NEW, "requested"), "held"),
    "BookingConfirmed": ("booking", ("held",), "confirmed"),
    "BookingExpired": ("booking", ("requested", "held"), "expired"),
    "BookingReinstated": ("booking", ("expired",), "confirmed"),
    "AlterationHeld": ("booking", ("confirmed",), None),
    "AlterationExpired": ("booking", ("confirmed",), None),
    "BookingAltered": ("booking", ("confirmed",), None),
    "BookingCancelled": ("booking", ("requested", "held", "confirmed"), "cancelled"),
    "BookingCompleted": ("booking", ("confirmed",), "completed"),
    "BookingNoShowRecorded": ("booking", ("confirmed", "completed"), "no show"),
    "PaymentStarted": ("payment", (_NEW,), "started"),
    "PaymentActionRequired": ("payment", ("started",), "action_required"),
    "PaymentAuthorized": ("payment", ("started", "action_required"), "authorized"),
    "PaymentCaptureStarted": ("payment", ("authorized",), "capture_started"),
    "PaymentCaptured": ("payment", (*_UNPAID, "failed", "voided"), "captured"),
    "PaymentFailed": ("payment", _UNPAID, "failed"),
    "PaymentVoidStarted": ("payment", ("started", "action_required", "authorized"), "void_started"),
    "PaymentVoided": ("payment", _UNPAID, "voided"),
    "RefundStarted": ("payment", ("captured",), None),
    "RefundSucceeded": ("payment", ("captured",), None),
    "RefundFailed": ("payment", ("captured",), None),
    "DisputeOpened": ("payment", (*_UNPAID, "captured", "failed", "voided"), None),
    "DisputeWon": ("payment", (*_UNPAID, "captured", "failed", "voided"), None),
    "DisputeLost": ("payment", (*_UNPAID, "captured", "failed", "voided"), None),
    "PaymentContradicted": ("payment", (*_UNPAID, "captured", "failed", "voided"), None),
    "PaymentContradictionResolved": ("payment", (*_UNPAID, "captured", "failed", "voided"), None),
    **_in_any(
        "host account",
        *"HostEarningRecorded HostDebtRecorded PayoutScheduled PayoutPaid PayoutFailed".split(),
        *"PayoutHoldPlaced PayoutHoldLifted".split(),
    ),
    **_in_any(
        "platform", *"KeyRotated KeyDestroyed RootKeyRotated KeysBackedUp KeysRestored ProjectionEventSkipped".split()
    ),
    **_once_begun(
        "review", ("ReviewSubmitted", "ReviewImported"), ("ReviewRevealed", "ReviewReplied", "ReviewRemoved")
    ),
    **_once_begun(
        "property",
        ("PropertyCreated",),
        (
            *"PropertyDetailsChanged PropertyLocationChanged PropertyPricingChanged PropertyHouseRulesChanged".split(),
            *"PropertyPublished PropertyUnpublished PropertyErased PropertyPhotosChanged".split(),
            "PropertyScoresImported",
            *"NightsBlocked NightsUnblocked CalendarFeedLinked CalendarFeedUnlinked".split(),
            *"CalendarConflictsFound CalendarConflictsResolved".split(),
        ),
    ),
    **_once_begun(
        "user",
        ("UserRegistered",),
        (
            *"UserEmailVerified UserBecameHost UserRoleGranted UserRoleRevoked UserSuspended UserReinstated".split(),
            *"UserDeactivated UserReactivated UserIdentityLinked UserErased UserSecondFactorEnabled".split(),
            *"UserSecondFactorDisabled UserApiKeyCreated UserApiKeyRolled UserApiKeyRevoked".split(),
        ),
    ),
}

_Money = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Named:
    """Something that a provider said: the first position that names it, and whose payment or account that is."""

    position: int
    whose: str


@dataclass(slots=True)
class _Stream:
    """What is remembered of a stream. `is_whole` says that its first event was seen."""

    kind: str
    partition_key: str
    is_whole: bool
    version: int = 0
    stage: str = _NEW
    whose: str = ""
    booking: str = ""
    price: int = 0
    captured: _Money = (0, "")
    open: dict[str, _Money] = field(default_factory=dict)
    refunded: int = 0


@dataclass(slots=True)
class Rules:
    """Told every event in the order of the log, says what is wrong. Of a log that begins later, what can be said."""

    from_beginning: bool = True
    unknown: int = 0
    """Events whose type these rules do not know: of them only the stream is checked."""
    erased: list[tuple[int, str]] = field(default_factory=list)
    """When somebody was erased: position and time. Who is in no event."""
    forgotten: set[str] = field(default_factory=set)
    """Whose traces were swept: the ids of those who were erased, and of their accounts."""
    evidence: dict[str, Named] = field(default_factory=dict)
    """What providers said, by hash."""
    balances: dict[str, int] = field(default_factory=dict)
    """What is left of captures after refunds, by currency, in minor units."""
    _paid: dict[str, int] = field(default_factory=dict)
    _streams: dict[str, _Stream] = field(default_factory=dict)

    def told(self, record: Record) -> Iterator[str]:
        """What is wrong with an event, if something is."""
        try:
            data, meta = json.loads(record.data), json.loads(record.meta)
        except (ValueError, RecursionError):
            yield "its data or meta is no JSON"
            return
        stream = self._streams.get(record.stream_id)
        if stream is None:
            kind = STEPS[record.type][0] if record.type in STEPS else ""
            is_whole = self.from_beginning or record.version == 1
            stream = _Stream(kind, record.partition_key, is_whole, 0 if is_whole else record.version - 1)
            self._streams[record.stream_id] = stream
        yield from self._in_its_place(stream, record)
        try:
            yield from self._meant(stream, record, data, meta)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            yield f"{record.type} does not have the shape of its version ({type(error).__name__}: {error})"

    def _in_its_place(self, stream: _Stream, record: Record) -> Iterator[str]:
        if record.version != stream.version + 1:
            yield f"version {record.version} of stream {record.stream_id} follows version {stream.version}"
        stream.version = record.version
        if record.partition_key != stream.partition_key:
            yield f"stream {record.stream_id} goes on in another partition"
        if record.type not in STEPS:
            self.unknown += 1
            return
        kind, before, after = STEPS[record.type]
        if kind != stream.kind:
            yield f"{record.type} is in the stream of a {stream.kind or 'thing that is not known'}"
        elif stream.is_whole and before is not None and stream.stage not in before:
            yield f"{record.type} cannot follow: the {kind} is {stream.stage or 'not there yet'}"
        stream.stage = stream.stage if after is None else after

    def _meant(self, stream: _Stream, record: Record, data: Any, meta: Any) -> Iterator[str]:
        for said in _evidence(data):
            whose = stream.whose if stream.kind == "payment" else record.stream_id
            self.evidence.setdefault(said, Named(record.position, whose))
        if record.type == "UserErased":
            self.erased.append((record.position, meta["occurred_at"]))
            self.forgotten |= {record.stream_id, str(uuid5(UUID(record.stream_id), "host_account"))}
        if "quote" in data:
            yield from _adds_up(data["quote"], "the quote")
        if record.type in ("BookingRequested", "BookingHeld"):
            stream.price, _ = _money(data["quote"]["total"])
        if record.type in ("BookingConfirmed", "BookingReinstated") and self.from_beginning:
            paid = self._paid.get(record.stream_id, 0)
            if paid < stream.price:
                yield f"the booking goes ahead for {stream.price}, of which {paid} were captured"
        if record.type == "BookingCancelled":
            yield from _adds_up(data["refund"], "what comes back")
        if record.type in _MONEY and stream.is_whole:
            yield from self._moved(stream, record.type, data)

    def _moved(self, stream: _Stream, name: str, data: Any) -> Iterator[str]:
        """Captures, refunds and payouts: each intent has one outcome, and nothing is given that was not taken."""
        match name:
            case "PaymentStarted":
                stream.captured = _money(data["amount"])
                stream.booking, stream.whose = str(data["booking_id"]), str(data["guest_id"])
            case "PaymentCaptured":
                self._change(stream, stream.captured)
            case "RefundStarted" | "PayoutScheduled":
                intent = data["refund_id"] if name == "RefundStarted" else data["payout_id"]
                if intent in stream.open:
                    yield f"{name} names an intent that there is already"
                stream.open[intent] = _money(data["amount"])
                if name == "PayoutScheduled":
                    yield from _pays(data)
            case _:
                intent = data["refund_id"] if name.startswith("Refund") else data["payout_id"]
                if intent not in stream.open:
                    yield f"{name} is the outcome of nothing that was begun, or its second one"
                    return
                minor, currency = stream.open.pop(intent)
                if name == "RefundSucceeded":
                    stream.refunded += minor
                    self._change(stream, (-minor, currency))
        given = stream.refunded + sum(minor for minor, _ in stream.open.values())
        if stream.kind == "payment" and given > stream.captured[0]:
            yield f"refunds of {given} are more than the {stream.captured[0]} that were captured"
        if stream.kind == "payment" and any(currency != stream.captured[1] for _, currency in stream.open.values()):
            yield "a refund is in another currency than its payment"

    def _change(self, stream: _Stream, amount: _Money) -> None:
        self.balances[amount[1]] = self.balances.get(amount[1], 0) + amount[0]
        self._paid[stream.booking] = self._paid.get(stream.booking, 0) + amount[0]


_MONEY: Final = frozenset(
    "PaymentStarted PaymentCaptured RefundStarted RefundSucceeded RefundFailed"
    " PayoutScheduled PayoutPaid PayoutFailed".split()
)


def _money(data: Mapping[str, Any]) -> _Money:
    return int(data["minor"]), str(data["currency"])


def _adds_up(priced: Mapping[str, Any], what: str) -> Iterator[str]:
    """Every line of a price is somebody's, and together they are all of it: so the ledger adds up to nothing."""
    minor, currency = _money(priced["total"])
    lines = [_money(line["amount"]) for line in priced["lines"]]
    if sum(each for each, _ in lines) != minor or any(each != currency for _, each in lines):
        yield f"the lines of {what} do not add up to its total"


def _pays(payout: Mapping[str, Any]) -> Iterator[str]:
    minor, currency = _money(payout["amount"])
    earned, owed = ([_money(each["amount"]) for each in payout[part]] for part in ("earnings", "debts"))
    if sum(each for each, _ in earned) - sum(each for each, _ in owed) != minor:
        yield "the payout is not what its earnings are, less its debts"
    if any(each != currency for _, each in (*earned, *owed)):
        yield "the payout mixes currencies"


def _evidence(data: Any) -> Iterator[str]:
    found = data.get("evidence")
    if found:
        yield str(found["sha256"])

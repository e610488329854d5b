"""States told event by event are those that a fresh replay comes to, of any stream and at any place in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application import audit_states, audit_timeline
from application.audit_log import Recorded
from application.audit_states import document
from application.streams import begin, fold, kind_of
from domain.documents import Document, changed
from domain.events import Actor, Event, Fact
from domain.host_accounts import HostAccountFact, HostEarningRecorded, PayoutPaid, PayoutScheduled, Portion, account_id
from domain.log_leaves import Record
from domain.prefixes import AtVersion
from domain.rejections import Rejected
from tests.support import examples
from tests.support.effort import effort
from tests.support.examples import (
    BOOKING,
    BOOKING_HISTORIES,
    CHECK_IN,
    EVIDENCE,
    HELD,
    HOST,
    NOW,
    PAYOUT,
    PROPERTY,
    usd,
)

HISTORIES: list[tuple[Fact, ...]] = [
    history
    for name in ("USER", "PROPERTY", "BOOKING", "PAYMENT", "HOST_ACCOUNT", "REVIEW", "PLATFORM")
    for history in getattr(examples, f"{name}_HISTORIES")
]


class Log:
    """Implements `application.audit_log.AuditLog` as far as it is asked here. Of events the positions are 10, 20, …"""

    def __init__(self, streams: Mapping[UUID, Sequence[Fact]]) -> None:
        everything = [(stream_id, fact) for stream_id, facts in streams.items() for fact in facts]
        self.told: dict[UUID, list[Recorded]] = {stream_id: [] for stream_id in streams}
        for number, (stream_id, fact) in enumerate(everything, 1):
            told = self.told[stream_id]
            event = Event(
                *(uuid4(), stream_id, len(told) + 1, stream_id, fact, NOW, Actor("system", "test"), uuid4(), uuid4()),
                position=number * 10,
                recorded_at=NOW,
            )
            told.append(Recorded(event, ()))

    def load(self, stream_ids: Sequence[UUID]) -> Mapping[UUID, Sequence[Recorded]]:
        return {stream_id: self.told.get(stream_id, []) for stream_id in stream_ids}

    def at(self, positions: Sequence[int]) -> Sequence[Recorded]:
        raise NotImplementedError

    def last(self, upto: int | None = None) -> int:
        raise NotImplementedError

    def record(self, position: int) -> tuple[Recorded, Record] | None:
        raise NotImplementedError


@effort()
@given(st.data())
def test_at_any_version_or_position_a_stream_is_what_a_fresh_replay_makes_of_it(data: st.DataObject) -> None:
    history = data.draw(st.sampled_from(HISTORIES))
    version = data.draw(st.integers(1, len(history)))
    beside = data.draw(st.integers(0, 9))
    stream_id = uuid4()
    log = Log({stream_id: history})
    events = [recorded.event for recorded in log.told[stream_id]]
    fresh = fold(begin(kind_of(history[0]), stream_id), events[:version])
    for until in (AtVersion(version), version * 10 + beside):
        told = list(audit_states.steps(audit_states.stream(log, stream_id, until)))
        assert told[-1].state == document(fresh.kind, fresh.state)
        state: Document = None
        for step in told:
            state = changed(state, step.changes)
        assert state == told[-1].state


@pytest.mark.parametrize("history", HISTORIES, ids=lambda history: type(history[-1]).__name__)
def test_what_is_left_out_because_it_is_the_same_object_changed_nothing(history: tuple[Fact, ...]) -> None:
    stream_id = uuid4()
    before: Document = None
    for step in audit_states.steps(Log({stream_id: history}).told[stream_id]):
        assert changed(before, step.changes) == step.state
        before = step.state


def test_of_a_hosts_account_a_bookings_story_has_its_own_part() -> None:
    other = UUID(int=7)
    facts: list[HostAccountFact] = [
        HostEarningRecorded(other, PROPERTY, usd("100.00"), CHECK_IN),
        HostEarningRecorded(BOOKING, PROPERTY, usd("402.55"), CHECK_IN),
        PayoutScheduled(
            PAYOUT, usd("502.55"), (Portion(other, usd("100.00")), Portion(BOOKING, usd("402.55"))), (), "sandbox"
        ),
        PayoutPaid(PAYOUT, EVIDENCE),
        HostEarningRecorded(UUID(int=8), PROPERTY, usd("1.00"), CHECK_IN),
    ]
    account = account_id(HOST)
    moments = audit_timeline.timeline(Log({BOOKING: [HELD], account: facts}), BOOKING, 1_000)
    assert [moment.step.recorded.position for moment in moments] == [10, 30, 40, 50]
    assert [moment.cash and moment.cash.minor for moment in moments] == [None, None, None, -40255]
    assert moments[-1].step.state == {
        "is": "HostAccount",
        "earnings": {
            str(BOOKING): {
                "property_id": str(PROPERTY),
                "share": {"minor": 40255, "currency": "USD"},
                "open": {"minor": 0, "currency": "USD"},
                "release_at": "2026-06-11T19:00:00Z",
            }
        },
        "debts": {},
        "payouts": {
            str(PAYOUT): {
                "scheduled": {
                    "payout_id": str(PAYOUT),
                    "amount": {"minor": 50255, "currency": "USD"},
                    "earnings": [{"of": str(BOOKING), "amount": {"minor": 40255, "currency": "USD"}}],
                    "debts": [],
                    "provider": "sandbox",
                },
                "outcome": "paid",
                "failure_code": None,
            }
        },
        "holds": {},
    }


@pytest.mark.parametrize("history", BOOKING_HISTORIES, ids=lambda history: type(history[-1]).__name__)
def test_what_a_booking_posts_adds_up_to_nothing_event_by_event(history: tuple[Fact, ...]) -> None:
    for moment in audit_timeline.timeline(Log({BOOKING: history}), BOOKING, 1_000):
        assert sum(entry.amount.minor for entry in moment.posting) == 0


def test_before_it_began_there_was_no_booking_to_tell_of() -> None:
    log = Log({UUID(int=1): HISTORIES[0], BOOKING: [HELD]})
    first = log.told[BOOKING][0].position
    with pytest.raises(Rejected) as refused:
        audit_timeline.timeline(log, BOOKING, first - 1)
    assert (refused.value.code, refused.value.details) == ("before_first_event", {"position": first})


@pytest.mark.parametrize(("missing", "broken"), [(0, 30), (1, 40), (2, 50)])
def test_where_an_event_was_taken_out_the_next_one_is_named_and_the_story_before_it_is_told(
    missing: int, broken: int
) -> None:
    account = account_id(HOST)
    log = Log(
        {
            BOOKING: [HELD],
            account: [
                HostEarningRecorded(BOOKING, PROPERTY, usd("402.55"), CHECK_IN),
                PayoutScheduled(PAYOUT, usd("402.55"), (Portion(BOOKING, usd("402.55")),), (), "sandbox"),
                PayoutPaid(PAYOUT, EVIDENCE),
                HostEarningRecorded(BOOKING, PROPERTY, usd("1.00"), CHECK_IN),
            ],
        }
    )
    del log.told[account][missing]
    with pytest.raises(Rejected) as refused:
        audit_timeline.timeline(log, BOOKING, 1_000)
    assert (refused.value.code, refused.value.details) == ("history_broken", {"position": broken})
    told = audit_timeline.timeline(log, BOOKING, broken - 1)
    assert [moment.step.recorded.position for moment in told] == [10, *range(20, broken - 10, 10)]

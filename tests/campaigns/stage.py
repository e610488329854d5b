"""What all rules share: the people, the bundles, how a wish is sent, and who has which nights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine
from werkzeug.test import TestResponse

from tests.api.stack import OPERATOR_TOKEN, Client, json_of
from tests.campaigns.market import Market
from tests.campaigns.model import ZONE, Booking, Home, Quoted, Range, Side, overlap, seen
from tests.support.servers import Databases

HOMES, BOOKINGS = 2, 7
"""As many as an example has at most: few nights are fought for."""

FROM_TODAY = st.integers(-1, 7)
NIGHTS = st.integers(1, 4)
PEOPLE = st.integers(1, 4)
GUESTS = st.sampled_from(["bob", "eve"])
METHODS = st.sampled_from(["card", "mobile_money"])
WHICH = st.integers(0, 199)
"""Of what there is: below WHATEVER one with which something can be done, from there on any."""

WHATEVER = 160

homes: Bundle[Home] = Bundle("homes")
T = TypeVar("T")

blocks: Bundle[tuple[Home, str]] = Bundle("blocks")


@dataclass(frozen=True)
class Wish:
    """A request that was carried out once and answered."""

    who: Client
    method: str
    path: str
    body: Any
    key: str
    answer: TestResponse


def usd(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "USD"}


def refused(answer: TestResponse, *codes: str) -> None:
    assert json_of(answer).get("type") in {f"/problems/{code}" for code in codes}, (codes, answer.text)


def stay_of(stay: Range, guests: int) -> dict[str, Any]:
    return {"check_in": stay[0].isoformat(), "check_out": stay[1].isoformat(), "guests": guests}


def pick(which: int, among: Sequence[T]) -> T:
    """The last for 0: what was made last is where most is left to happen."""
    return among[-1 - which % len(among)]


class Stage(RuleBasedStateMachine):
    """One example, on a market of its own."""

    def __init__(self, databases: Databases) -> None:
        super().__init__()
        self.market = Market(databases)
        self.people = {name: self.market.person(name) for name in ("ada", "bob", "eve", "mallory")}
        self.operator = Client(self.market.stack, OPERATOR_TOKEN)
        assert self.market.send(self.people["ada"], "POST", "/v1/users/me/hosting").status_code == 200
        self.all_homes: list[Home] = []
        self.all_quotes: list[Quoted] = []
        self.all_bookings: list[Booking] = []
        self.wishes: list[Wish] = []

    def teardown(self) -> None:
        self.market.close()

    def wish(self, who: Client, method: str, path: str, body: Any = None) -> TestResponse:
        """A request under a key of its own. What is refused leaves no trace."""
        key, before = f"wish-{self.market.sent}", self.market.events()
        answer = self.market.send(who, method, path, body, Idempotency_Key=key)
        if answer.status_code < 300:
            self.wishes.append(Wish(who, method, path, body, key, answer))
        else:
            assert self.market.events() == before
        return answer

    def able(self, which: int, action: str, side: Side = "guest") -> Booking:
        """A booking, mostly one with which this can be done."""
        able = self.all_able(action, side) if which < WHATEVER else []
        return pick(which, able or self.all_bookings)

    def all_able(self, action: str, side: Side = "guest") -> list[Booking]:
        return [booking for booking in self.all_bookings if action in booking.actions(side, self.market.now)]

    def shown(self, booking: Booking, side: Side) -> dict[str, Any]:
        who = booking.guest if side == "guest" else booking.home.host
        return seen(json_of(self.market.send(who, "GET", f"/v1/bookings/{booking.id}")))

    def today(self) -> date:
        return self.market.now.astimezone(ZONE).date()

    def nights(self, first: int, nights: int) -> Range:
        begins = self.today() + timedelta(days=first)
        return begins, begins + timedelta(days=nights)

    def rivals(self, home: Home, wanted: Range, other_than: Booking | None = None) -> list[tuple[Booking, bool]]:
        """Whose nights are in the way, and whether they have lapsed."""
        return [
            (booking, held is not None and held <= self.market.now)
            for booking in self.all_bookings
            if booking is not other_than
            for at, _, first, until, held in booking.claims()
            if at == home.id and overlap((first, until), wanted)
        ]

    def is_free(self, home: Home, wanted: Range) -> bool:
        is_blocked = any(overlap(block, wanted) for block in home.blocks.values())
        return not is_blocked and all(lapsed for _, lapsed in self.rivals(home, wanted))

    def makes_way(
        self, home: Home, wanted: Range, other_than: Booking | None = None, *, are_blocks: bool = False
    ) -> bool:
        """Whether the nights can be had; whatever has lapsed there has then expired."""
        is_blocked = not are_blocks and any(overlap(block, wanted) for block in home.blocks.values())
        rivals = self.rivals(home, wanted, other_than)
        if is_blocked or not all(lapsed for _, lapsed in rivals):
            return False
        for booking in {booking for booking, _ in rivals}:
            booking.elapse(self.market.now)
        return True

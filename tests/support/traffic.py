"""Traffic: guests and hosts at work at the same time over real HTTP, and what each of them saw of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random
from time import monotonic
from typing import Any, Final, assert_never

from tests.api.people import book, host, listing, pay, stay
from tests.api.server import call, request
from tests.api.stack import Client, Stack
from tests.faults.api_process import ApiProcess
from tests.support.herd import members
from tests.support.histories import Frees, Name, Operation, Outcome, Shown

CLIENTS: Final = 8
LISTINGS: Final = 5
ON_REQUEST: Final = 2
NIGHTS: Final = 10
OPERATIONS: Final = 300

_FIRST_NIGHT: Final = date(2031, 6, 12)
_HOW_OFTEN: Final[dict[Name, int]] = {
    "book": 45,
    "cancel": 18,
    "accept": 12,
    "decline": 2,
    "alter": 9,
    "block": 7,
    "unblock": 7,
}
_ORDINARY_REFUSALS: Final = {
    *("nights_taken", "nothing_altered", "block_not_found"),
    *("booking_not_acceptable", "booking_not_declinable", "booking_not_cancellable", "booking_not_alterable"),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A booking or a block, `id` None before anybody was told. `token` is that of whoever made it."""

    made_by: Name
    id: str | None
    listing: str
    nights: frozenset[int]
    token: str
    is_paid: bool = False

    def allows(self, name: Name) -> bool:
        """Whether one would do that to it. Paid stays are kept, to be altered."""
        match name:
            case "accept" | "decline":
                return self.made_by == "ask"
            case "unblock":
                return self.made_by == "block"
            case "alter":
                return self.is_paid
            case "cancel":
                return self.made_by != "block" and not self.is_paid
            case "book" | "ask" | "block":
                return False
            case _:
                assert_never(name)


@dataclass(frozen=True, slots=True)
class Wish:
    """A request that is to be sent: what it does with the claim, which is as it shall be then."""

    name: Name
    claim: Claim
    path: str
    body: object = None
    method: str = "POST"
    token: str | None = None


class Traffic:
    """One history in the making: seeded in what is asked for, not in how it interleaves."""

    def __init__(self, stack: Stack, api: ApiProcess, seed: int, impatience: float = 0.2) -> None:
        """`impatience` is the share of requests whose client hangs up early; half of them try again."""
        self._stack = stack
        self._api = api
        self._seed = seed
        self._impatience = impatience
        self.history: list[Operation] = []
        self._claims: list[Claim] = []
        self._ended: set[str | None] = set()
        self._host = host(stack)
        self._guests = [Client(stack, api.token(user_id)) for user_id in members(stack, CLIENTS)]
        rules = [{"booking_mode": "request"}] * ON_REQUEST + [{}] * (LISTINGS - ON_REQUEST)
        self._listings = {listing(self._host, house_rules=rule): bool(rule) for rule in rules}
        self._confirm_some()

    def run(self) -> list[Operation]:
        """Everybody at work until all is done; the history in no order."""
        shares = [OPERATIONS // CLIENTS + (n < OPERATIONS % CLIENTS) for n in range(CLIENTS)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._work, range(CLIENTS), shares))
        return self.history

    def shown(self) -> Shown:
        """Calendars and bookings, all at one moment: while they were read, the log did not grow."""
        while True:
            before = self._stack.count_events()
            claims = {key: frozenset(nights) for key, nights in self._calendars().items()}
            bookings = {c.id: self._booking(c) for c in self._claims if c.id and c.made_by != "block"}
            if self._stack.count_events() == before:
                return Shown(claims, bookings)

    # --- before ---------------------------------------------------------------------------------------------

    def _confirm_some(self) -> None:
        """Stays that are paid, as only those can be altered."""
        nights = frozenset({0, 1, 2})
        for guest, place in zip(self._guests, [id_ for id_, asks in self._listings.items() if not asks], strict=False):
            began = monotonic()
            booking = book(guest, place, *_dates(nights))
            pay(guest, booking)
            self.history.append(Operation("book", place, booking, began, monotonic(), "ok", nights))
            self._claims.append(Claim("book", booking, place, nights, _token(guest), is_paid=True))
        self._stack.reactor.run()

    # --- meanwhile ------------------------------------------------------------------------------------------

    def _work(self, number: int, share: int) -> None:
        random, guest = Random(f"{self._seed}-{number}"), self._guests[number]
        for _ in range(share):
            (name,) = random.choices(list(_HOW_OFTEN), list(_HOW_OFTEN.values()))
            known = [claim for claim in list(self._claims) if claim.allows(name)]
            if random.random() < 0.9:
                known = [claim for claim in known if claim.id not in self._ended]
            if name in ("book", "block") or not known:
                wish = self._something_new(random, "block" if name == "block" else "book", guest)
            else:
                wish = self._something_about(random, name, random.choice(known[-12:]))
            self._carry_out(random, wish)

    def _something_new(self, random: Random, name: Name, guest: Client) -> Wish:
        place, nights = random.choice(list(self._listings)), _some_nights(random)
        check_in, check_out = _dates(nights)
        if name == "block":
            body = {"from": check_in, "until": check_out}
            return Wish(
                name, Claim(name, None, place, nights, _token(self._host)), f"/v1/properties/{place}/blocks", body
            )
        name = "ask" if self._listings[place] else "book"
        return Wish(
            name, Claim(name, None, place, nights, _token(guest)), "/v1/bookings", stay(place, check_in, check_out)
        )

    def _something_about(self, random: Random, name: Name, claim: Claim) -> Wish:
        """Done by whoever made it, or by the host; whatever has become of it since."""
        by_host = name in ("accept", "decline", "unblock") or (name == "cancel" and random.random() < 0.3)
        token = _token(self._host) if by_host else claim.token
        if name == "unblock":
            return Wish(
                name, claim, f"/v1/properties/{claim.listing}/blocks?id={claim.id}", method="DELETE", token=token
            )
        path = f"/v1/bookings/{claim.id}/{name}"
        if name != "alter":
            return Wish(name, claim, path, token=token)
        other = replace(claim, nights=_some_nights(random))
        check_in, check_out = _dates(other.nights)
        return Wish(name, other, path, {"check_in": check_in, "check_out": check_out, "guests": 2})

    def _carry_out(self, random: Random, wish: Wish) -> None:
        """Send it, record it, and let everybody know what came of it."""
        claim, began = wish.claim, monotonic()
        outcome, answer, said = self._send(random, wish)
        if claim.id is None and outcome == "ok":
            claim = replace(claim, id=said["id"])
            self._claims.append(claim)
        takes = claim.nights if wish.name in ("book", "accept", "alter", "block") else frozenset()
        frees: Frees = "nothing"
        if wish.name in ("cancel", "decline", "unblock"):
            frees = "all"
        elif wish.name == "alter" and not said.get("alteration"):  # which is there while it waits for money
            frees = "others"
        if outcome == "ok" and frees == "all":
            self._ended.add(claim.id)
        self.history.append(
            Operation(wish.name, claim.listing, claim.id, began, monotonic(), outcome, takes, frees, answer)
        )

    def _send(self, random: Random, wish: Wish) -> tuple[Outcome, str, dict[str, Any]]:
        """The request and, where its client loses patience, perhaps the same once more."""
        token, headers = wish.token or wish.claim.token, {"Idempotency-Key": random.randbytes(8).hex()}
        patience = random.uniform(0.0005, 0.005) if random.random() < self._impatience else 60.0
        tries_again = random.random() < 0.5
        left = False
        while True:
            try:
                status, said = request(self._api.port, wish.method, wish.path, wish.body, token, headers, patience)
                break
            except TimeoutError:
                if left or not tries_again:
                    return "unknown", "", {}
                left, patience = True, 60.0
        if status < 300:
            return "ok", str(status), said
        code = str(said["type"]).removeprefix("/problems/").replace("-", "_")
        if status >= 500:
            return "refused" if code == "busy" and not left else "unknown", str(status), {}
        assert code in _ORDINARY_REFUSALS, said
        # The first attempt, which nobody waited for, may still take effect.
        return "unknown" if left else "refused", code, {}

    # --- after ----------------------------------------------------------------------------------------------

    def _calendars(self) -> dict[tuple[str, str, bool], set[int]]:
        claims: dict[tuple[str, str, bool], set[int]] = {}
        for place in self._listings:
            until = _FIRST_NIGHT + timedelta(days=NIGHTS)
            shown = self._get(f"/v1/properties/{place}/calendar?from={_FIRST_NIGHT}&to={until}", _token(self._host))
            for number, night in enumerate(shown["nights"]):
                for reason in night["reasons"]:
                    claims.setdefault((reason["id"], place, reason["kind"] == "block"), set()).add(number)
        return claims

    def _booking(self, claim: Claim) -> tuple[str, frozenset[int]]:
        shown = self._get(f"/v1/bookings/{claim.id}", claim.token)
        has = shown["status"] == "confirmed" or shown["pending_reason"] == "payment"
        stays = [shown, shown["alteration"]] if shown["alteration"] else [shown]
        return shown["status"], frozenset().union(*(_nights(each) for each in stays)) if has else frozenset()

    def _get(self, path: str, token: str) -> dict[str, Any]:
        status, said = call(self._api.port, "GET", path, None, token)
        assert status == 200, said
        return said


def _token(client: Client) -> str:
    assert client.token is not None
    return client.token


def _some_nights(random: Random) -> frozenset[int]:
    first, nights = random.randrange(NIGHTS), random.randint(1, 3)
    return frozenset(range(first, min(first + nights, NIGHTS)))


def _dates(nights: frozenset[int]) -> tuple[str, str]:
    """Check-in and check-out."""
    first, until = (_FIRST_NIGHT + timedelta(days=n) for n in (min(nights), max(nights) + 1))
    return first.isoformat(), until.isoformat()


def _nights(shown: dict[str, Any]) -> frozenset[int]:
    first, until = ((date.fromisoformat(shown[end]) - _FIRST_NIGHT).days for end in ("check_in", "check_out"))
    return frozenset(range(first, until))

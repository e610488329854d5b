"""A demonstration city: people, listings and bookings, the same for the same seed and day. Nothing here is sent yet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product
from random import Random
from typing import Final, Literal

from domain.stays import Stay
from infrastructure.demo import words
from infrastructure.demo.listings import Json, listing

HOSTS: Final = 50
GUESTS: Final = 30
LISTINGS: Final = 300
DRAFTS: Final = 12
UNPUBLISHED: Final = 8

Story = Literal[
    "paid by card",
    "paid by mobile money",
    "declined, then paid",
    "cancelled in time",
    "cancelled late",
    "cancelled by the host",
    "cancelled unpaid",
    "never paid",
    "declined, then left",
    "left at the payment page",
    "held",
    "at the payment page",
]
"""What becomes of a booking."""

STORIES: Final[Mapping[Story, int]] = {
    "paid by card": 20,
    "paid by mobile money": 16,
    "declined, then paid": 4,
    "cancelled in time": 4,
    "cancelled late": 3,
    "cancelled by the host": 3,
    "cancelled unpaid": 3,
    "never paid": 4,
    "declined, then left": 2,
    "left at the payment page": 2,
    "held": 3,
    "at the payment page": 2,
}
"""How many bookings go which way."""

WAITING: Final[tuple[Story, ...]] = ("held", "at the payment page")
"""Those that are still pending in the end."""


@dataclass(frozen=True, slots=True)
class Person:
    username: str
    name: str
    phone: str

    @property
    def email(self) -> str:
        return f"{self.username}@mirembe.example"


@dataclass(frozen=True, slots=True)
class PlannedListing:
    """`number` counts from 0. `body` is what the host sends to create it; `blocks` are nights `[first, until)`."""

    number: int
    host: Person
    body: Json
    fate: Literal["draft", "published", "unpublished"]
    blocks: tuple[tuple[date, date], ...]


@dataclass(frozen=True, slots=True)
class PlannedBooking:
    number: int
    listing: PlannedListing
    guest: Person
    stay: Stay
    guests: int
    story: Story


@dataclass(frozen=True, slots=True)
class City:
    """Everything to be loaded. The plan has no conflict: nobody wants a night that somebody else has."""

    seed: int
    hosts: tuple[Person, ...]
    guests: tuple[Person, ...]
    listings: tuple[PlannedListing, ...]
    bookings: tuple[PlannedBooking, ...]


def city(seed: int, today: date) -> City:
    """The city of `seed`, its stays counted from `today` in the city's time zone."""
    random = Random(seed)  # noqa: S311 - nothing secret
    people = list(islice(_people(random), HOSTS + GUESTS))
    hosts, guests = tuple(people[:HOSTS]), tuple(people[HOSTS:])
    calendars = [_Calendar(today) for _ in range(LISTINGS)]
    listings = tuple(_listing(random, number, hosts, calendars[number]) for number in range(LISTINGS))
    bookings = tuple(_bookings(random, guests, listings, calendars))
    return City(seed, hosts, guests, listings, bookings)


class _Calendar:
    """Which nights of a listing the plan has given away. The first days are kept for what begins today."""

    QUIET_DAYS: Final = 10
    DAYS: Final = 170

    def __init__(self, today: date) -> None:
        self.today = today
        self._taken: list[Stay] = []

    def take(self, random: Random, nights: int) -> Stay:
        """A free range of nights."""
        while True:
            start = self.today + timedelta(days=random.randint(self.QUIET_DAYS, self.DAYS))
            wanted = Stay(start, start + timedelta(days=nights))
            if not any(wanted.overlaps(taken) for taken in self._taken):
                self._taken.append(wanted)
                return wanted


def _people(random: Random) -> Iterator[Person]:
    """The first host and the first guest are easy to remember; the rest have names of their own."""
    names = [f"{first} {last}" for first, last in product(words.FIRST_NAMES, words.LAST_NAMES)]
    random.shuffle(names)
    for number, name in enumerate(names):
        username = {0: "host", HOSTS: "guest"}.get(number, name.lower().replace(" ", "."))
        yield Person(username, name, f"+25677{random.randint(2_000_000, 8_999_999)}")


def _listing(random: Random, number: int, hosts: tuple[Person, ...], calendar: _Calendar) -> PlannedListing:
    """Every host has one listing at least; every fifth listing has nights that its host keeps."""
    host = hosts[number] if number < len(hosts) else random.choice(hosts)
    body = listing(random)
    fate: Literal["draft", "published", "unpublished"] = "published"
    if number >= LISTINGS - DRAFTS:
        fate = "draft"
        del body["price_per_night"], body["pricing"]
    elif number >= LISTINGS - DRAFTS - UNPUBLISHED:
        fate = "unpublished"
    kept = [calendar.take(random, random.randint(2, 9))] if number % 5 == 0 and fate == "published" else []
    return PlannedListing(number, host, body, fate, tuple((each.check_in, each.check_out) for each in kept))


def _bookings(
    random: Random, guests: tuple[Person, ...], listings: tuple[PlannedListing, ...], calendars: list[_Calendar]
) -> Iterator[PlannedBooking]:
    stories = [story for story, count in STORIES.items() for _ in range(count)]
    random.shuffle(stories)
    published = [each for each in listings if each.fate == "published"]
    at_once = [each for each in published if each.body["house_rules"]["advance_notice_days"] == 0]
    late = iter(random.sample(at_once, STORIES["cancelled late"]))
    for number, story in enumerate(stories):
        if story == "cancelled late":  # within a day of check-in: it begins today, in a listing nobody else begins in
            chosen, today = next(late), calendars[0].today
            stay = Stay(today, today + timedelta(days=random.randint(4, 7)))
        else:
            chosen = random.choice(published)
            nights = chosen.body["house_rules"]["minimum_nights"] + random.choice((0, 1, 1, 2, 3, 5, 7, 27))
            stay = calendars[chosen.number].take(random, nights)
        party = random.randint(1, chosen.body["guests"])
        yield PlannedBooking(number, chosen, random.choice(guests), stay, party, story)

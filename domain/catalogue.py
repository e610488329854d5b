"""Every fact there is, by stored name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from domain.bookings import BookingFact
from domain.events import Fact
from domain.host_accounts import HostAccountFact
from domain.payments import PaymentFact
from domain.platform import PlatformFact
from domain.properties import PropertyFact
from domain.reviews import ReviewFact
from domain.users import UserFact

FACTS: Final[Mapping[str, type[Fact]]] = {
    fact.TOPIC: fact
    for stream in (UserFact, PropertyFact, BookingFact, PaymentFact, HostAccountFact, ReviewFact, PlatformFact)
    for fact in get_args(stream)
}

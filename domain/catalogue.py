"""Every fact there is, by stored name and by the kind of stream that holds it."""

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

STREAMS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "user": get_args(UserFact),
    "property": get_args(PropertyFact),
    "booking": get_args(BookingFact),
    "payment": get_args(PaymentFact),
    "host_account": get_args(HostAccountFact),
    "review": get_args(ReviewFact),
    "platform": get_args(PlatformFact),
}
"""What each kind of stream holds, as `application.streams` names them."""

FACTS: Final[Mapping[str, type[Fact]]] = {fact.TOPIC: fact for facts in STREAMS.values() for fact in facts}

"""Use cases of an account's life: closed for now, opened again, and what becomes of somebody's listings meanwhile."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from application import credentials
from application.calls import Call
from application.lodger import Lodger, retried
from application.streams import PROPERTY, USER, Done
from domain import properties
from domain import users as rules
from domain.properties import must_exist
from domain.rejections import Rejected
from domain.users import User, UserFact

_AWAY: Final = "the host's account is not open"


def deactivate(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    """Close the account for now: nobody is signed in to it any more, and its listings are offered no more.

    Bookings are promises to others and stay. Raises Rejected `user_suspended`.
    """
    done = _deactivate(lodger, call, user_id)
    credentials.end_all(lodger, user_id)
    return done


@retried
def reactivate(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    """Open it again; again changes nothing. Listings stay as they are: the host publishes those that shall be."""
    user = lodger.load(USER, user_id, call)
    facts = rules.reactivate(user.state)
    if facts:
        credentials.end_all(lodger, user_id)  # of before: `withdraw` leaves alone whoever is back
    return lodger.append(call, user.then(facts))


def withdraw(lodger: Lodger, call: Call, user_id: UUID) -> None:
    """What follows from a user being suspended, or away: signed in nowhere, told nothing by webhooks, hosting nothing.

    Again changes nothing. Messages by mail go on: bookings that were made stay.

    Which properties to look at a read model says, what becomes of them their own streams. Raises Rejected `busy`
    while the read model does not know all that the host did before.
    """
    user = lodger.load(USER, user_id)
    if not (user.state.is_suspended or user.state.is_deactivated):
        return  # and is back by now: what they are signed in with is newer
    credentials.end_all(lodger, user_id)
    lodger.webhooks.disable(user_id)
    hosted = lodger.hosted_properties.of(user_id, upto=user.position)
    if hosted is None:
        raise Rejected("busy", "The list of properties is behind.")
    for property_id in hosted:
        _unpublish(lodger, call, property_id)


@retried
def _unpublish(lodger: Lodger, call: Call, property_id: UUID) -> None:
    listing = lodger.load(PROPERTY, property_id)
    facts = properties.unpublish(must_exist(listing.state), _AWAY)
    if facts:
        lodger.append(call, listing.then(facts))


@retried
def _deactivate(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    user = lodger.load(USER, user_id, call)
    return lodger.append(call, user.then(rules.deactivate(user.state)))

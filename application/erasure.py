"""Use cases of being forgotten: asking for it, carrying it out, and getting one's data before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Final
from uuid import UUID

from application import bookings, credentials, staff
from application.calls import Call
from application.erasure_ports import Named, Section, Traces
from application.lodger import Lodger, retried
from application.payouts import account_of
from application.ports import NightsChange
from application.principals import Principal
from application.streams import BOOKING, PAYMENT, PROPERTY, USER, Done
from domain import calendar_sync, erasure, properties, users
from domain.erasure import Obstacle
from domain.events import Actor, Event
from domain.host_accounts import account_id
from domain.payments import attempt_ids
from domain.policies import FRESH_LOGIN
from domain.properties import PropertyFact, must_exist
from domain.rejections import Rejected
from domain.users import User, UserFact

_PAGE: Final = 200
"""Streams read at once."""

_SLIPPED_IN: Final = "an account that this booking needs was erased meanwhile"


# --- asking ---------------------------------------------------------------------------------------------------


def erase(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    """Forget a person, unless something of theirs is not over. The workers carry it out, beginning at once.

    It may be somebody without an account, whose reviews were imported: by the id that these show as their author.

    Raises Rejected `erasure_blocked`, `user_not_found`, `read_model_behind`.
    """
    done = _decide(lodger, call, user_id)
    credentials.end_all(lodger, user_id)
    return done


@retried
def _decide(lodger: Lodger, call: Call, user_id: UUID) -> Done[User, UserFact]:
    user = lodger.load(USER, user_id, call)
    is_quoted = not user.state.registered and lodger.personal_data.has_key(user_id)
    facts = users.erase(user.state, is_quoted=is_quoted)
    if facts:
        erasure.must_be_free(_obstacles(lodger, user_id))
    return lodger.append(call, user.then(facts))


def _obstacles(lodger: Lodger, user_id: UUID) -> Iterator[Obstacle]:
    """Read models say where to look; what is in the way, the streams say."""
    pending = lodger.personal_data.pending(user_id)
    yield from erasure.of_account(account_of(lodger, user_id).state)
    for some in _pages(pending.bookings):
        history = lodger.read(*some)
        for booking_id in some:
            yield from erasure.of_booking(booking_id, history.stream(BOOKING, booking_id).state)
    for some in _pages(pending.payments):
        history = lodger.read(*some)
        for payment_id in some:
            yield from erasure.of_payment(payment_id, history.stream(PAYMENT, payment_id).state)


def erase_for(lodger: Lodger, call: Call, user_id: UUID, by: Principal) -> Done[User, UserFact]:
    """The same, by an operator. Raises Rejected `own_account` and `role_missing`, too."""
    staff.must_be_another(by, user_id)
    staff.must_be_above(by, lodger.load(USER, user_id).state)
    return erase(lodger, call, user_id)


def erase_again(lodger: Lodger, call: Call, user_id: UUID) -> None:
    """In a restored database: erase whoever is not erased there, and sweep anew. Raises what `erase` does."""
    erase(lodger, call, user_id)
    lodger.erasures.begin(user_id, anew=True)


def must_be_proved(lodger: Lodger, who: Principal, password: str | None) -> None:
    """Whoever asks must be the person, not a browser that was left open: by the password, or, where there is none,
    by having logged in just now. Raises Rejected `credentials_wrong` or `login_not_fresh`."""
    assert who.user_id is not None, "admitted as a user"
    person = lodger.people.get([who.user_id]).get(who.user_id)
    if person is None or person.password_hash is None:
        since = _logged_in_at(lodger, who)
        if since is None or lodger.wall_clock.now() - since > FRESH_LOGIN:
            raise Rejected("login_not_fresh", "Log in once more, and ask again within five minutes.")
    elif password is None or not lodger.passwords.matches(person.password_hash, password):
        raise Rejected("credentials_wrong", "Send your password along: this cannot be undone.")


def _logged_in_at(lodger: Lodger, who: Principal) -> datetime | None:
    assert who.user_id is not None, "admitted as a user"
    if who.credential == "session":
        begun = {str(each.session_id): each.began_at for each in lodger.sessions.of_user(who.user_id)}
    else:
        begun = {str(each.family_id): each.created_at for each in lodger.token_families.of_user(who.user_id)}
    return begun.get(who.credential_id)


# --- carrying it out ------------------------------------------------------------------------------------------


def sweep(lodger: Lodger, user_id: UUID) -> None:
    """Leave nothing readable of somebody who was erased; again changes nothing.

    It may die anywhere and is done again from its beginning. It is also done more than once when all went well: for
    some seconds other processes still know the key, and a request may be under way.
    """
    call = Call(Actor("system", "erasure"), lodger.clock.now(), lodger.new_id(), lodger.new_id())
    credentials.end_all(lodger, user_id)
    lodger.personal_data.destroy_key(user_id)
    _cancel_what_slipped_in(lodger, call, user_id)
    traces = lodger.personal_data.traces(user_id)
    for property_id in traces.properties:
        _forget_property(lodger, call, property_id)
    lodger.personal_data.scrub(user_id, traces, _named(lodger, user_id, traces))


def _cancel_what_slipped_in(lodger: Lodger, call: Call, user_id: UUID) -> None:
    """A booking that was made in the moment in which nothing seemed in the way any more: all of it is paid back."""
    for booking_id in lodger.personal_data.pending(user_id).bookings:
        if any(erasure.of_booking(booking_id, lodger.load(BOOKING, booking_id).state)):
            bookings.cancel_by_platform(lodger, call, booking_id, _SLIPPED_IN)


@retried
def _forget_property(lodger: Lodger, call: Call, property_id: UUID) -> None:
    """Unlink its calendars, with the nights that they block, and forget its words and its place."""
    listing = lodger.load(PROPERTY, property_id)
    state, facts, freed = must_exist(listing.state), tuple[PropertyFact, ...](), tuple[UUID, ...]()
    for feed_id in state.calendars.feeds:
        unlinked = calendar_sync.unlink(must_exist(listing.then(facts).after.state), feed_id)
        facts, freed = (*facts, *unlinked.facts), (*freed, *unlinked.unblock)
    facts = (*facts, *properties.erase(state))
    if facts:
        lodger.append(call, listing.then(facts), nights=NightsChange(give_back=freed) if freed else None)


def _named(lodger: Lodger, user_id: UUID, traces: Traces) -> Named:
    """What their payers' and payees' providers call what they answered, by the facts that have it for evidence."""
    paid = (attempt for booking_id in traces.stays for attempt in attempt_ids(booking_id))
    streams = chain([account_id(user_id)], paid)
    events = chain.from_iterable(lodger.read(*some).in_order() for some in _pages(streams))
    evidence = [found for event in events if (found := getattr(event.fact, "evidence", None)) is not None]
    payouts = account_of(lodger, user_id).state.payouts
    destination = lodger.payees.destination(user_id)
    references = {each.reference for each in evidence} | ({destination.reference} if destination else set())
    return Named(frozenset(references), frozenset(each.sha256 for each in evidence), frozenset(payouts))


def _pages(stream_ids: Iterable[UUID]) -> Iterator[list[UUID]]:
    rest = iter(stream_ids)
    while page := list(islice(rest, _PAGE)):
        yield page


# --- getting one's data ---------------------------------------------------------------------------------------


def export(lodger: Lodger, user_id: UUID) -> tuple[Mapping[str, Section], Sequence[Event]]:
    """All that is kept of a person, and what happened to their account. Raises Rejected `user_not_found`."""
    history = lodger.read(user_id)
    users.must_exist(history.stream(USER, user_id).state)
    return lodger.personal_data.export(user_id, lodger.personal_data.traces(user_id)), history.in_order()

"""Lodger: what every use case is given, and the two moves they all make, load and append."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Concatenate, Final, ParamSpec, TypeVar, cast
from uuid import UUID

from application import ports
from application.api_key_ports import KeySecrets
from application.calls import Call
from application.erasure_ports import Erasures, PersonalData
from application.identity_ports import Identities, IdentityProvider
from application.linked_calendars import CalendarReader, LinkedCalendars, PublishedCalendars
from application.payment_ports import Gateway, GatewayUnavailable, Payers
from application.payout_ports import Payees
from application.photo_ports import PhotoFiles, Photos, Pictures
from application.provider_webhook_ports import ProviderWebhooks
from application.second_factor_ports import Authenticators, SecondFactors
from application.session_ports import Sessions
from application.streams import PROPERTY, Change, Done, F, Kind, PropertyStream, S, Stream, begin, fold
from application.token_ports import Revocations, TokenFamilies
from application.webhook_ports import Webhooks
from domain.events import Event
from domain.payments import PaymentMethod
from domain.rejections import Rejected

TRIES: Final = 4
"""How often a command that keeps losing races is decided anew before the client is asked to come back."""


@dataclass(frozen=True)
class Lodger:
    """The application: ports, wired by `infrastructure.bootstrap`. `wake` tells the workers that there is news.

    `wall_clock` shows real time, which nobody moves: what people log in with goes by it.
    `gateways` says who takes each kind of payment now; `providers` are all that ever did, by name.
    """

    log: ports.EventLog
    memory: ports.Memory
    clock: ports.Clock
    wall_clock: ports.Clock
    people: ports.People
    messages: ports.Messages
    notifications: ports.Notifications
    payers: Payers
    payees: Payees
    provider_webhooks: ProviderWebhooks
    webhooks: Webhooks
    passwords: ports.Passwords
    asked_letters: ports.AskedLetters
    hosted_properties: ports.HostedProperties
    token_families: TokenFamilies
    revocations: Revocations
    sessions: Sessions
    second_factors: SecondFactors
    authenticators: Authenticators
    signer: ports.Signer
    key_secrets: KeySecrets
    identities: Identities
    identity_provider: IdentityProvider | None
    zones: ports.Zones
    gateways: Mapping[PaymentMethod, Gateway]
    providers: Mapping[str, Gateway]
    photos: Photos
    photo_files: PhotoFiles
    pictures: Pictures
    calendar_reader: CalendarReader
    linked_calendars: LinkedCalendars
    published_calendars: PublishedCalendars
    personal_data: PersonalData
    erasures: Erasures
    new_id: Callable[[], UUID]
    wake: Callable[[], None]

    def provider(self, name: str) -> Gateway:
        """The provider that something was begun with, whoever takes new payments by now.

        Raises GatewayUnavailable for one that the settings have no more: it can be asked when they have it again.
        """
        if name not in self.providers:
            raise GatewayUnavailable(f"{name} is not set up")
        return self.providers[name]

    def read(self, *stream_ids: UUID, call: Call | None = None) -> Histories:
        """The history of several streams in one round trip (and the kept answer of `call`, which ends it)."""
        return Histories(self.log.load(stream_ids, call.idempotency if call else None))

    def load(self, kind: Kind[S, F], stream_id: UUID, call: Call | None = None) -> Stream[S, F]:
        """One stream, folded: of one that is remembered only what is new is read."""
        if not kind.remembered:
            return self.read(stream_id, call=call).stream(kind, stream_id)
        generation = self.memory.generation
        known = self._known(kind, stream_id)
        told = self.log.load([stream_id], call.idempotency if call else None, after=known.version)[stream_id]
        if known.version and generation != self.memory.generation:
            return self.load(kind, stream_id, call)  # it was found out while reading that this may be another log
        return self._read_on(known, told)

    def load_properties(self, property_ids: Collection[UUID]) -> Mapping[UUID, PropertyStream]:
        """Properties, each folded as `load` does, in one round trip."""
        listings, _ = self._properties(property_ids, ())
        return listings

    def load_with_claims(
        self, asked: Sequence[ports.Range]
    ) -> Mapping[ports.Range, tuple[PropertyStream, Sequence[ports.Claim]]]:
        """Properties, folded as `load` does, and who has nights of them in each range: all in one round trip."""
        listings, claims = self._properties([property_id for property_id, _, _ in asked], asked)
        return {each: (listings[each[0]], claims[each]) for each in asked}

    def _properties(
        self, property_ids: Collection[UUID], asked: Sequence[ports.Range]
    ) -> tuple[Mapping[UUID, PropertyStream], Mapping[ports.Range, Sequence[ports.Claim]]]:
        generation = self.memory.generation
        known = {property_id: self._known(PROPERTY, property_id) for property_id in property_ids}
        told, claims = self.log.load_with_claims(asked, {each.id: each.version for each in known.values()})
        if generation != self.memory.generation:
            return self._properties(property_ids, asked)  # as in `load`
        return {each.id: self._read_on(each, told[each.id]) for each in known.values()}, claims

    def _known(self, kind: Kind[S, F], stream_id: UUID) -> Stream[S, F]:
        return cast("Stream[S, F] | None", self.memory.recall(stream_id)) or begin(kind, stream_id)

    def _read_on(self, known: Stream[S, F], told: ports.Events) -> Stream[S, F]:
        stream = fold(known, told)
        if told:
            self.memory.remember(stream.id, stream)
        return stream

    def append(
        self,
        call: Call,
        shown: Change[S, F],
        *others: Change[S, F],
        nights: ports.NightsChange | None = None,
        person: ports.NewPerson | None = None,
    ) -> Done[S, F]:
        """Store all changes at once, with the nights they take, and keep the answer that shows `shown`.

        Raises the refusals of `ports.EventLog.append`.
        """
        events = [event for change in (shown, *others) for event in _envelopes(call, change)]
        answer = call.render(shown.after) if call.render else None
        kept = (call.idempotency, _kept(call, answer)) if call.idempotency and answer else None
        after = shown.after
        if events or kept:
            position = self.log.append(events, nights=nights, answer=kept, person=person)
            if events:
                after = replace(after, position=position)
                self.wake()
        if answer is not None:
            answer = replace(answer, position=after.position)
        return Done(after, answer)


@dataclass(frozen=True, slots=True)
class Histories:
    """Loaded events by stream."""

    by_stream: Mapping[UUID, ports.Events]

    def stream(self, kind: Kind[S, F], stream_id: UUID, upto: int | None = None) -> Stream[S, F]:
        return fold(begin(kind, stream_id), self.by_stream[stream_id][:upto])

    def of(self, *stream_ids: UUID) -> Histories:
        """Those of some of the streams."""
        return Histories({stream_id: self.by_stream[stream_id] for stream_id in stream_ids})

    def in_order(self) -> list[Event]:
        """All events, as they stand in the log."""
        return sorted((e for events in self.by_stream.values() for e in events), key=lambda e: e.position or 0)


def _envelopes(call: Call, change: Change[S, F]) -> list[Event]:
    before = change.before
    return [
        Event(
            event_id=call.event_id(before.id, version),
            stream_id=before.id,
            version=version,
            partition_key=before.partition_key,
            fact=fact,
            occurred_at=call.now,
            actor=call.actor,
            command_id=call.command_id,
            correlation_id=call.correlation_id,
            causation_id=call.causation_id,
            person_id=change.written_by or call.person_id if fact.PERSONAL else None,
        )
        for version, fact in enumerate(change.facts, start=before.version + 1)
    ]


def _kept(call: Call, answer: ports.Answer) -> ports.Answer:
    return ports.IN_FLIGHT if call.keeping == "opens" else answer


P = ParamSpec("P")
R = TypeVar("R")


def retried(handler: Callable[Concatenate[Lodger, P], R]) -> Callable[Concatenate[Lodger, P], R]:
    """A command that loses a race for a stream's next version is decided anew on what it finds then."""

    def deciding(lodger: Lodger, /, *args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(TRIES):
            try:
                return handler(lodger, *args, **kwargs)
            except ports.VersionConflict:
                continue
        raise Rejected("busy", "Too many changes at once. Try again in a moment.")

    return update_wrapper(deciding, handler)

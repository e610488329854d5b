"""The only wiring: what stands behind each port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from uuid_utils.compat import uuid7

from application.lodger import Lodger
from application.ports import Clock
from infrastructure import failpoints
from infrastructure.calendars.reader import HttpCalendarReader
from infrastructure.calendars.tables import LinkedCalendarTable, PublishedCalendarTable
from infrastructure.clock import SandboxClock, SystemClock
from infrastructure.database import Database
from infrastructure.event_store.application import Events
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.people import People
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.gateways import catalogue
from infrastructure.gateways.sandbox import SandboxGateway
from infrastructure.gateways.webhooks import ProviderWebhookTable
from infrastructure.memory import StreamMemory
from infrastructure.messages import Messages
from infrastructure.notifications import Notifications
from infrastructure.outgoing import Outgoing
from infrastructure.passwords import Argon2Passwords
from infrastructure.payees import PayeeTable
from infrastructure.payers import PayerTable
from infrastructure.sealing import Sealer
from infrastructure.settings import Settings
from infrastructure.signing import KeyedSigner
from infrastructure.webhooks.endpoints import WebhookEndpoints
from infrastructure.workers.waker import Waker
from infrastructure.zones import ZoneFinder


@dataclass(frozen=True, slots=True)
class Wired:
    """Lodger and the parts of it that the edges need by themselves. `sandbox` is None in production."""

    lodger: Lodger
    events: Events
    log: LogReader
    settings: Settings
    database: Database
    clock: Clock
    sandbox: SandboxGateway | None
    outgoing: Outgoing


def wire(settings: Settings, *, wake: Callable[[], None] | None = None) -> Wired:
    """Connect everything for one process. `wake` replaces the message to the workers (tests)."""
    database = Database(settings.database_url, settings.pool_size)
    sandbox = SandboxGateway(database, settings.public_url) if settings.sandbox else None
    providers = catalogue.made(settings, database)
    clock = _clock(settings, database)
    person_keys = PersonKeys(database, Sealer(settings.secret_keys, "person key"))
    events = Events(database, keys=person_keys)
    outgoing = Outgoing(allow_private=settings.private_addresses)
    lodger = Lodger(
        log=events,
        memory=StreamMemory(database),
        clock=clock,
        people=People(database),
        messages=Messages(database),
        notifications=Notifications(database),
        payers=PayerTable(database),
        payees=PayeeTable(database),
        provider_webhooks=ProviderWebhookTable(database),
        webhooks=WebhookEndpoints(database, Sealer(settings.secret_keys, "webhook secret"), outgoing),
        passwords=Argon2Passwords(),
        signer=KeyedSigner(settings.secret_key),
        zones=ZoneFinder(),
        gateways=catalogue.offered(settings, providers),
        providers=providers,
        calendar_reader=HttpCalendarReader(outgoing),
        linked_calendars=LinkedCalendarTable(database),
        published_calendars=PublishedCalendarTable(database),
        new_id=uuid7,
        wake=wake or Waker(settings.redis_url).wake,
    )
    if settings.failpoint:
        lodger = failpoints.armed(lodger, settings.failpoint)
    return Wired(lodger, events, LogReader(database, events.mapper), settings, database, clock, sandbox, outgoing)


def _clock(settings: Settings, database: Database) -> Clock:
    if not settings.sandbox:
        return SystemClock()
    clock = SandboxClock(database)
    if settings.clock_start is not None:
        clock.start_at(settings.clock_start)
    return clock

"""The only wiring: what stands behind each port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from uuid_utils.compat import uuid7

from application.identity_ports import CALLBACK
from application.lodger import Lodger
from application.ports import Clock
from infrastructure import failpoints
from infrastructure.api_keys import ApiKeyTable
from infrastructure.audit_reads import AuditReadTable
from infrastructure.calendars.reader import HttpCalendarReader
from infrastructure.calendars.tables import LinkedCalendarTable, PublishedCalendarTable
from infrastructure.clock import SandboxClock, SystemClock
from infrastructure.database import Database
from infrastructure.erasure.erasures import ErasureTable
from infrastructure.erasure.personal_data import PersonalDataTables
from infrastructure.event_store.application import Events
from infrastructure.event_store.keyless import KeylessLog
from infrastructure.event_store.log_reader import LogReader
from infrastructure.event_store.people import People
from infrastructure.event_store.person_keys import PersonKeys
from infrastructure.file_stores import store_at
from infrastructure.gateways import catalogue
from infrastructure.gateways.sandbox import SandboxGateway
from infrastructure.gateways.webhooks import ProviderWebhookTable
from infrastructure.hosted_properties import HostedProperties
from infrastructure.identities import IdentityTable
from infrastructure.keyring import Keyring
from infrastructure.mail.asked_letters import AskedLetters
from infrastructure.memory import StreamMemory
from infrastructure.messages import Messages
from infrastructure.notifications import Notifications
from infrastructure.oidc import Client, OpenIdProvider
from infrastructure.outgoing import Outgoing
from infrastructure.passwords import Argon2Passwords
from infrastructure.payees import PayeeTable
from infrastructure.payers import PayerTable
from infrastructure.photos.files import files_of
from infrastructure.photos.pictures import PillowPictures
from infrastructure.photos.table import PhotoTable
from infrastructure.proofs.bundle import Bundles
from infrastructure.proofs.notary import Notary
from infrastructure.proofs.outside import Outside
from infrastructure.purposes import CHECKPOINT
from infrastructure.rights import ANALYST_ROLE, AUDITOR_ROLE, NOTARY_ROLE, OWNER_ROLE, PROJECTOR_ROLE
from infrastructure.second_factors import SecondFactorTable, TimedCodes
from infrastructure.sessions import RedisSessions
from infrastructure.settings import Settings
from infrastructure.signing import KeyedSigner
from infrastructure.token_families import RevokedFamilies, TokenFamilyTable
from infrastructure.webhooks.endpoints import WebhookEndpoints
from infrastructure.workers.waker import Waker
from infrastructure.zones import ZoneFinder

_PROJECTING: Final = 4
"""Connections: a transaction for the rows, one to read the log, and the same for whoever looks on."""


_ANALYSING: Final = 2
_ANALYSING_SECONDS: Final = 10.0
"""Of all dashboards together, and what each may take: bookings go on beside them."""


@dataclass(frozen=True, slots=True)
class Wired:
    """Lodger and the parts of it that the edges need by themselves. `sandbox` is None in production.

    `database` is the writer's pool; `projecting` the projector's, unused where no read model or position is kept;
    `analysts` that of the metrics, unused where nobody asks for them; `auditing` reads the log without keys.
    """

    lodger: Lodger
    events: Events
    log: LogReader
    settings: Settings
    database: Database
    projecting: Database
    analysts: Database
    auditing: Reading
    keyring: Keyring
    clock: Clock
    sandbox: SandboxGateway | None
    outgoing: Outgoing


def wire(settings: Settings, *, wake: Callable[[], None] | None = None) -> Wired:
    """Connect everything for one process. `wake` replaces the message to the workers (tests)."""
    database = Database(settings.database_url, settings.pool_size, transaction_timeout=settings.transaction_seconds)
    sandbox = SandboxGateway(database, settings.public_url) if settings.sandbox else None
    providers = catalogue.made(settings, database)
    clock = _clock(settings, database)
    keyring = Keyring(database, settings.secret_keys)
    person_keys = PersonKeys(database, keyring.sealer("person key"))
    events = Events(database, keys=person_keys)
    outgoing = Outgoing(allow_private=settings.private_addresses)
    signer = KeyedSigner(keyring)
    lodger = Lodger(
        log=events,
        memory=StreamMemory(database),
        clock=clock,
        wall_clock=SystemClock(),
        people=People(database),
        messages=Messages(database),
        notifications=Notifications(database),
        payers=PayerTable(database),
        payees=PayeeTable(database),
        provider_webhooks=ProviderWebhookTable(database),
        webhooks=WebhookEndpoints(database, keyring.sealer("webhook secret"), outgoing),
        passwords=Argon2Passwords(at_once=max(1, settings.api_threads // 2)),
        sessions=RedisSessions(database, settings.redis_url),
        second_factors=SecondFactorTable(database, keyring.sealer("second factor")),
        authenticators=TimedCodes(),
        asked_letters=AskedLetters(database),
        hosted_properties=HostedProperties(database),
        token_families=TokenFamilyTable(database),
        revocations=RevokedFamilies(database),
        signer=signer,
        identities=IdentityTable(database),
        identity_provider=_identity_provider(settings, outgoing),
        key_secrets=ApiKeyTable(database, signer, "live" if settings.env == "production" else "test"),
        zones=ZoneFinder(),
        gateways=catalogue.offered(settings, providers),
        providers=providers,
        photos=PhotoTable(database),
        photo_files=files_of(settings),
        pictures=PillowPictures(),
        calendar_reader=HttpCalendarReader(outgoing),
        linked_calendars=LinkedCalendarTable(database),
        published_calendars=PublishedCalendarTable(database),
        personal_data=PersonalDataTables(settings, person_keys),
        erasures=ErasureTable(database),
        new_id=uuid7,
        wake=wake or Waker(settings.redis_url).wake,
    )
    if settings.failpoint:
        lodger = failpoints.armed(lodger, settings.failpoint)
    log = LogReader(database, events.mapper)
    projecting = Database(settings.database_url, _PROJECTING, role=PROJECTOR_ROLE)
    analysts = wire_analyst(settings, pool_size=_ANALYSING, transaction_timeout=_ANALYSING_SECONDS)
    auditing = wire_auditor(settings)
    return Wired(
        lodger, events, log, settings, database, projecting, analysts, auditing, keyring, clock, sandbox, outgoing
    )


@dataclass(frozen=True, slots=True)
class Reading:
    """The log for somebody who writes none of it, and a pool with the rights for what else they do."""

    database: Database
    events: Events
    log: LogReader

    @property
    def keyless(self) -> KeylessLog:
        return KeylessLog(self.events, self.log)

    @property
    def reads(self) -> AuditReadTable:
        return AuditReadTable(self.database)

    @property
    def bundles(self) -> Bundles:
        return Bundles(self.database)


def wire_projector(
    settings: Settings, *, transaction_timeout: float | None = None, lock_timeout: float = 1.5, keys: bool = True
) -> Reading:
    """Connect whoever keeps read models: without a limit of time where they are made anew, without the keys to what
    people wrote where they are for others to read."""
    database = Database(
        settings.database_url,
        _PROJECTING,
        role=PROJECTOR_ROLE,
        transaction_timeout=transaction_timeout,
        lock_timeout=lock_timeout,
    )
    keyring = Keyring(database, settings.secret_keys)
    return _reading(database, PersonKeys(database, keyring.sealer("person key")) if keys else None)


def wire_notary(settings: Settings) -> Notary:
    """Connect whoever adds to the log's hash tree and signs it: the log is all that they read."""
    database = Database(settings.database_url, pool_size=2, role=NOTARY_ROLE)
    keys = partial(Keyring(database, settings.secret_keys).keys, CHECKPOINT)
    outside = Outside(store_at(settings.checkpoint_store, settings))
    log = LogReader(database, Events(database).mapper)
    return Notary(database, log, keys, outside, settings.public_url)


def wire_auditor(settings: Settings) -> Reading:
    """Connect whoever looks at what happened: without the keys to what people wrote."""
    return _reading(Database(settings.database_url, pool_size=2, role=AUDITOR_ROLE), None)


def wire_owner(settings: Settings) -> Reading:
    """Connect whoever puts a whole log into an empty store: as long as it takes, and without anybody's keys."""
    return _reading(Database(settings.database_url, pool_size=1, role=OWNER_ROLE, lock_timeout=10.0), None)


def wire_analyst(settings: Settings, *, pool_size: int = 1, transaction_timeout: float | None = None) -> Database:
    """Connect whoever reads the views of the schema `analytics`, and nothing else."""
    return Database(settings.database_url, pool_size, role=ANALYST_ROLE, transaction_timeout=transaction_timeout)


def _reading(database: Database, keys: PersonKeys | None) -> Reading:
    events = Events(database, keys=keys)
    return Reading(database, events, LogReader(database, events.mapper))


def _identity_provider(settings: Settings, outgoing: Outgoing) -> OpenIdProvider | None:
    if not settings.oidc_issuer:
        return None
    callback_url = settings.public_url + CALLBACK
    client = Client(settings.oidc_client_id, settings.oidc_client_secret, callback_url)
    return OpenIdProvider(outgoing, settings.oidc_issuer, client)


def _clock(settings: Settings, database: Database) -> Clock:
    if not settings.sandbox:
        return SystemClock()
    clock = SandboxClock(database)
    if settings.clock_start is not None:
        clock.start_at(settings.clock_start)
    return clock

"""Properties as analysts see them: what they were like from when to when, and which nights they offered."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from domain.events import Event
from domain.pricing import CancellationPolicy
from domain.properties import (
    BookingMode,
    HouseRules,
    NightsBlocked,
    NightsUnblocked,
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyErased,
    PropertyHouseRulesChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyPublished,
    PropertyUnpublished,
    Status,
)
from domain.stays import local_date
from projections.analytics_blocks import TABLE, Blocks
from projections.listing_rows import key_of
from projections.projection import Cursor

_SHOWN: Final = (
    PropertyCreated,
    PropertyDetailsChanged,
    PropertyLocationChanged,
    PropertyPricingChanged,
    PropertyHouseRulesChanged,
    PropertyPublished,
    PropertyUnpublished,
    PropertyErased,
)
FACTS: Final = (*_SHOWN, NightsBlocked, NightsUnblocked)
TABLES: Final = ("analytics_properties", TABLE, "analytics_calendars")
_UTC: Final = "Etc/UTC"
_RULES: Final = HouseRules()


@dataclass(frozen=True, slots=True)
class Version:
    """What a property was like from `valid_from` on. What its host had not told by then is None.

    No word of a host's own is in it but the city, which is gone from all versions once the host is forgotten.
    """

    property_id: UUID
    version: int
    valid_from: datetime
    valid_to: datetime | None
    host_id: UUID
    status: Status = "draft"
    source: str | None = None
    market: str | None = None
    city: str | None = None
    city_key: str | None = None
    country: str | None = None
    zone: str | None = None
    property_type: str | None = None
    room_type: str | None = None
    guests: int | None = None
    bedrooms: int | None = None
    beds: int | None = None
    bathrooms_halves: int | None = None
    currency: str | None = None
    nightly_minor: int | None = None
    weekend_minor: int | None = None
    cleaning_fee_minor: int | None = None
    minimum_nights: int = _RULES.minimum_nights
    maximum_nights: int = _RULES.maximum_nights
    cancellation_policy: CancellationPolicy = _RULES.cancellation_policy
    booking_mode: BookingMode = _RULES.booking_mode


def apply(cursor: Cursor, events: Sequence[Event], resold: Collection[UUID]) -> None:
    """`resold` are the properties whose sold nights may be others now."""
    told = [event for event in events if isinstance(event.fact, FACTS)]
    current = _load(cursor, {event.stream_id for event in told})
    blocks = Blocks()
    for event in told:
        if isinstance(event.fact, _SHOWN):
            before = current.get(event.stream_id)
            current[event.stream_id] = after = evolve(before, event)
            _save(cursor, before, after)
            _list(cursor, event, after)
            if isinstance(event.fact, PropertyErased):
                _forget(cursor, event.stream_id)
        else:
            _block(blocks, event, current[event.stream_id])
    blocks.save(cursor)
    _find_blocked(cursor, blocks.property_ids)
    _find_sold(cursor, resold)


def evolve(before: Version | None, event: Event) -> Version:
    """The version from this event on. What happens at the same instant makes one version together."""
    fact, at = event.fact, event.occurred_at
    if isinstance(fact, PropertyCreated):
        source, market = (fact.source.name, fact.source.market) if fact.source else (None, None)
        return Version(event.stream_id, 1, at, None, fact.host_id, source=source, market=market)
    assert before is not None, "a property's first event is PropertyCreated"
    number = before.version + (at > before.valid_from)
    after = replace(before, version=number, valid_from=max(at, before.valid_from))
    match fact:
        case PropertyDetailsChanged(d):
            told = (d.property_type, d.room_type, d.guests, d.bedrooms, d.beds, d.bathrooms_halves)
            names = ("property_type", "room_type", "guests", "bedrooms", "beds", "bathrooms_halves")
            changed = replace(after, **dict(zip(names, told, strict=True)))  # type: ignore[arg-type]
        case PropertyLocationChanged(p):
            changed = replace(after, city=p.city, city_key=key_of(p.city), country=p.country, zone=p.zone)
        case PropertyPricingChanged(p):
            fees = {"weekend_minor": p.weekend, "cleaning_fee_minor": p.cleaning_fee}
            changed = replace(
                after,
                currency=p.currency,
                nightly_minor=p.nightly.minor,
                **{name: fee.minor if fee else None for name, fee in fees.items()},  # type: ignore[arg-type]
            )
        case PropertyHouseRulesChanged(rules):
            changed = replace(
                after,
                minimum_nights=rules.minimum_nights,
                maximum_nights=rules.maximum_nights,
                cancellation_policy=rules.cancellation_policy,
                booking_mode=rules.booking_mode,
            )
        case PropertyPublished():
            changed = replace(after, status="published")
        case PropertyUnpublished():
            changed = replace(after, status="unpublished")
        case PropertyErased():
            gone = "" if before.city is not None else None
            changed = replace(after, status="unpublished", city=gone, city_key=gone)
        case _:
            raise AssertionError(f"{fact.TOPIC} changes nothing that is shown")
    same = replace(changed, version=before.version, valid_from=before.valid_from) == before
    return before if same else changed


# --- versions -----------------------------------------------------------------------------------------------


_COLUMNS: Final = tuple(field.name for field in fields(Version))
_SELECTED: Final = ", ".join(_COLUMNS)


def _load(cursor: Cursor, property_ids: Iterable[UUID]) -> dict[UUID, Version]:
    """The versions of today."""
    cursor.execute(
        f"SELECT {_SELECTED} FROM analytics_properties WHERE property_id = ANY (%s) AND valid_to IS NULL",  # noqa: S608
        [list(property_ids)],
    )
    return {row[0]: Version(*row) for row in cursor.fetchall()}


def _save(cursor: Cursor, before: Version | None, after: Version) -> None:
    if after == before:
        return
    if before is not None and before.version != after.version:
        cursor.execute(
            "UPDATE analytics_properties SET valid_to = %s WHERE property_id = %s AND version = %s",
            [after.valid_from, before.property_id, before.version],
        )
    cursor.execute(
        f"""INSERT INTO analytics_properties ({_SELECTED}) VALUES %s
            ON CONFLICT (property_id, version) DO UPDATE
            SET ({_SELECTED}) = ({", ".join(f"excluded.{column}" for column in _COLUMNS)})""",  # noqa: S608 - constants
        [tuple(getattr(after, name) for name in _COLUMNS)],
    )


def _forget(cursor: Cursor, property_id: UUID) -> None:
    """The log tells of no version any more where it was."""
    cursor.execute(
        "UPDATE analytics_properties SET city = '', city_key = '' WHERE property_id = %s AND city <> ''", [property_id]
    )


# --- nights -------------------------------------------------------------------------------------------------


def _list(cursor: Cursor, event: Event, after: Version) -> None:
    """Offered are the nights from the day it is published on, up to the day that it is offered no more."""
    today = _today(event, after)
    match event.fact:
        case PropertyCreated():
            cursor.execute(
                "INSERT INTO analytics_calendars (property_id, first_night) VALUES (%s, %s)", [after.property_id, today]
            )
        case PropertyPublished():
            cursor.execute(
                """UPDATE analytics_calendars SET listed = listed + datemultirange(daterange(%s, NULL))
                   WHERE property_id = %s""",
                [today, after.property_id],
            )
        case PropertyUnpublished() | PropertyErased():
            cursor.execute(
                """UPDATE analytics_calendars SET listed = listed * datemultirange(daterange(NULL, %s))
                   WHERE property_id = %s""",
                [today, after.property_id],
            )
        case _:
            pass


def _block(blocks: Blocks, event: Event, at: Version) -> None:
    match event.fact:
        case NightsBlocked(put):
            blocks.put(event.stream_id, put)
        case NightsUnblocked(block_ids):
            blocks.take_away(event.stream_id, block_ids, _today(event, at))
        case _:
            raise AssertionError(f"{event.fact.TOPIC} blocks nothing")


def _find_blocked(cursor: Cursor, property_ids: Collection[UUID]) -> None:
    if property_ids:
        cursor.execute(
            """UPDATE analytics_calendars c SET (blocked, imported) = (
                   SELECT coalesce(range_agg(daterange(first, until)) FILTER (WHERE NOT is_imported), '{}'),
                          coalesce(range_agg(daterange(first, until)) FILTER (WHERE is_imported), '{}')
                   FROM analytics_blocks b WHERE b.property_id = c.property_id)
               WHERE property_id = ANY (%s)""",
            [list(property_ids)],
        )


def _find_sold(cursor: Cursor, property_ids: Collection[UUID]) -> None:
    if property_ids:
        cursor.execute(
            """UPDATE analytics_calendars c SET sold = coalesce((
                   SELECT range_agg(daterange(night, night + 1)) FROM analytics_nights n
                   WHERE n.property_id = c.property_id AND is_sold), '{}')
               WHERE property_id = ANY (%s)""",
            [list(property_ids)],
        )


def _today(event: Event, at: Version) -> date:
    """The day at the property, as far as it is known where that is."""
    return local_date(event.occurred_at, at.zone or _UTC)

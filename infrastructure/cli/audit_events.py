"""`lodger audit events`: find events by what they concern, who acted, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

import click

from api.answers import text
from api.schemas.audit import shown
from api.schemas.audit_states import AuditEventSchema
from domain.catalogue import FACTS
from domain.events import ActorKind
from domain.prefixes import At
from domain.rejections import Rejected
from infrastructure.cli import audit_tables
from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.cli.when import When
from infrastructure.refusals import Refused
from projections.positions import reached
from projections.trail import TRAIL, Asked, find


@click.command()
@click.option("--stream", type=click.UUID, help="Of a user, property, booking, payment, host's account or review.")
@click.option("--booking", type=click.UUID, help="With its payments, reviews, and what names it of its host's account.")
@click.option("--payment", type=click.UUID)
@click.option("--user", type=click.UUID, help="Whom it concerns: as guest, host, author, or by their account.")
@click.option("--type", "type_", type=click.Choice(sorted(FACTS)), metavar="TYPE", help="As in docs/events.md.")
@click.option("--actor", help="Who acted: a user's id, a provider's or a process's name.")
@click.option("--actor-kind", type=click.Choice(get_args(ActorKind)))
@click.option("--from", "since", type=When(), help="Recorded then or later: a day or an instant.")
@click.option("--to", "until", type=When(), help="Recorded before: a day or an instant.")
@click.option("--after", type=click.IntRange(0), help="At positions behind this one.")
@click.option("--before", type=click.IntRange(0), help="At positions before this one.")
@click.option("--order", type=click.Choice(["newest", "oldest"]), default="newest", show_default=True)
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event, for programs.")
def command(
    since: At | None,
    until: At | None,
    type_: str | None,
    order: Literal["newest", "oldest"],
    limit: int,
    as_json: bool,
    **given: UUID | str | int | None,
) -> None:
    """Events of which all of these are true; what people wrote in them is sealed."""
    asked = Asked(
        type=type_,
        since=_instant(since, "--from"),
        until=_instant(until, "--to"),
        newest_first=order == "newest",
        **given,  # type: ignore[arg-type]  # each is what its option makes it
    )
    if _is_reversed(asked.since, asked.until) or _is_reversed(asked.after, asked.before):
        raise click.UsageError("What you ask for ends before it begins.")
    reading = auditing(current_settings())
    with reading.database.connection() as connection, connection.cursor() as cursor:
        upto = reached(cursor, TRAIL.name)
        found = find(cursor, asked, None, limit)
    places = {each.position: each for each in found.items}
    try:
        events = reading.keyless.at(list(places))
    except Rejected as refusal:
        raise Refused(f"{refusal} See ./run lodger audit verify.") from refusal
    if as_json:
        for event in events:
            click.echo(text(AuditEventSchema, shown(event, places[event.position])))
    else:
        audit_tables.show(audit_tables.events(events))
    more = " There are more: see --limit." if found.after else ""
    for position in places.keys() - {event.position for event in events}:
        click.echo(f"The event at position {position} was removed: see ./run lodger audit verify.", err=True)
    click.echo(f"{len(events)} events. The log was looked at up to position {upto}.{more}", err=True)


def _instant(moment: At | None, option: str) -> datetime | None:
    if moment is None or isinstance(moment, datetime):
        return moment
    raise click.UsageError(f"{option} is a day or an instant: for positions there are --after and --before.")


def _is_reversed(first: Any, last: Any) -> bool:
    return first is not None and last is not None and first > last

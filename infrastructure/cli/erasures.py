"""`lodger erasures`: who was erased, and seeing to it that a restored backup brings nobody back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import click

from application import erasure
from application.calls import Call
from application.lodger import Lodger
from domain.events import Actor
from domain.rejections import Rejected
from infrastructure.bootstrap import wire
from infrastructure.cli.environment import current_settings
from infrastructure.refusals import Refused


@click.group()
def command() -> None:
    """See who was erased, by id, and erase them again in a restored database."""


@command.command("list")
def list_() -> None:
    """One line for each: the id, since when, how often everything was swept, and whether that is over.

    Keep what this prints outside the database, as often as backups are made: it is what `reapply` is given.
    """
    for each in wire(current_settings(), wake=lambda: None).lodger.erasures.listed():
        standing = f"done {each.done_at:%Y-%m-%d}" if each.done_at else "goes on"
        click.echo(f"{each.user_id}  {each.begun_at:%Y-%m-%dT%H:%M:%SZ}  {each.sweeps}  {standing}")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--as", "name", required=True, help="Who you are; it is kept.")
@click.option("--reason", required=True, help="Why; it is kept for good: name nobody.")
def reapply(file: Path | None, name: str, reason: str) -> None:
    """After a backup was restored: erase again everybody in FILE, which `list` printed, and sweep all who were erased.

    Exits with 1 when somebody cannot be erased yet, because a booking or money of theirs is under way in the restored
    database: see to it, and run this once more.
    """
    lodger = wire(current_settings()).lodger
    listed = [each.user_id for each in lodger.erasures.listed()]
    named = list(_named(file)) if file else []
    blocked = 0
    for user_id in dict.fromkeys([*listed, *named]):
        call = Call(Actor("operator", name, reason), lodger.clock.now(), lodger.new_id(), lodger.new_id())
        outcome = _reapplied(lodger, call, user_id)
        blocked += outcome.startswith("blocked")
        click.echo(f"{user_id}  {outcome}")
    if blocked:
        raise click.exceptions.Exit(1)


def _reapplied(lodger: Lodger, call: Call, user_id: UUID) -> str:
    try:
        erasure.erase_again(lodger, call, user_id)
    except Rejected as refusal:
        if refusal.code == "user_not_found":
            return "not in this database"
        return f"blocked: {refusal.details.get('obstacles', refusal.message)}"
    return "erased"


def _named(file: Path) -> Iterator[UUID]:
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        try:
            yield UUID(line.split()[0])
        except (IndexError, ValueError):
            raise Refused(f"Line {number} of {file} does not begin with an id: is it what `list` printed?") from None

"""`lodger keys`: which keys there are, rotating them, and taking them to a safe place. No key is ever shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from application import platform
from application.calls import Call
from application.lodger import Lodger
from domain.events import Actor
from domain.platform import KeysBackedUp, KeysRestored
from infrastructure import key_backup
from infrastructure.bootstrap import Wired, wire
from infrastructure.cli.environment import current_settings
from infrastructure.key_rotation import Rotation
from infrastructure.purposes import PURPOSES
from infrastructure.refusals import Refused


def _acting(act: Callable[..., None]) -> Callable[..., None]:
    """An act asks who does it and why: both are kept with the event."""
    act = click.option("--reason", required=True, help="Why; it is kept with the event.")(act)
    return click.option("--as", "name", required=True, help="Who you are; it is kept with the event.")(act)


_WIDTH: Final = 132
"""Of the list. In a narrower window its lines are broken rather than cut."""

_PASSPHRASE = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Its first line is the passphrase. [default: asked for]",
)


@click.group()
def command() -> None:
    """Look after keys. docs/security.md says what each is for, docs/operating.md what to do when one is stolen."""


@command.command("list")
def list_() -> None:
    """Every key by purpose: its id, its age and what becomes of it."""
    wired = wire(current_settings(), wake=lambda: None)
    _establish(wired)
    state = platform.platform(wired.lodger)
    table = Table(box=None)
    for heading in ("purpose", "key", "made", "standing", "backup"):
        table.add_column(heading, no_wrap=True)
    table.add_column("for")
    for purpose, key_id, made_at, standing in _rows(wired):
        saved = "yes" if state.has_backup and (purpose, key_id) not in state.unsaved else "no"
        what = PURPOSES[purpose].what if purpose in PURPOSES else ""
        table.add_row(purpose, key_id, f"{made_at:%Y-%m-%d}", standing, saved, what)
    table.add_row("root", "", "", "LODGER_SECRET_KEY" + _before(wired), "", "seals all of the above")
    table.add_row("operator's token", "", "", "LODGER_OPERATOR_TOKEN", "", "/v1/operator, before there is an admin")
    Console(width=max(Console().width, _WIDTH)).print(table)


@command.command()
@click.argument("purposes", metavar="[PURPOSE] …", nargs=-1, type=click.Choice(list(PURPOSES)))
@click.option("--all", "all_", is_flag=True, help="A new key for every purpose.")
@click.option("--root", is_flag=True, help="Seal every key under the LODGER_SECRET_KEY that the settings have by now.")
@_acting
def rotate(purposes: tuple[str, ...], *, all_: bool, root: bool, name: str, reason: str) -> None:
    """Make new keys while everything runs. What was signed before counts until its end.

    Takes up to a minute: every process hears of a key before it is used.
    """
    if bool(purposes) + all_ + root != 1:
        raise click.UsageError("Name the purposes, or say --all, or --root.")
    wired = wire(current_settings(), wake=lambda: None)
    _establish(wired)
    rotation = _rotation(wired, name, reason)
    if root:
        click.echo(f"{rotation.rotate_root()} keys were sealed anew. LODGER_SECRET_KEYS_BEFORE can be empty now.")
        return
    rotation.rotate(list(PURPOSES) if all_ else list(dict.fromkeys(purposes)))
    click.echo("New keys are in use. They are in no backup yet: ./run lodger keys backup")


@command.command()
@click.argument("purpose", type=click.Choice(list(PURPOSES)))
@click.argument("key_id", metavar="KEY")
@_acting
def end(purpose: str, key_id: str, name: str, reason: str) -> None:
    """Destroy a former key now: whatever it has signed or digested is worth nothing from this moment."""
    _rotation(wire(current_settings(), wake=lambda: None), name, reason).end(purpose, key_id)
    click.echo(f"{key_id} of {purpose} is destroyed.")


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_PASSPHRASE
@_acting
def backup(file: Path, passphrase_file: Path | None, name: str, reason: str) -> None:
    """Write every key into FILE, which a passphrase opens. Keep it apart from backups of the database."""
    passphrase = _passphrase(passphrase_file, confirm=True)
    if len(passphrase) < key_backup.PASSPHRASE_LEAST:
        raise Refused(f"A passphrase has {key_backup.PASSPHRASE_LEAST} characters or more.")
    wired = wire(current_settings(), wake=lambda: None)
    _establish(wired)
    count = key_backup.save(wired.database, wired.keyring, file, passphrase)
    platform.record(wired.lodger, _caller(wired.lodger, name, reason)(), KeysBackedUp())
    click.echo(f"{count} keys are in {file}.")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_PASSPHRASE
@_acting
def restore(file: Path, passphrase_file: Path | None, name: str, reason: str) -> None:
    """Give a restored database its keys back from FILE, sealed under the LODGER_SECRET_KEY of the settings."""
    saved = key_backup.read(file, _passphrase(passphrase_file, confirm=False))
    wired = wire(current_settings(), wake=lambda: None)
    platform.record(wired.lodger, _caller(wired.lodger, name, reason)(), KeysRestored())
    count = key_backup.put_back(wired.database, wired.keyring, saved)
    click.echo(f"{count} of {len(saved)} keys were put back; the others were there.")


def _establish(wired: Wired) -> None:
    """Nothing that is listed or saved is left out because nobody has used it yet."""
    for purpose in PURPOSES:
        wired.keyring.keys(purpose)


def _rows(wired: Wired) -> list[tuple[str, str, datetime, str]]:
    with wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT purpose, key_id, made_at, coalesce(used_from > clock_timestamp(), true), ends_at, destroyed_at
               FROM keyring ORDER BY purpose, made_at"""
        )
        return [
            (purpose, key_id, made_at, _standing(wired, purpose, key_id, *more))
            for purpose, key_id, made_at, *more in cursor.fetchall()
        ]


def _standing(
    wired: Wired, purpose: str, key_id: str, is_announced: bool, ends_at: datetime | None, destroyed_at: datetime | None
) -> str:
    if destroyed_at is not None:
        return f"destroyed {destroyed_at:%Y-%m-%d %H:%M} UTC"
    if ends_at is not None:
        return f"counts until {ends_at:%Y-%m-%d %H:%M} UTC"
    if is_announced:
        return "announced"
    return "in use" if key_id == wired.keyring.keys(purpose).current.id else "counts until it is ended"


def _before(wired: Wired) -> str:
    count = len(wired.settings.secret_keys) - 1
    return f", {count} before it" if count else ""


def _rotation(wired: Wired, name: str, reason: str) -> Rotation:
    return Rotation(wired.lodger, wired.database, wired.keyring, _caller(wired.lodger, name, reason))


def _caller(lodger: Lodger, name: str, reason: str) -> Callable[[], Call]:
    actor = Actor("operator", name, reason)
    return lambda: Call(actor, lodger.clock.now(), lodger.new_id(), lodger.new_id())


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is None:
        said: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm)
        return said
    return file.read_text().partition("\n")[0]

"""`lodger import audit`: a log from its bundle, into a store that has none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain.checkpoints import BadCheckpoint
from infrastructure.bootstrap import wire_owner, wire_projector
from infrastructure.cli.environment import current_settings, end_on_signals
from infrastructure.database import Unavailable
from infrastructure.proofs.bundle_check import WRONG, BadBundle, Bundle, check, open_bundle, told, trusted
from infrastructure.proofs.restore import must_be_empty, must_be_whole, restore
from infrastructure.refusals import Refused
from infrastructure.schema import must_be_current
from infrastructure.settings import Settings
from infrastructure.workers.rebuild import rebuild
from projections import catalogue

_LEFT_OUT = """A bundle has no names and addresses, no keys to what people wrote, no messages, no pictures, and none of
the providers' answers: docs/auditors.md says how to bring them. Run one Lodger with this history, not two."""


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that you kept: the bundle must have what it is of.",
)
@click.option("--key", "keys", multiple=True, help="A public key that you trust; more than one may be.")
def audit(file: Path, since: Path | None, keys: tuple[str, ...]) -> None:
    """Verify a bundle, FILE, and restore its log into an empty store.

    Nothing is written unless all of it verifies. Ends with 0 when the log is restored and the read models are made from
    it, with 3 when the history in the bundle is not what was signed, and with 1 when it is no whole bundle, or of
    another log, or the store is not empty.
    """
    end_on_signals()
    settings = current_settings()
    must_be_current(settings.database_url)
    shown = (TextColumn("{task.description:14}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*shown, console=Console(stderr=True), transient=True) as bars, open_bundle(file) as bundle:
            position = _restored(settings, bundle, since.read_text() if since else None, list(keys), bars)
            _follow(settings, bars)
    except (BadBundle, BadCheckpoint, UnicodeDecodeError) as error:
        raise Refused(f"Nothing was restored: {error}") from error
    except Unavailable as error:
        raise Refused(f"PostgreSQL stopped answering ({error}). Whatever was under way is undone.") from error
    except KeyboardInterrupt:
        click.echo("Interrupted. Whatever was under way is undone.", err=True)
        sys.exit(130)
    click.echo(f"The log is restored up to position {position}, and the read models with it.\n{_LEFT_OUT}")


def _restored(settings: Settings, bundle: Bundle, since: str | None, keys: list[str], bars: Progress) -> int:
    """Verify first, all of it; ends the process when something is wrong."""
    owner = wire_owner(settings)
    must_be_whole(bundle.manifest)
    must_be_empty(owner.database)
    believed = trusted(bundle, keys)
    audit = check(bundle, believed, since, _shown(bars, "verifying"))
    for line in told(bundle, audit, is_trusted=bool(keys)):
        click.echo(line)
    if audit.found:
        click.echo("Nothing was restored.")
        sys.exit(WRONG)
    return restore(owner.database, owner.events.mapper, bundle, believed, _shown(bars, "restoring"))


def _follow(settings: Settings, bars: Progress) -> None:
    reading = wire_projector(settings, transaction_timeout=0, lock_timeout=60)
    for projection in catalogue.running(audit=settings.audit_projection):
        if projection.rebuildable:
            rebuild(reading.database, reading.log, projection, _shown(bars, projection.name))


def _shown(bars: Progress, what: str) -> Callable[[int, int], None]:
    task = bars.add_task(what, total=None)
    return lambda done, whole: bars.update(task, completed=done, total=whole)

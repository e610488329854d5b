"""`lodger audit verify`: whether history is what it was."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress

from domain.checkpoints import NOTE_MOST
from domain.log_audit import Audit
from infrastructure.bootstrap import wire_auditor
from infrastructure.cli.environment import current_settings
from infrastructure.file_stores import StoreUnavailable, store_at
from infrastructure.proofs.outside import Outside
from infrastructure.proofs.verify import Verifier
from infrastructure.refusals import Refused

WRONG: Final = 3
"""The exit code for a history that is not what it was. 1 is a refusal, 2 a mistake in the command."""


@click.command()
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that you kept: the log must be consistent with it.",
)
def verify(since: Path | None) -> None:
    """Whether anything of the log was edited, removed, inserted, moved or cut since it was signed.

    The database and the checkpoints outside of it are compared. Ends with 0 when all is well, with 3 when something is
    wrong, which is then named by its position, and with 1 when it could not be found out.
    """
    settings = current_settings()
    reading = wire_auditor(settings)
    outside = Outside(store_at(settings.checkpoint_store, settings))
    note = since.read_bytes()[: NOTE_MOST * 4].decode(errors="replace") if since else None
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("verifying", total=None)
        try:
            audit = Verifier(reading.database, reading.log, outside, note).verify(
                lambda position, last: progress.update(task, completed=position, total=last)
            )
        except StoreUnavailable as error:
            raise Refused(f"The checkpoints outside cannot be read: {error}") from error
    conclude(audit)


def conclude(audit: Audit) -> None:
    """Say what was found, and end the process by it."""
    for line in audit.summary():
        click.echo(line)
    click.echo("Something is wrong." if audit.found else "History is what it was.")
    sys.exit(WRONG if audit.found else 0)

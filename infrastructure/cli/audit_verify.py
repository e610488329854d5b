"""`lodger audit verify`: whether history is what it was."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from domain.checkpoints import NOTE_MOST
from domain.log_audit import Audit
from infrastructure.cli.auditing import auditing
from infrastructure.cli.environment import current_settings
from infrastructure.file_stores import StoreUnavailable, store_at
from infrastructure.proofs import bundle_check
from infrastructure.proofs.bundle_check import WRONG
from infrastructure.proofs.outside import Outside
from infrastructure.proofs.verifier_file import single_file
from infrastructure.proofs.verify import Verifier
from infrastructure.refusals import Refused


@click.command()
@click.option(
    "--since",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A checkpoint that you kept: the log must be consistent with it.",
)
@click.option(
    "--bundle",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Verify this export instead of the database.",
)
@click.option("--key", "keys", multiple=True, help="Of a bundle: a public key that you trust; more than one may be.")
def verify(since: Path | None, bundle: Path | None, keys: tuple[str, ...]) -> None:
    """Whether anything of the log was edited, removed, inserted, moved or cut since it was signed.

    The database and the checkpoints outside of it are compared. Ends with 0 when all is well, with 3 when something is
    wrong, which is then named by its position, and with 1 when it could not be found out.
    """
    if bundle is not None:
        sys.exit(bundle_check.main([str(bundle), *_given("--since", since), *_given("--key", *keys)]))
    settings = current_settings()
    reading = auditing(settings)
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


@click.command()
def verifier() -> None:
    """Print the verifier of bundles as one Python file, which runs without Lodger."""
    click.echo(single_file(), nl=False)


def _given(name: str, *values: object) -> list[str]:
    return [text for value in values if value is not None for text in (name, str(value))]


def conclude(audit: Audit) -> None:
    """Say what was found, and end the process by it."""
    for line in audit.summary():
        click.echo(line)
    click.echo("Something is wrong." if audit.found else "History is what it was.")
    sys.exit(WRONG if audit.found else 0)

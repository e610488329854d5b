"""`lodger migrate`."""

from __future__ import annotations

import click

from infrastructure.cli.environment import current_settings
from infrastructure.cli.projections import rebuild_
from infrastructure.database import Unavailable
from infrastructure.refusals import Refused
from infrastructure.schema import migrate


@click.command()
@click.pass_context
def command(context: click.Context) -> None:
    """Bring the database's schema up to date and rebuild read models that changed. Safe to run again."""
    try:
        migrate(current_settings().database_url, click.echo)
    except Unavailable as error:
        raise Refused(f"PostgreSQL does not answer ({str(error).strip()}). Try: ./run lodger doctor") from None
    context.invoke(rebuild_, names=(), changed=True, everything=False, only_compare=False)

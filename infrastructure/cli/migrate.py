"""`lodger migrate`."""

from __future__ import annotations

import click
import sqlalchemy.exc

from infrastructure.cli.environment import current_settings
from infrastructure.database import current_revision, head_revision, migrate
from infrastructure.refusals import Refused


@click.command()
def command() -> None:
    """Bring the database's schema up to date. Safe to run again."""
    url = current_settings().database_url
    try:
        found, newest = current_revision(url), head_revision()
        if (found or "") > newest:
            raise Refused(
                f"The database is at revision {found}; this version of Lodger knows revisions up to {newest}. "
                f"Go back to the newer version (git pull), or restore a backup from before."
            )
        migrate(url, click.echo)
    except sqlalchemy.exc.OperationalError as error:
        raise Refused(f"PostgreSQL does not answer ({str(error.orig).strip()}). Try: ./run lodger doctor") from None

"""`lodger sql`: psql as the analyst."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click
from psycopg2.extensions import make_dsn, parse_dsn

from infrastructure.cli.environment import current_settings
from infrastructure.database import engine_url
from infrastructure.embedded.postgres import program
from infrastructure.refusals import Refused
from infrastructure.rights import ANALYST_ROLE, ANALYTICS, TRANSACTION_SECONDS

_OPTIONS: Final[Mapping[str, str]] = {
    "role": ANALYST_ROLE,
    "search_path": ANALYTICS,
    "default_transaction_read_only": "on",
    "statement_timeout": f"{TRANSACTION_SECONDS[ANALYST_ROLE]:.0f}s",
    "idle_in_transaction_session_timeout": "10min",
}


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[PSQL OPTIONS]")
def command(arguments: tuple[str, ...]) -> None:
    """Open psql as the analyst, who reads the schema `analytics` and nothing else.

    Options are psql's: -c 'TABLE positions' asks one question, --csv answers as CSV, -f FILE runs a file.
    """
    run, environment = psql(current_settings().database_url, arguments)
    sys.stdout.flush()
    os.execve(run[0], run, environment)  # noqa: S606 - what the user asked for


def psql(database_url: str, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The command and its environment, where a password has its place. Raises Refused where there is no psql."""
    path = program("psql") or shutil.which("psql")
    if path is None:
        raise Refused("There is no psql here. Install PostgreSQL's client, or use any other tool: docs/analysts.md")
    url = engine_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    parts = parse_dsn(url)
    given = {name: value for name, value in os.environ.items() if name not in ("PGOPTIONS", "PGPASSWORD")}
    password = {"PGPASSWORD": parts.pop("password")} if "password" in parts else {}
    options = " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items())
    said = " ".join(filter(None, [parts.pop("options", ""), options]))
    # A script stops where something goes wrong, and does not depend on somebody's settings.
    quiet = ["--no-psqlrc", "--set=ON_ERROR_STOP=1"] if arguments else []
    run = [path, *quiet, "--dbname", make_dsn(**parts, application_name="lodger sql"), *arguments]
    return run, {**given, **password, "PGOPTIONS": said}

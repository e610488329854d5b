"""The command line. Each command or group is one module here with a click command named `command`."""

from __future__ import annotations

import importlib
import sys

import click

COMMANDS = {
    "demo": "the stack with a demonstration city, step by step",
    "up": "servers, API and workers; keeps its data between runs",
    "doctor": "check servers and settings, name what is missing",
    "migrate": "bring the database's schema up to date",
    "serve": "run the API",
    "worker": "run the projections, or the reactions with deadlines and mail",
    "metrics": "serve /metrics for the API and the workers",
    "mail-sink": "take every mail and show it in an inbox page",
    "settings": "show the settings, or the table of all of them",
    "events": "list the events there are, or the catalogue of all of them",
    "graphql": "print the schema of the graph",
    "audit": "replay and check what happened",
    "projections": "see, rebuild and repair the read models",
    "analytics": "hold the analysts' views against the ledger, load exchange rates",
    "sql": "open psql as the analyst",
    "export": "write the analysts' views to Parquet and CSV, the log as a bundle for auditors",
    "users": "look up users, give and take roles, suspend, reinstate and erase",
    "erasures": "see who was erased, and erase them again in a restored database",
    "payments": "ask payment providers, and compare with them",
    "keys": "list, rotate, back up and restore keys",
    "import": "load listings and calendars from elsewhere, or a log from its bundle",
}
"""Every command and what it is for. Kept here so that help needs no module: `x-y` is in `x_y.py`, `import` in
`import_.py`."""


class LazyGroup(click.Group):
    """Loads a command's module when it is used: help stays quick, and one broken module breaks one command."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_") if cmd_name != "import" else "import_"
        path = f"infrastructure.cli.{module}"
        try:
            command: click.Command = importlib.import_module(path).command
        except ModuleNotFoundError as error:
            if error.name != path:
                raise
            raise click.ClickException(f"`{cmd_name}` is not part of this version yet.") from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
def lodger() -> None:
    """Lodger: bookings and payments that can be replayed and proven."""
    from infrastructure import logs

    logs.for_commands()


def main() -> None:
    """Run the command line. A refusal is shown without a traceback: its message says what to do. So is a database that
    does not answer, for which nobody here is to blame."""
    from infrastructure.refusals import Refused

    try:
        lodger(prog_name="lodger")
    except Refused as refusal:
        click.echo(f"{click.style('lodger:', fg='red')} {refusal}", err=True)
        sys.exit(1)
    except ConnectionError as error:  # Unavailable is one; to import it takes longer than most commands
        click.echo(
            f"{click.style('lodger:', fg='red')} A server does not answer: {error}. Try: ./run lodger doctor", err=True
        )
        sys.exit(1)

"""`lodger up`: the stack alone."""

from __future__ import annotations

import os
from pathlib import Path

import click

from infrastructure.cli.environment import end_on_signals
from infrastructure.embedded.stack import Stack
from infrastructure.settings import data_folder


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    help="Where to keep the data. [default: .lodger in the repository]",
)
@click.option("--port", type=click.IntRange(1, 65535), help="The API's port. [default: 8000, or one that is free]")
@click.option("--sql-port", type=click.IntRange(1024, 65535), help="Let database tools in there, as the analyst.")
def command(data: Path | None, port: int | None, sql_port: int | None) -> None:
    """Start servers, API and workers, and run until Ctrl-C.

    The data are kept; after an update the schema is migrated first. DATABASE_URL and REDIS_URL replace the servers.
    """
    end_on_signals()
    overrides = {"LODGER_HTTP_PORT": str(port)} if port else {}
    try:
        stack = Stack(
            overrides,
            data=data or data_folder(os.environ),
            usual_ports=True,
            sql_port=sql_port,
            report=lambda line: show(f"  {line}"),
        )
        with stack:
            show(addresses(stack))
            stack.watch()
    except KeyboardInterrupt:
        show("stopped")


def addresses(stack: Stack) -> str:
    """What there is to open."""
    own_inbox = {"mail": f"{stack.inbox_url}/"} if "mail-sink" in stack.processes else {}
    opened = {
        "API": stack.url,
        "API docs": f"{stack.url}/docs",
        "health": f"{stack.url}/readyz",
        **own_inbox,
        "metrics": stack.metrics_url,
        **({"SQL": stack.sql_address} if stack.sql_address else {}),
        "data": stack.settings.data,
    }
    lines = [f"  {name:9} {address}" for name, address in opened.items()]
    return "\n".join(["Lodger is up. Ctrl-C stops it.", *lines])


def show(text: str) -> None:
    click.echo(text, err=True)

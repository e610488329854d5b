"""`lodger demo`: the stack with a demonstration city."""

from __future__ import annotations

import click

from infrastructure.cli.environment import end_on_signals


@click.command()
@click.option("--once", is_flag=True, help="End after the walk, with an exit code that says whether every step worked.")
def command(once: bool) -> None:
    """Start everything, load a city through the API, walk one stay step by step, and run until Ctrl-C."""
    from infrastructure.demo import run

    end_on_signals()
    run(once=once)

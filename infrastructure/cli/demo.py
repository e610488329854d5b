"""`lodger demo`: the stack with a demonstration city."""

from __future__ import annotations

import click

from infrastructure.cli.environment import end_on_signals


@click.command()
@click.option("--once", is_flag=True, help="End after the walk, with an exit code that says whether every step worked.")
@click.option("--seed", type=int, default=1, show_default=True, help="Another number makes another city.")
@click.option("--port", type=click.IntRange(1, 65535), help="The API's port. [default: 8000, or one that is free]")
def command(once: bool, seed: int, port: int | None) -> None:
    """Start everything, load a city through the API, walk one stay step by step, and run until Ctrl-C.

    Its data are its own and are thrown away in the end.
    """
    from infrastructure.demo.run import run

    end_on_signals()
    run(once=once, seed=seed, port=port)

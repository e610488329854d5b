"""`python -m benchmarks [NAME …]`: what `./run bench` runs."""

from __future__ import annotations

import shlex
import sys
from importlib import import_module

import click
from rich.console import Console

from benchmarks.harness import Bench, Disturbed
from benchmarks.report import RESULTS, keep, show
from infrastructure.refusals import Refused

NAMES = ("append", "booking", "busy", "cache", "freshness", "rebuild", "replay", "search")
"""Each is a module of this package with a function `run(bench)` that returns its Report."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="How often everybody is measured."
)
@click.option("--seconds", type=float, default=5.0, show_default=True, help="How long each is measured in a round.")
@click.option("--scale", type=click.IntRange(1, 100), default=100, help="Percent of the usual data, for trying.")
@click.option("--shared", is_flag=True, help="Take rounds, too, in which others used the machine.")
@click.option("--quick", is_flag=True, help="Only show that it works: one short round, nothing kept.")
def main(names: tuple[str, ...], rounds: int, seconds: float, scale: int, *, shared: bool, quick: bool) -> None:
    """Measure Lodger beside what it is compared with, in one run on this machine; all of them without a NAME."""
    console = Console(stderr=True)
    command = shlex.join(["./run", "bench", *sys.argv[1:]])
    disturbed = False
    for name in names or NAMES:
        if quick:
            bench = Bench(console, rounds=1, seconds=0.3, quick=True)
        else:
            bench = Bench(console, rounds, seconds, scale=scale, shared=shared)
        try:
            report = import_module(f"benchmarks.{name}").run(bench)
        except Disturbed as error:
            console.print(f"[red]{name}: {error}")
            disturbed = True
            continue
        show(report, bench)
        if not quick:
            keep(report, bench, name, command)
            console.print(f"kept in {RESULTS.name}")
    sys.exit(1 if disturbed else 0)


if __name__ == "__main__":
    try:
        main()
    except Refused as error:
        sys.exit(str(error))

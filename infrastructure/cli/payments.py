"""`lodger payments`: asking payment providers, and comparing with them."""

from __future__ import annotations

from collections import Counter

import click

from infrastructure.bootstrap import wire
from infrastructure.cli.environment import current_settings
from infrastructure.workers.reconciler import Outcome, Reconciler


@click.group()
def command() -> None:
    """Ask payment providers, and compare with them."""


@command.command()
def settle() -> None:
    """Ask the providers for every payment that is under way, as the workers do when one was left alone.

    Exits with 1 when a provider could not be asked about some payment.
    """
    wired = wire(current_settings(), wake=lambda: None)  # the workers look by themselves every second
    counts: Counter[Outcome] = Counter()
    for payment_id, outcome in Reconciler(wired.lodger, wired.database).run_all():
        counts[outcome] += 1
        click.echo(f"{payment_id}  {outcome}")
    click.echo(", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "Nothing is under way.")
    if counts["unavailable"] or counts["failed"]:
        raise click.exceptions.Exit(1)

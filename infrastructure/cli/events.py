"""`lodger events`."""

from __future__ import annotations

import click

from domain.catalogue import FACTS
from infrastructure import event_catalogue


@click.command()
@click.option("--markdown", is_flag=True, help="The whole catalogue, as docs/events.md has it.")
def command(markdown: bool) -> None:
    """List the events there are, with their schema versions."""
    if markdown:
        click.echo(event_catalogue.markdown(), nl=False)
        return
    for name, fact in FACTS.items():
        click.echo(f"{name} v{fact.SCHEMA_VERSION}")

"""`lodger graphql`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the schema of the graph, as docs/graphql/schema.graphql has it."""
    from api.graph.pages import printed  # takes a second to put together

    click.echo(printed(), nl=False)

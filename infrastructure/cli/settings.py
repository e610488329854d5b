"""`lodger settings`."""

from __future__ import annotations

import click

from infrastructure import settings as table
from infrastructure.cli.environment import current_settings


@click.command()
@click.option("--markdown", is_flag=True, help="The table of all settings, as docs/settings.md has it.")
def command(markdown: bool) -> None:
    """Show the settings in force (secrets are not shown)."""
    if markdown:
        click.echo(table.markdown(), nl=False)
        return
    for name, value in table.shown(current_settings()).items():
        click.echo(f"{name}={value}")

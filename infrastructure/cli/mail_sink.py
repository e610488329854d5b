"""`lodger mail-sink`: mail that goes nowhere."""

from __future__ import annotations

import threading

import click

from infrastructure.cli.environment import current_settings
from infrastructure.embedded.mail_sink import MailSink


@click.command()
def command() -> None:
    """Take every mail on the mail port and show it on the inbox port. Nothing is delivered."""
    settings = current_settings()
    with MailSink(settings.mail_port, settings.inbox_port, settings.internal_host):
        click.echo(f"inbox at http://127.0.0.1:{settings.inbox_port}/")
        threading.Event().wait()

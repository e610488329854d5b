"""`lodger doctor`."""

from __future__ import annotations

import os
import sys

import click

from infrastructure.cli.environment import completed
from infrastructure.doctor import examine


@click.command()
def command() -> None:
    """Check PostgreSQL, Redis and the settings. Changes nothing and needs no superuser."""
    findings = examine(completed(os.environ))
    for finding in findings:
        click.echo(f"{'ok     ' if finding.fix is None else 'MISSING'} {finding.what}")
        if finding.fix:
            click.echo(f"        → {finding.fix}")
    sys.exit(any(finding.fix for finding in findings))

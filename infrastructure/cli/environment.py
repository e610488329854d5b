"""The settings of a command: from the environment, a running stack, and the secrets made for development."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from infrastructure.embedded.data_folder import SECRETS, DataFolder
from infrastructure.settings import Settings, data_folder, load


def current_settings() -> Settings:
    """The settings for this process; those it starts find them in the environment too.

    What the environment does not say is taken from the stack that runs from the data folder, so that
    `lodger import …` beside `./run up` just works. Raises SettingsError.
    """
    os.environ.update(completed(os.environ))
    return load(os.environ)


def completed(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with what a running stack adds and, in development, the secrets."""
    given = {name: value for name, value in environ.items() if value}
    folder = DataFolder(data_folder(given))
    found = {**folder.published(), **given}
    if found.get("LODGER_ENV") == "production" or all(name in found for name in SECRETS):
        return found  # nothing is made up, so nothing is written: a container's file system may be read-only
    return {**folder.secrets(), **found}


def end_on_signals() -> None:
    """Have SIGTERM and a closed terminal end this process as Ctrl-C does: by KeyboardInterrupt."""
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)

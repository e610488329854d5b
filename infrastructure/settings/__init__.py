"""The settings of a process: what there is (`table`), and how it comes from the environment (`loading`)."""

from infrastructure.settings.loading import SettingsError, data_folder, load, markdown, shown, to_environment
from infrastructure.settings.table import DEFAULT_DATA, ROOT, LogFormat, Settings

__all__ = [
    "DEFAULT_DATA",
    "ROOT",
    "LogFormat",
    "Settings",
    "SettingsError",
    "data_folder",
    "load",
    "markdown",
    "shown",
    "to_environment",
]

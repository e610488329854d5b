"""The development mail sink, when somebody is erased: mails that were handed to a real server are out of our hands."""

from __future__ import annotations

import urllib.request
from contextlib import suppress
from typing import Final
from urllib.parse import urlsplit

from infrastructure.settings import Settings

_SECONDS: Final = 2.0


def forget_mail(settings: Settings) -> None:
    """Empty the sink, if mails go there: those to others name whoever is erased, and it is for trying things out.

    One that is away has forgotten everything by itself.
    """
    if settings.env == "production" or urlsplit(settings.smtp_url).port != settings.mail_port:
        return
    host = "127.0.0.1" if settings.internal_host in ("0.0.0.0", "::") else settings.internal_host  # noqa: S104
    asked = urllib.request.Request(f"http://{host}:{settings.inbox_port}/messages.json", method="DELETE")
    with suppress(OSError), urllib.request.urlopen(asked, timeout=_SECONDS):  # noqa: S310 - http, as written above
        pass

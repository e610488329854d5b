"""Pages for people who work here. Each is HTML, CSS and modules that browsers take as they are; all come from here.

Nothing on them is anybody's: what they show, they ask of the API as whoever is logged in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, send_from_directory

pages = Blueprint("console", __name__, url_prefix="/console")

_AUDIT: Final = Path(__file__).parent / "audit"


@pages.get("/audit")
def audit() -> Response:
    return _file("page.html")


@pages.get("/audit/<path:name>")
def audit_file(name: str) -> Response:
    return _file(name)


def _file(name: str) -> Response:
    """Browsers ask each time whether it is still the same, so that no page meets the modules of another release."""
    return send_from_directory(_AUDIT, name, max_age=0)

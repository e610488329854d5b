"""Pages for people who work here. Each is a template, and CSS and modules that browsers take as they are.

Nothing on them is anybody's: what they show, they ask of the API as whoever is logged in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Response, render_template, send_from_directory

from domain.money import EXPONENTS

pages = Blueprint("console", __name__, url_prefix="/console")

_AUDIT: Final = Path(__file__).parent / "audit"


@pages.get("/audit")
def audit() -> str:
    return render_template("audit.html", digits=EXPONENTS)


@pages.get("/audit/<path:name>")
def audit_file(name: str) -> Response:
    """Browsers ask each time whether it is still the same, so that no page meets the modules of another release."""
    return send_from_directory(_AUDIT, name, max_age=0)

"""Quotes."""

from __future__ import annotations

from typing import Any

from flask import Response

from api.answers import sent
from api.edge import edge
from api.operations import Resource
from api.schemas.quotes import STAY, AskQuoteSchema, QuoteSchema, quoted
from application import quotes
from domain.stays import Stay

resource = Resource("quotes", __name__, url_prefix="/v1/quotes", description="Prices of stays, explained and signed.")


@resource.command(
    "POST", "", QuoteSchema, body=AskQuoteSchema, example=STAY, who="anyone", key=None, refuses=[404, 409]
)
def ask_quote(body: dict[str, Any]) -> Response:
    """Price a stay. Nothing is reserved; for 30 minutes the quote books at its price."""
    stay = Stay(body["check_in"], body["check_out"])
    offer = quotes.offer(edge().lodger, body["property"], stay, body["guests"], body.get("currency"))
    return sent(QuoteSchema, quoted(offer))

"""Which country a place is in, and what its prices are in."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

_EURO = "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK".split()

CURRENCIES: Final = dict.fromkeys(_EURO, "EUR") | {
    "AR": "ARS",
    "AU": "AUD",
    "BR": "BRL",
    "BZ": "BZD",
    "CA": "CAD",
    "CH": "CHF",
    "CL": "CLP",
    "CN": "CNY",
    "CZ": "CZK",
    "DK": "DKK",
    "GB": "GBP",
    "HK": "HKD",
    "HU": "HUF",
    "JP": "JPY",
    "KE": "KES",
    "MX": "MXN",
    "NO": "NOK",
    "NZ": "NZD",
    "SE": "SEK",
    "SG": "SGD",
    "TH": "THB",
    "TR": "TRY",
    "TW": "TWD",
    "UG": "UGX",
    "US": "USD",
    "ZA": "ZAR",
}
"""By ISO 3166 code, for the countries whose markets Inside Airbnb covers (and a few more). The files write `$` before
every price whatever the currency is."""


def country_of(zone: str) -> str | None:
    """The ISO 3166 code of the country an IANA zone belongs to, None for zones of no country such as UTC."""
    return _countries().get(zone)


@cache
def _countries() -> dict[str, str]:
    """tzdata's own table: country, coordinates, zone, comment."""
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if line and not line.startswith("#"))
    return {row[2]: row[0] for row in rows}

"""No float anywhere that money goes: not in the code, the database, the stored events, or on the wire.

0.1 + 0.2 is not 0.3, and 90,071,992,547,409.93 cannot be told from its neighbours.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg2
import pytest

from tests.api.stack import json_of, running

ROOT: Final = Path(__file__).parents[2]

MONEY_GOES_THROUGH: Final = (
    *("domain", "application", "infrastructure/gateways", "projections", "fakes"),
    *("infrastructure/payers.py", "infrastructure/cli/payments.py", "infrastructure/event_store"),
    *("api/schemas", "api/resources", "api/csv_tables.py", "api/answers.py", "api/json_body.py"),
)
SOMETHING_ELSE: Final = {
    "api/resources/properties.py:<module>": "an example's coordinates",
    "api/schemas/fields.py:Scaled.write": "coordinates and bathrooms, which are kept as whole numbers",
    "api/schemas/fields.py:Scaled.read": "the same, from exact decimals",
    "api/schemas/search.py:_box": "coordinates, from exact decimals",
    "api/schemas/search.py:_decimal": "coordinates, kilometres and ratings, from exact decimals",
    "fakes/mtn_momo/api.py:Api._with_failpoint": "seconds",
    "fakes/mtn_momo/callbacks.py:Callbacks._run": "seconds",
    "fakes/oidc/provider.py:Provider.token": "seconds",
    "fakes/stripe/failpoints.py:Failpoint": "seconds",
    "fakes/stripe/webhooks.py:<module>": "seconds",
    "infrastructure/event_store/application.py:<module>": "seconds",
    "infrastructure/event_store/log_reader.py:<module>": "seconds",
    "infrastructure/event_store/log_reader.py:LogReader.safe_position": "seconds",
    "infrastructure/gateways/metered.py:MeteredGateway._metered": "milliseconds",
    "infrastructure/gateways/mtn_momo/client.py:<module>": "seconds",
    "infrastructure/gateways/mtn_momo/client.py:_Tokens.__init__": "seconds",
    "infrastructure/gateways/mtn_momo/client.py:_Tokens._renew": "seconds",
    "projections/geography.py:<module>": "coordinates",
    "projections/geography.py:Around.box": "coordinates",
    "projections/look.py:Look": "seconds",
    "projections/look.py:Look._milliseconds_left": "seconds",
    "projections/look.py:looking": "seconds",
    "projections/positions.py:<module>": "seconds",
    "projections/positions.py:wait_until": "seconds",
    "projections/search_sql.py:<module>": "how much words are alike",
}
"""Where something that is no money is a float, and what."""


def floats(code: str) -> Iterator[tuple[str, str]]:
    """Where in a module a float is written, asked for or comes of a division: (class and function, what)."""

    def visit(node: ast.AST, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            place = (*place, node.name)
        found = _float(node)
        if found:
            yield ".".join(place) or "<module>", found
        for child in ast.iter_child_nodes(node):
            yield from visit(child, place)

    yield from visit(ast.parse(code), ())


def _float(node: ast.AST) -> str | None:
    match node:
        case ast.Constant(value=float() | complex()):
            return f"the literal {ast.unparse(node)}"
        case ast.Name(id="float" | "complex" | "round") | ast.Attribute(attr="float32" | "float64"):
            return f"{ast.unparse(node)}"
        case ast.BinOp(op=ast.Div(), right=ast.Constant(value=str())):
            return None  # a path
        case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
            return f"the division {ast.unparse(node)}"
        case ast.BinOp(op=ast.Pow(), right=ast.UnaryOp(op=ast.USub())):
            return f"the power {ast.unparse(node)}"
        case (
            ast.Import(names=[ast.alias(name="math" | "cmath" | "statistics")])
            | ast.ImportFrom(module="math" | "cmath" | "statistics")
        ):
            return ast.unparse(node)
        case _:
            return None


def sources() -> Iterator[Path]:
    for name in MONEY_GOES_THROUGH:
        path = ROOT / name
        assert path.exists(), f"{name} is gone: what does money go through now?"
        yield from [path] if path.is_file() else path.rglob("*.py")


def test_no_code_that_money_goes_through_has_a_float() -> None:
    found = [
        (f"{path.relative_to(ROOT)}:{place}", what) for path in sources() for place, what in floats(path.read_text())
    ]
    assert [each for each in found if each[0] not in SOMETHING_ELSE] == []
    assert SOMETHING_ELSE.keys() - dict(found).keys() == set(), "no float any more"


@pytest.mark.parametrize(
    ("planted", "place"),
    [
        ("fee = amount.minor * 0.03", "<module>"),
        ("def share(minor):\n    return minor / 100", "share"),
        ("class Money:\n    def half(self):\n        self.minor /= 2", "Money.half"),
        ("amount = float(text)", "<module>"),
        ("def read(amount: float) -> None: ...", "read"),
        ("class Charge:\n    amount: float", "Charge"),
        ("rounded = round(minor * rate)", "<module>"),
        ("minor = major * 10 ** -2", "<module>"),
        ("from math import floor", "<module>"),
    ],
)
def test_a_planted_float_is_found(planted: str, place: str) -> None:
    assert [where for where, _ in floats(planted)] == [place]


def test_whole_numbers_and_exact_decimals_are_none() -> None:
    assert list(floats("minor = int(Decimal(text).scaleb(2))\nhalf, odd = divmod(minor, 2)\nthird = minor // 3")) == []


# The database.


def inexact(database_url: str) -> list[str]:
    """Columns that cannot hold every whole amount exactly, and amounts that are not whole numbers of 64 bits."""
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            """SELECT table_name || '.' || column_name || ' is ' || data_type FROM information_schema.columns
               WHERE table_schema = 'public'
                 AND (data_type IN ('real', 'double precision', 'numeric', 'money')
                      OR (column_name LIKE '%minor%' AND udt_name NOT IN ('int8', '_int8')))
                 -- A published rate, with all its decimals: exact, and no amount.
                 AND (table_name, column_name) <> ('exchange_rates', 'rate')
               ORDER BY 1"""
        )
        found = [row[0] for row in cursor.fetchall()]
    connection.close()
    return found


def test_no_column_of_the_database_is_a_float_and_amounts_are_whole_numbers(database_url: str) -> None:
    assert inexact(database_url) == []


def test_a_planted_column_is_found(database_url: str) -> None:
    connection = psycopg2.connect(database_url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE planted (a real, b double precision, c numeric(12, 2), d_minor integer, e bigint)")
    connection.close()
    assert inexact(database_url) == [
        "planted.a is real",
        "planted.b is double precision",
        "planted.c is numeric",
        "planted.d_minor is integer",
    ]


# Stored events, and the wire.


def _numbers(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _numbers(each, f"{path}.{name}")
    elif isinstance(value, list):
        for each in value:
            yield from _numbers(each, path)
    elif isinstance(value, float):
        yield path, value


def test_no_stored_event_holds_a_float() -> None:
    examples = sorted((ROOT / "docs/events").glob("*.json"))
    assert examples
    assert [(path.name, found) for path in examples for found in _numbers(json.loads(path.read_text()))] == []
    assert list(_numbers({"data": {"amount": {"minor": 5.5}}})) == [(".data.amount.minor", 5.5)]


def test_on_the_wire_only_what_is_no_money_is_a_number_with_a_point(database_url: str) -> None:
    with running(database_url) as stack:
        schemas = json_of(stack.anybody().get("/openapi.json"))["components"]["schemas"]
    assert schemas["Money"]["properties"]["amount"]["type"] == "string"
    points = {
        name
        for schema in schemas.values()
        for name, field in schema.get("properties", {}).items()
        if "number" in field.get("type", "")
    }
    assert points == {"latitude", "longitude", "bathrooms", "rating", "distance_km"}

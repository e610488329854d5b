"""GET /v1/analytics/…: pages of the metrics, for analysts and their keys."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from domain.rejections import Rejected
from infrastructure.database import Database
from infrastructure.rights import ANALYST_ROLE
from projections.analytics_metrics import Performance, Wanted, page
from tests.analysts.example import june
from tests.analysts.telling import tell
from tests.api.stack import Client, Stack, json_of, running
from tests.api_keys.keys import machine, make
from tests.permissions.cast import person

METRICS = ("performance", "revenue", "cancellations", "stays")
JUNE = "from=2026-06&to=2026-06"


@pytest.fixture(scope="module")
def stack(shared_database_url: str) -> Iterator[Stack]:
    """A marketplace of which analysts see the example of docs/analysts.md."""
    with running(shared_database_url) as stack:
        with stack.wired.projecting.transaction() as connection, connection.cursor() as cursor:
            tell(cursor, june())
        yield stack


@pytest.fixture(scope="module")
def analyst(stack: Stack) -> Client:
    return person(stack, "analyst")


def ask(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(f"/v1/analytics/{path}")
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def test_the_metrics_of_the_example(analyst: Client) -> None:
    place = {"month": "2026-06", "country": "US", "city": "catskill"}
    assert ask(analyst, f"performance?{JUNE}&city=Catskill&country=US")["rows"] == [
        {
            **place,
            "currency": "USD",
            "properties": 1,
            "sold_nights": 8,
            "available_nights": 14,
            "blocked_nights": 2,
            "imported_nights": 4,
            "unlisted_nights": 2,
            "accommodation": usd("880.00"),
            "occupancy": "0.3636",
            "adr": usd("110.00"),
            "revpar": usd("40.00"),
        }
    ]
    (revenue,) = ask(analyst, f"revenue?{JUNE}")["rows"]
    assert len(revenue.pop("host_key")) == 32
    assert revenue == {
        **place,
        "currency": "USD",
        "sold_nights": 8,
        "accommodation": usd("980.00"),
        "extras": usd("105.00"),
        "service_fee": usd("145.80"),
        "tax": usd("94.93"),
        "total": usd("1325.73"),
    }
    assert ask(analyst, f"cancellations?{JUNE}")["rows"] == [
        {
            **place,
            "currency": "USD",
            "bought": 3,
            "cancelled_by_guest": 1,
            "cancelled_by_host": 0,
            "cancelled_by_platform": 0,
            "cancellation_rate": "0.3333",
            "given_back": usd("141.37"),
            "kept": usd("136.35"),
        }
    ]
    assert ask(analyst, f"stays?{JUNE}")["rows"] == [
        {
            **place,
            "bought": 3,
            "mean_lead_days": "9.33",
            "median_lead_days": 10,
            "not_cancelled": 2,
            "mean_nights": "4.00",
            "median_nights": 3,
        }
    ]


def test_pages_one_row_at_a_time_are_all_rows(analyst: Client) -> None:
    """June 2026 and the 24 months after it, of one city."""
    whole = ask(analyst, "performance?limit=1000")["rows"]
    assert [row["month"] for row in whole][:2] == ["2026-06", "2026-07"]
    found = ask(analyst, "performance?limit=7")
    rows = found["rows"]
    while found["next_cursor"]:
        found = ask(analyst, f"performance?limit=7&cursor={found['next_cursor']}")
        assert len(found["rows"]) <= 7
        rows += found["rows"]
    assert rows == whole
    assert len(whole) == 25


def test_as_csv(analyst: Client) -> None:
    answer = analyst.get(f"/v1/analytics/performance?{JUNE}", Accept="text/csv")
    assert answer.content_type.startswith("text/csv")
    (row,) = csv.DictReader(io.StringIO(answer.text))
    shown = (row["month"], row["currency"], row["accommodation"], row["occupancy"], row["adr"], row["revpar"])
    assert shown == ("2026-06", "USD", "880.00", "0.3636", "110.00", "40.00")
    first = analyst.get("/v1/analytics/performance?format=csv&limit=1")
    assert 'rel="next"' in first.headers["Link"]


def test_an_answer_says_up_to_where_in_the_log_it_counts_and_waits_for_what_it_is_sent(
    stack: Stack, analyst: Client
) -> None:
    stack.run_workers()
    answer = analyst.get("/v1/analytics/stays")
    position = answer.headers["Lodger-Position"]
    assert int(position) == stack.wired.log.safe_position()
    later = analyst.get("/v1/analytics/stays", Lodger_Position=str(int(position) + 1_000))
    assert json_of(later)["type"] == "/problems/read-model-behind"


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("from=2026-06-01", 422, "validation-failed"),
        ("from=2026-13", 422, "validation-failed"),
        ("from=2026-07&to=2026-06", 422, "range-not-shown"),
        ("limit=1001", 422, "validation-failed"),
        ("city=", 422, "validation-failed"),
        ("country=%00", 422, "validation-failed"),
        ("cursor=x", 422, "cursor-invalid"),
        ("unknown=1", 422, "validation-failed"),
    ],
)
def test_what_is_no_question_is_refused(analyst: Client, metric: str, query: str, status: int, code: str) -> None:
    answer = analyst.get(f"/v1/analytics/{metric}?{query}")
    assert (answer.status_code, json_of(answer)["type"].rpartition("/")[2]) == (status, code), answer.text


def test_a_cursor_is_of_one_metric(analyst: Client) -> None:
    cursor = ask(analyst, "performance?limit=1")["next_cursor"]
    answer = analyst.get(f"/v1/analytics/stays?limit=1&cursor={cursor}")
    assert json_of(answer)["type"].endswith("cursor-invalid")


def test_a_dashboard_s_key_is_let_in_by_its_scope_alone(stack: Stack) -> None:
    somebody = person(stack, "analyst")
    assert ask(machine(somebody, make(somebody, "analytics:read")["key"]), "revenue")["rows"]
    other = machine(somebody, make(somebody, "bookings:read")["key"]).get("/v1/analytics/revenue")
    assert (other.status_code, json_of(other)["type"]) == (403, "/problems/scope-missing")


def test_what_takes_too_long_is_given_up_and_says_so(stack: Stack, analyst: Client) -> None:
    """Somebody rebuilds what is asked for: it is waited for, and not for ever."""
    database = Database(stack.wired.settings.database_url, 1, role=ANALYST_ROLE, transaction_timeout=0.3)
    holding = psycopg2.connect(stack.wired.settings.database_url)
    with holding, holding.cursor() as cursor:
        cursor.execute("LOCK TABLE analytics_calendars IN ACCESS EXCLUSIVE MODE")
        with database.transaction() as connection, connection.cursor() as looking:  # noqa: SIM117
            with pytest.raises(Rejected) as refusal:
                page(looking, Performance, Wanted())
        assert refusal.value.code == "analytics_timed_out"
    holding.close()
    database.close()
    assert ask(analyst, "performance")["rows"]

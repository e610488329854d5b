"""Statements: each side of a booking sees its own money, to the cent, as JSON and as CSV."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings

from api import csv_tables
from api.schemas.statements import LINE_TYPES, SEEN
from domain.bookings import Role
from tests.api.people import book, host, listing, pay, register
from tests.api.stack import OPERATOR_TOKEN, Client, Stack, json_of
from tests.domain.test_ledger import postings
from tests.support.money_tales import Marketplace, marketplaces

# Three nights at 100.00: the guest pays 12% more, 336.00; the host's are 300.00 less 3%, 291.00; the platform's 45.00.


@pytest.fixture(scope="module")
def paid(shared: Stack) -> tuple[Client, Client, str]:
    """Host and guest of a booking that was paid for."""
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada))
    pay(bob, booking_id)
    shared.run_workers()
    return ada, bob, booking_id


@pytest.fixture(scope="module")
def returned(shared: Stack) -> tuple[Client, Client, str]:
    """The same after its host has cancelled it."""
    ada, bob = host(shared), register(shared, "bob")
    booking_id = book(bob, listing(ada))
    pay(bob, booking_id)
    shared.run_workers()
    assert ada.post(f"/v1/bookings/{booking_id}/cancel").status_code == 200
    shared.run_workers()
    return ada, bob, booking_id


def statement(client: Client, path: str) -> dict[str, Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return json_of(answer)


def lines(statement: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [(line["type"], line["account"], line["amount"]["amount"]) for line in statement["lines"]]


def closing(statement: dict[str, Any]) -> dict[str, str]:
    return {each["account"]: each["closing"]["amount"] for each in statement["standings"]}


def test_a_host_sees_what_a_booking_earns(paid: tuple[Client, Client, str]) -> None:
    ada, _, booking_id = paid
    shown = statement(ada, "/v1/me/statement")
    assert lines(shown) == [("booking.confirmed", "host_payable", "291.00")]
    assert closing(shown) == {"host_payable": "291.00"}
    (line,) = shown["lines"]
    assert (line["booking"], line["payment"], line["host"]) == (booking_id, None, ada.id)
    assert shown == statement(ada, f"/v1/bookings/{booking_id}/statement")


def test_a_guest_sees_what_was_paid_and_what_it_bought(paid: tuple[Client, Client, str]) -> None:
    _, bob, booking_id = paid
    shown = statement(bob, f"/v1/bookings/{booking_id}/statement")
    assert lines(shown) == [
        ("payment.captured", "guest_funds", "336.00"),
        ("booking.confirmed", "guest_funds", "-336.00"),
    ]
    assert closing(shown) == {"guest_funds": "0.00"}


def test_a_guest_sees_what_came_back_and_a_host_what_was_lost(returned: tuple[Client, Client, str]) -> None:
    ada, bob, booking_id = returned
    assert lines(statement(bob, f"/v1/bookings/{booking_id}/statement"))[2:] == [
        ("booking.cancelled", "guest_funds", "336.00"),
        ("payment.refunded", "guest_funds", "-336.00"),
    ]
    assert lines(statement(ada, "/v1/me/statement"))[1:] == [("booking.cancelled", "host_payable", "-291.00")]


def test_nobody_sees_others_money(paid: tuple[Client, Client, str], shared: Stack) -> None:
    ada, bob, booking_id = paid
    eve = host(shared)
    assert eve.get(f"/v1/bookings/{booking_id}/statement").status_code == 404
    for somebody in (eve, bob):
        assert statement(somebody, "/v1/me/statement") == {"standings": [], "lines": [], "next_cursor": None}
    assert ada.get("/v1/operator/ledger").status_code == 403
    assert shared.anybody().get("/v1/me/statement").status_code == 401


def test_operators_see_every_account_and_it_adds_up_to_nothing(paid: tuple[Client, Client, str], shared: Stack) -> None:
    _, _, booking_id = paid
    operator = Client(shared, OPERATOR_TOKEN)
    shown = statement(operator, f"/v1/operator/ledger?booking={booking_id}")
    assert lines(shown) == [
        ("payment.captured", "processor_clearing", "336.00"),
        ("payment.captured", "guest_funds", "-336.00"),
        ("booking.confirmed", "guest_funds", "336.00"),
        ("booking.confirmed", "host_payable", "-291.00"),
        ("booking.confirmed", "platform_revenue", "-45.00"),
    ]
    assert closing(shown) == {
        "guest_funds": "0.00",
        "host_payable": "-291.00",
        "platform_revenue": "-45.00",
        "processor_clearing": "336.00",
    }
    only = statement(operator, f"/v1/operator/ledger?booking={booking_id}&account=platform_revenue")
    assert (len(only["lines"]), closing(only)) == (1, {"platform_revenue": "-45.00"})
    taken = shown["lines"][0]["id"].partition("-")[0]
    then = statement(operator, f"/v1/operator/ledger?booking={booking_id}&position={taken}")
    assert closing(then) == {"guest_funds": "-336.00", "processor_clearing": "336.00"}
    everything = statement(operator, "/v1/operator/ledger")
    assert sum(map(Decimal, closing(everything).values())) == 0


def test_pages_are_all_lines_once_and_in_order(returned: tuple[Client, Client, str], shared: Stack) -> None:
    _, _, booking_id = returned
    operator, path = Client(shared, OPERATOR_TOKEN), f"/v1/operator/ledger?booking={booking_id}"
    whole = statement(operator, path)["lines"]
    seen, cursor = list[dict[str, Any]](), ""
    while True:
        page = statement(operator, f"{path}&limit=4{cursor}")
        seen += page["lines"]
        assert page["standings"] == statement(operator, path)["standings"]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert (len(whole), seen) == (10, whole)
    other = operator.get(f"/v1/operator/ledger?limit=4{cursor}")
    assert (other.status_code, json_of(other)["type"]) == (422, "/problems/cursor-invalid")


def test_a_time_ends_before_it_begins(paid: tuple[Client, Client, str]) -> None:
    ada, _, _ = paid
    asked = "/v1/me/statement?from=2031-06-01T12:00:00Z&until="
    for until in ("2031-06-01T12:00:00Z", "2031-05-01T12:00:00Z"):
        assert json_of(ada.get(asked + until))["type"] == "/problems/range-not-shown"


def test_what_was_before_is_the_opening(paid: tuple[Client, Client, str]) -> None:
    ada, _, _ = paid
    later = statement(ada, "/v1/me/statement?from=2100-01-01T00:00:00Z")
    assert later["lines"] == []
    (standing,) = later["standings"]
    assert (standing["opening"]["amount"], standing["closing"]["amount"]) == ("291.00", "291.00")
    earlier = statement(ada, "/v1/me/statement?until=2031-01-01T00:00:00Z")
    assert (earlier["standings"], earlier["lines"]) == ([], [])


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_csv_says_what_json_says(paid: tuple[Client, Client, str]) -> None:
    _, bob, booking_id = paid
    path = f"/v1/bookings/{booking_id}/statement"
    asked = bob.get(path, Accept="text/csv")
    assert asked.status_code == 200
    assert asked.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert asked.headers["Content-Disposition"] == f'attachment; filename="booking-{booking_id}.csv"'
    assert asked.text == bob.get(f"{path}?format=csv").text
    columns, *rows = table(asked.text)
    assert columns == [
        "id",
        "event",
        "occurred_at",
        "type",
        "account",
        "amount",
        "currency",
        "booking",
        "payment",
        "host",
    ]
    expected = [
        {**line, "amount": line["amount"]["amount"], "currency": "USD", "payment": line["payment"] or ""}
        for line in statement(bob, path)["lines"]
    ]
    assert [dict(zip(columns, row, strict=True)) for row in rows] == expected


def test_json_is_answered_to_whoever_takes_both_and_format_decides(paid: tuple[Client, Client, str]) -> None:
    ada, _, _ = paid
    for accept in ("application/json", "*/*", "text/csv;q=0.5, application/json", ""):
        assert ada.get("/v1/me/statement", Accept=accept).mimetype == "application/json"
    assert ada.get("/v1/me/statement?format=json", Accept="text/csv").mimetype == "application/json"
    assert ada.get("/v1/me/statement", Accept="text/html").status_code == 406
    assert ada.get("/v1/bookings", Accept="text/csv").status_code == 406
    assert ada.get("/v1/me/statement?format=xml").status_code == 422


def test_csv_goes_on_behind_its_link(returned: tuple[Client, Client, str], shared: Stack) -> None:
    _, _, booking_id = returned
    operator = Client(shared, OPERATOR_TOKEN)
    path, found = f"/v1/operator/ledger?format=csv&limit=3&booking={booking_id}", list[list[str]]()
    while True:
        answer = operator.get(path)
        found += table(answer.text)[1:]
        if "Link" not in answer.headers:
            break
        path, _, relation = answer.headers["Link"].partition(";")
        assert relation.strip() == 'rel="next"'
        path = path.strip("<>")
    assert found == table(operator.get(f"/v1/operator/ledger?format=csv&booking={booking_id}").text)[1:]


@pytest.mark.parametrize(
    "begins", ["=1+1", "+1-1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "--1", "-1e5", '=HYPERLINK("x")']
)
def test_no_cell_is_worked_out_by_a_spreadsheet(begins: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_tables.text(["cell"], [[begins]]), newline="")))
    assert rows[1] == [f"'{begins}"]


@pytest.mark.parametrize("harmless", ["-129.50", "5000", "0.00", "booking.confirmed", "a,b", 'say "so"', ""])
def test_numbers_and_words_are_left_as_they_are(harmless: str) -> None:
    rows = list(csv.reader(io.StringIO(csv_tables.text(["cell", "x"], [[harmless, 1]]), newline="")))
    assert rows[1] == [harmless, "1"]


def test_the_examples_are_like_the_answers(shared: Stack, paid: tuple[Client, Client, str]) -> None:
    ada, _, _ = paid
    schema = json_of(shared.anybody().get("/openapi.json"))["components"]["schemas"]["Statement"]["properties"]
    shown = statement(ada, "/v1/me/statement")
    for part in ("standings", "lines"):
        ((example,),) = schema[part]["examples"]
        assert example.keys() == shown[part][0].keys()


def test_csv_is_described(shared: Stack) -> None:
    described = json_of(shared.anybody().get("/openapi.json"))["paths"]
    for path in ("/v1/me/statement", "/v1/bookings/{booking_id}/statement", "/v1/operator/ledger"):
        content = described[path]["get"]["responses"]["200"]["content"]
        assert content.keys() == {"application/json", "text/csv"}


@given(market=marketplaces)
@settings(max_examples=20, deadline=None)
def test_whatever_moved_money_has_a_name_for_clients(market: Marketplace) -> None:
    moved = {event.fact.TOPIC for event, posting in postings(market.tale.events) if posting}
    assert moved <= LINE_TYPES.keys()


def test_no_account_is_seen_by_both_sides() -> None:
    assert SEEN.keys() == set(get_args(Role))
    assert not {*SEEN["guest"]} & {*SEEN["host"]}


def test_no_two_facts_have_the_same_name() -> None:
    assert len(set(LINE_TYPES.values())) == len(LINE_TYPES)

"""`lodger payments reconcile`: with the sandbox's own ledger, and with files that were written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from application.provider_books import Line
from domain.money import Money
from infrastructure.cli.payments import command
from infrastructure.gateways import statement_files
from infrastructure.refusals import Refused
from infrastructure.settings import to_environment
from tests.support.world import World, settings_for

Reconcile = Callable[..., Result]


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    world = World(database_url)
    yield world
    world.close()


@pytest.fixture
def reconcile(world: World, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reconcile:
    for name, value in to_environment(settings_for(database_url, data=str(tmp_path))).items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(command, ["reconcile", *map(str, arguments)])


def execute(world: World, statement: str) -> None:
    world.execute(statement)


def returned(world: World) -> str:
    """A stay that was paid (336.00 for three nights) and cancelled by its host; its charge's reference."""
    booking_id = world.confirmed(world.listing())
    (payment_id,) = world.booking(booking_id).paid_by  # type: ignore[union-attr]
    world.cancel(booking_id, by="host")
    world.react()
    reference = world.payment(payment_id).reference
    assert reference is not None
    return reference


def test_when_log_and_provider_agree_nothing_is_told(world: World, reconcile: Reconcile) -> None:
    returned(world)
    result = reconcile()
    assert (result.exit_code, result.stdout) == (0, "1 payments compared, 0 differ\n")


def test_each_difference_is_a_line_and_the_command_fails(world: World, reconcile: Reconcile) -> None:
    reference = returned(world)
    execute(world, "DELETE FROM sandbox_refunds")
    result = reconcile()
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"missing     {reference}  refund: we have 336.00 USD, sandbox has nothing",
        "1 payments compared, 1 differ",
    ]


def test_only_the_period_and_the_provider_asked_for_are_compared(world: World, reconcile: Reconcile) -> None:
    returned(world)  # on 1 June 2026, at noon
    execute(world, "DELETE FROM sandbox_refunds")
    for asked in (["--until", "2026-06-01"], ["--from", "2026-06-02"], ["--provider", "stripe"]):
        assert reconcile(*asked).stdout == "0 payments compared, 0 differ\n"
    assert reconcile("--from", "2026-06-01T12:00:00Z", "--until", "2026-06-02", "--provider", "sandbox").exit_code == 1


def test_a_statement_is_compared_line_by_line(world: World, reconcile: Reconcile, tmp_path: Path) -> None:
    reference = returned(world)
    statement = tmp_path / "statement.csv"
    lines = ["reference,type,amount,currency", f"{reference},charge,336.00,USD"]
    statement.write_text("\n".join([*lines, f"{reference},refund,336.00,USD"]))
    result = reconcile("--statement", statement, "--provider", "sandbox")
    assert (result.exit_code, result.stdout) == (0, "2 lines with 2 compared, 0 differ\n")

    statement.write_text("\n".join([*lines, "sbx_other,charge,12.00,USD", f"{reference},refund,300.00,USD"]))
    result = reconcile("--statement", statement, "--provider", "sandbox")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        f"different   {reference}  refund: we have 336.00 USD, sandbox has 300.00 USD",
        "unexpected  sbx_other  charge: we have nothing, sandbox has 12.00 USD",
        "2 lines with 3 compared, 2 differ",
    ]


def test_whose_statement_it_is_has_to_be_said(reconcile: Reconcile, tmp_path: Path) -> None:
    statement = tmp_path / "statement.csv"
    statement.write_text("reference,type,amount,currency\n")
    assert reconcile("--statement", statement).exit_code == 2


# Files.


def read(folder: Path, content: str) -> list[Line]:
    path = folder / "statement.csv"
    path.write_text(content)
    return list(statement_files.read(path))


def test_a_file_says_charges_and_refunds_in_each_currencys_digits(tmp_path: Path) -> None:
    content = """\
currency,reference,note,type,amount
USD,ch_1,"a, b",charge,129.50
ugx,ch_2,,charge,5000
UGX,ch_2,,refund,5000.00
KWD,ch_3,,charge,1.25
JPY,ch_4,,charge,100000000000000000
"""
    assert read(tmp_path, content) == [
        Line("ch_1", "charge", Money(12_950, "USD")),
        Line("ch_2", "charge", Money(5_000, "UGX")),
        Line("ch_2", "refund", Money(5_000, "UGX")),
        Line("ch_3", "charge", Money(1_250, "KWD")),
        Line("ch_4", "charge", Money(100_000_000_000_000_000, "JPY")),
    ]


def test_stripes_report_is_read_as_it_comes(tmp_path: Path) -> None:
    content = """\
balance_transaction_id,created,currency,gross,fee,net,reporting_category,source_id,payment_intent_id
txn_1,2031-06-01 12:00:00,usd,336.00,10.04,325.96,charge,ch_1,pi_1
txn_2,2031-06-02 12:00:00,usd,-36.00,0.00,-36.00,refund,re_1,pi_1
txn_3,2031-06-03 12:00:00,usd,-300.00,0.00,-300.00,payout,po_1,
txn_4,2031-06-03 12:00:00,usd,-516.11,15.00,-531.11,dispute,dp_1,pi_1
"""
    assert read(tmp_path, content) == [
        Line("pi_1", "charge", Money(33_600, "USD")),
        Line("pi_1", "refund", Money(3_600, "USD")),
    ]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("ch_1,charge,12.345,USD", "line 2: '12.345' is not an amount of USD"),
        ("ch_1,charge,5000.5,UGX", "line 2: '5000.5' is not an amount of UGX"),
        ("ch_1,charge,1e5,USD", "line 2: '1e5' is not an amount of USD"),
        ("ch_1,charge,NaN,USD", "line 2: 'NaN' is not an amount of USD"),
        ("ch_1,charge,,USD", "line 2: '' is not an amount of USD"),
        ("ch_1,charge,5.00,XXX", "line 2: 'XXX' is not a currency code of ISO 4217"),
        ("ch_1,fee,5.00,USD", "line 2: 'fee' is neither charge nor refund"),
        (",charge,5.00,USD", "line 2 names no charge"),
        ("ch_1,charge", "line 2: '' is not a currency code"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, says: str) -> None:
    with pytest.raises(Refused, match=says.replace("(", "[(]")):
        read(tmp_path, f"reference,type,amount,currency\n{line}\n")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    for content in ("", "a,b\n1,2\n", '{"reference": "ch_1"}'):
        with pytest.raises(Refused, match="has not the columns"):
            read(tmp_path, content)
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(Refused, match="is no CSV file"):
        list(statement_files.read(tmp_path / "picture.png"))

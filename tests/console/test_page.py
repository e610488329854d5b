"""The page for auditors in a real browser: found, drawn, stepped through, verified, taken along; and by keyboard."""

from __future__ import annotations

import os
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, expect

from domain.checkpoints import parsed
from domain.merkle import GrowingTree, Node, consistency_proof, inclusion_proof, leaf_hash, root_of
from domain.money import EXPONENTS, Money
from infrastructure.proofs.bundle_check import main as check_bundle
from tests.api.people import PASSWORD, book, employed, host, listing, register
from tests.api.stack import json_of
from tests.console.conftest import Console
from tests.console.story import HOSTILE
from tests.support.browser import needs_chromium

pytestmark = [pytest.mark.slow, needs_chromium, pytest.mark.usefixtures("nothing_went_wrong")]

CONTRAST = (Path(__file__).parent / "contrast.js").read_text()
LAWS = (Path(__file__).parent / "laws.js").read_text()


def test_an_auditor_logs_in_with_a_second_factor_and_finds_a_booking(console: Console) -> None:
    eve = employed(console.stack, "auditor")
    begun = json_of(eve.post("/v1/users/me/second-factor", {"password": PASSWORD}))
    code = pyotp.TOTP(begun["secret"]).now()
    codes = json_of(eve.post("/v1/users/me/second-factor/confirm", {"code": code}))["recovery_codes"]
    page = console.opened()

    page.get_by_label("E-mail address").fill(eve.user["email"])
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code of your authenticator")).to_be_focused()
    page.keyboard.type(codes[0])
    page.keyboard.press("Enter")
    page.get_by_text("The newest events.").wait_for()

    page.get_by_text("Or search the log by what happened").click()
    page.get_by_label("By", exact=True).select_option("an operator")
    page.get_by_role("button", name="Search").click()
    page.get_by_text("The papers came.").wait_for()
    page.get_by_label("By", exact=True).select_option("anybody")
    page.get_by_label("Type").fill("BookingCompleted")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("#found tbody tr")).to_have_count(1)
    page.locator("#found").get_by_role("button").first.press("Enter")
    page.get_by_role("heading", name=console.booking).wait_for()
    page.go_back()
    page.get_by_text("The newest events.").wait_for()
    payment = json_of(console.auditor.get(f"/v1/audit/events?booking={console.booking}&type=PaymentFailed"))
    page.get_by_label("Booking, payment, person or stream").fill(payment["events"][0]["stream"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=console.booking).wait_for()
    page.get_by_role("button", name="Log out").click()
    page.get_by_role("heading", name="Log in").wait_for()
    page.context.close()


def test_everything_of_a_booking_is_drawn_listed_and_proven(console: Console, page: Page) -> None:
    """336.00 and 112.00 were paid, 112.00 given back and 291.00 paid out: three nights at 100.00 less 3 %."""
    told = json_of(console.auditor.get(f"/v1/audit/bookings/{console.booking}/timeline"))["events"]

    expect(page.locator(".summary")).to_have_text(f"{len(told)} of {len(told)} events proven")
    expect(page.locator(".figures")).to_have_text(
        re.compile(r"State\s*completed\s*Came in\s*448.00 USD\s*Went out\s*403.00 USD\s*Balance\s*45.00 USD")
    )
    lanes = ["Booking", "Payment 1", "Payment 2", "Payment 3", "Payout", "Guest\u2019s review", "Host\u2019s review"]
    assert page.locator(".lane-names .lane").all_inner_texts() == lanes
    assert page.locator(".lane.payment .state").all_text_contents()[-3:] == ["captured", "refunded in part", "captured"]
    assert page.locator(".sum").all_text_contents() == ["+336.00", "+112.00", "\u2212112.00", "\u2212291.00"]
    assert page.locator(".lane-drawing .glyph.proven").count() == len(told)
    listed = page.get_by_role("region", name="Everything in order").locator("tbody tr")
    assert [row.split("\t")[0] for row in listed.all_inner_texts()] == [str(event["position"]) for event in told]


def test_time_is_stepped_through_by_keyboard(console: Console, page: Page) -> None:
    slider, title = page.get_by_role("slider", name="Step through time"), page.locator("#event-title")
    slider.focus()
    page.keyboard.press("Home")
    expect(title).to_have_text("Booking held")
    for _ in range(8):
        page.keyboard.press("ArrowRight")

    expect(title).to_have_text("Payment captured")
    assert (slider.get_attribute("aria-valuetext") or "").startswith("9 of ")
    expect(page.locator("#said")).to_have_text(re.compile("Event 9 of .*: Payment captured. Its proof: proven."))
    changes = page.get_by_role("group", name="What it changed").locator("tbody tr")
    assert changes.all_inner_texts() == ["stage\tcapture started\tcaptured"]
    states = page.locator(".state-of > summary").all_inner_texts()
    assert states == [
        "Booking held version 1",
        "Payment 1 failed version 3",
        "Payment 2 captured version 5",
    ]
    expect(page.locator(".facts")).to_contain_text(re.compile(r"Balance\s*336.00 USD"))
    moves = page.get_by_role("table", name="What it moved").locator("tbody tr").all_inner_texts()
    assert moves == ["processor clearing\t336.00 USD\t", "guest funds\t\t336.00 USD"]

    page.get_by_role("button", name="Payment capture started, ").press("Enter")
    expect(title).to_have_text("Payment capture started")
    expect(title).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(title).to_have_text("Payment authorized")
    page.reload()
    expect(title).to_have_text("Payment authorized")

    page.get_by_label("As of (UTC)").fill("1999-12-31T23:59:59")
    page.get_by_role("button", name="Go").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("As of (UTC)").fill("2999-12-31T23:59:59")


def test_what_anybody_wrote_is_shown_and_never_run(console: Console, page: Page) -> None:
    page.get_by_role("button", name="Payout hold placed").click()

    assert page.locator("dd q").inner_text() == HOSTILE
    assert page.title() == "Lodger audit"
    assert page.locator("img, main script").count() == 0


def test_everything_can_be_read_and_has_a_name(page: Page) -> None:
    """WCAG's 4.5 to 1 for all text in both schemes; what comes later in the drawing is pale on purpose."""
    page.get_by_text("Download as a bundle").click()
    page.locator(".record summary").click()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(CONTRAST) == []
    unnamed: list[Any] = page.evaluate(
        """() => [...document.querySelectorAll("input, button, a, summary")]
            .filter((each) => !(each.labels?.length || each.ariaLabel || each.textContent.trim()))
            .map((each) => each.outerHTML)"""
    )
    assert unnamed == []
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off on a small screen"
    page.set_viewport_size({"width": 1440, "height": 1000})


def test_what_is_not_covered_yet_is_said_and_a_later_checkpoint_goes_on_from_the_kept_one(
    console: Console, page: Page
) -> None:
    stack = console.stack
    later = [(stack.now().date().replace(month=9, day=day)).isoformat() for day in (1, 3)]
    booking_id = book(register(stack), listing(host(stack)), *later)
    stack.run_workers()
    console.show(page, booking_id)
    expect(page.locator(".summary")).to_contain_text("1 not covered yet")

    console.sign()
    page.reload()

    expect(page.locator(".summary")).to_have_text("1 of 1 events proven")
    expect(page.locator("#seal")).to_contain_text("that this browser kept")


def test_a_log_that_does_not_go_on_from_the_kept_checkpoint_is_wrong(console: Console, page: Page) -> None:
    newest = parsed(console.stack.anybody().get("/v1/log/checkpoints/latest").text)
    for kept, says in (
        (replace(newest, origin="other.example/log"), "another log"),
        (replace(newest, size=newest.size + 1), "its end was cut off"),
        (replace(newest, size=3), "history was rewritten"),
    ):
        note = f"{kept.text}\n\N{EM DASH} {kept.origin} AAAA\n"
        page.evaluate("note => localStorage.setItem('lodger.audit.checkpoint', note)", note)
        page.reload()
        expect(page.locator("#seal span.wrong")).to_be_visible()
        expect(page.locator("#seal")).to_contain_text(says)
        assert page.evaluate("localStorage.getItem('lodger.audit.checkpoint')") == note, "the wrong one is not kept"
    console.show(page)
    expect(page.get_by_role("region", name="Proof").locator(".verdict.wrong")).to_contain_text("history was rewritten")
    expect(page.locator(".summary")).to_contain_text("32 wrong")
    page.evaluate("localStorage.clear()")


def test_who_is_logged_out_meanwhile_is_asked_again_and_goes_on_there(console: Console, page: Page) -> None:
    console.show(page)
    page.context.clear_cookies()
    page.get_by_label("As of (UTC)").fill("2031-01-01T00:00:00")
    page.get_by_role("button", name="Go").click()
    page.get_by_label("E-mail address").fill(console.auditor.user["email"])
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=console.booking).wait_for()


def test_a_bundle_is_downloaded_and_verifies(page: Page, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page.locator("details.bundle").evaluate("each => { each.open = true }")
    first = page.get_by_label("From position").input_value()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)

    assert path.name.startswith(f"log-{first}-")
    assert check_bundle([str(path)]) == 0, capsys.readouterr()
    page.get_by_label("to position").fill("1")
    page.get_by_role("button", name="Download").click()
    expect(page.get_by_role("alert")).to_be_visible()


FORGED = "regexp_replace(note, E'(\\n[0-9]+\\n)....', E'\\\\1AAAA')"


@pytest.mark.parametrize(
    ("tampering", "event", "where", "says"),
    [
        ("UPDATE events SET data = data || ' ' WHERE position = {}", "BookingHeld", "#proof", "changed"),
        ("UPDATE log_subtrees SET hash = sha256(hash)", "BookingHeld", "#proof", "does not lead to the signed root"),
        (f"UPDATE log_checkpoints SET note = {FORGED}", "BookingHeld", "#seal", "is wrong"),
    ],
    ids=["edited", "tree rewritten", "checkpoint forged"],
)
def test_history_that_was_changed_is_shown_as_wrong(
    console: Console, page: Page, tampering: str, event: str, where: str, says: str
) -> None:
    told = json_of(console.auditor.get(f"/v1/audit/bookings/{console.booking}/timeline"))["events"]
    position = next(each["position"] for each in told if each["type"] == event)
    with console.changed(tampering.format(position)):
        console.show(page, position=position)
        found = page.get_by_role("region", name="Proof") if where == "#proof" else page.locator(where)
        expect(found).to_contain_text(says)
        expect(page.locator(".summary .wrong").first).to_be_visible()


def test_who_is_no_auditor_sees_nothing(console: Console) -> None:
    page = console.logged_in(register(console.stack))
    expect(page.get_by_role("alert")).to_have_text("This account is not an auditor's.")
    assert page.locator("#found").inner_text() == ""
    page.context.close()


def test_an_event_that_was_taken_out_is_missed(console: Console, page: Page) -> None:
    with console.changed("DELETE FROM events WHERE type = 'PaymentActionRequired'"):
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("cannot follow what is there")


def test_the_states_that_the_page_steps_through_end_as_lodger_says(console: Console, page: Page) -> None:
    path = f"/v1/audit/bookings/{console.booking}/timeline"
    folded = page.evaluate(
        """async (path) => {
            const { read } = await import("/console/audit/story.js");
            return Object.fromEntries(read(await (await fetch(path)).json()).after.at(-1));
        }""",
        path,
    )
    said = json_of(console.auditor.get(path))["states"]
    assert folded == {each["stream"]: each["state"] for each in said}


def test_amounts_have_the_digits_of_their_currency(page: Page) -> None:
    """Browsers would show 1.234,00 HUF as 123 400: they follow custom, not the standard."""
    amounts = [Money(sign * 1_234_567, currency) for currency in EXPONENTS for sign in (1, -1)]
    shown = page.evaluate(
        """async (amounts) => {
            const { money } = await import("/console/audit/words.js");
            return amounts.map(([minor, currency]) => money({ minor, currency }));
        }""",
        [[amount.minor, amount.currency] for amount in amounts],
    )
    assert [each.replace("\u2009", "").replace("\u2212", "-") for each in shown] == list(map(str, amounts))


def test_the_browser_proves_as_the_domain_does(page: Page) -> None:
    """All proofs of all trees up to 20 leaves, that they hold, and that they hold of nothing else."""
    leaves = [leaf_hash(bytes([number])) for number in range(20)]
    tree, kept = GrowingTree(), dict[Node, bytes]()
    for leaf in leaves:
        kept.update(tree.add(leaf))
    roots = {size: root_of(size, kept_of(kept)) for size in range(1, 21)}

    def text(*hashes: bytes) -> list[str]:
        return [b64encode(each).decode() for each in hashes]

    inclusions = [
        [*text(leaves[index], roots[size]), index, size, text(*inclusion_proof(index, size, kept_of(kept)))]
        for size in roots
        for index in range(size)
    ]
    consistencies = [
        [first, second, *text(roots[first], roots[second]), text(*consistency_proof(first, second, kept_of(kept)))]
        for second in roots
        for first in range(1, second + 1)
    ]
    assert page.evaluate(LAWS, [inclusions, consistencies]) == []


def kept_of(kept: Mapping[Node, bytes]) -> Callable[[Sequence[Node]], Mapping[Node, bytes]]:
    return lambda nodes: {node: kept[node] for node in nodes}


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="SCREENSHOTS names no folder for pictures of the page")
def test_pictures_are_taken_for_the_documentation(console: Console) -> None:
    """`SCREENSHOTS=docs/pictures ./run test tests/console`."""
    page = console.audited()
    page.set_viewport_size({"width": 1320, "height": 1330})

    def take(event: str, name: str) -> None:
        page.locator("tbody").last.get_by_role("button", name=event).last.click()
        page.locator("main").focus()
        page.mouse.move(0, 0)
        page.evaluate("scrollTo(0, 0)")
        path = Path(os.environ["SCREENSHOTS"]) / f"audit-{name}.png"
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": 1320, "height": 1330})

    console.show(page)
    take("Refund succeeded", "light")
    page.emulate_media(color_scheme="dark")
    take("Refund succeeded", "dark")
    page.emulate_media(color_scheme="light")
    with console.changed(
        "UPDATE events SET data = replace(data, 'sandbox', 'sandb0x') WHERE type = 'PaymentAuthorized'"
    ):
        console.show(page)
        take("Payment authorized", "wrong")

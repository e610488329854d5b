"""The page at /graphql in a real browser: written, run, read, remembered, and all of it by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.api.people import register
from tests.api.stack import Stack
from tests.support.browser import needs_chromium, running_browser, serving_pages

pytestmark = [pytest.mark.slow, needs_chromium]


@pytest.fixture
def address(shared: Stack) -> Iterator[str]:
    with serving_pages(shared.app) as address:
        yield f"{address}/graphql"


@pytest.fixture
def page() -> Iterator[Page]:
    with running_browser() as browser:
        yield browser.new_page(viewport={"width": 1400, "height": 900})


def test_a_person_asks_with_variables_and_a_token_by_keyboard_alone(shared: Stack, address: str, page: Page) -> None:
    """One browser for all of it: starting one takes a second."""
    ada = register(shared)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url) if address[:17] not in request.url else None)
    page.goto(address)

    # What is on the page has names; the tab key goes through it from top to bottom.
    for label in ("Query", "Variables (JSON)", "Headers (JSON)", "Find in the schema"):
        assert page.get_by_label(label).is_visible()
    page.get_by_label("Query").focus()
    for name in ("run", "variables", "headers", "result", "find", "docs"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == name

    # A query with a variable and a header, run by the keys.
    page.get_by_label("Query").fill("query Yes($yes: Boolean!) { __typename @include(if: $yes) }")
    page.get_by_label("Variables (JSON)").fill('{"yes": true}')
    page.get_by_label("Headers (JSON)").fill(f'{{"Authorization": "Bearer {ada.token}"}}')
    page.keyboard.press("Control+Enter")
    page.get_by_text("200 in").wait_for()
    assert '"__typename": "Query"' in page.locator("#result").inner_text()
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/explorer.png")

    # Refusals are shown as they come, and what is not sent is said too.
    page.get_by_label("Query").fill("{")
    page.get_by_role("button", name="Run").click()
    page.get_by_text("400 in").wait_for()
    assert "graphql-malformed" in page.locator("#result").inner_text()
    assert len(complaints) == 1, "the browser itself notes the 400"
    assert "400" in complaints.pop()
    page.get_by_label("Variables (JSON)").fill("{oops")
    page.keyboard.press("Control+Enter")
    page.get_by_text("Variables are not JSON").wait_for()
    assert page.evaluate("document.activeElement.id") == "variables"

    # The schema: from the query's type to another, and found by a part of a name.
    page.locator("#docs").get_by_role("button", name="Query", exact=True).click()
    assert "object Query" in page.locator("#docs").inner_text()
    page.get_by_label("Find in the schema").fill("instan")
    page.locator("#docs").get_by_role("button", name="Instant", exact=True).first.press("Enter")
    assert "scalar Instant" in page.locator("#docs").inner_text()

    # What was run is there when the page is opened again; the token is not.
    page.reload()
    assert page.get_by_label("Query").input_value() == "{"
    page.locator("#history").get_by_role("button", name="query Yes").press("Enter")
    assert page.get_by_label("Query").input_value().startswith("query Yes")
    assert page.get_by_label("Variables (JSON)").input_value() == '{"yes": true}'
    assert page.get_by_label("Headers (JSON)").input_value() == ""
    assert str(ada.token) not in page.evaluate("JSON.stringify(localStorage)")
    page.get_by_role("button", name="Forget all").click()
    assert page.locator("#history li").count() == 0
    assert complaints == []

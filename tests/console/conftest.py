"""The console in one browser, over a log with one long story whose events are signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from infrastructure.bootstrap import wire, wire_notary
from infrastructure.embedded.valkey import Valkey
from infrastructure.proofs.notary import Notary
from tests.api.conftest import shared
from tests.api.people import PASSWORD, employed
from tests.api.stack import Client, Stack, over, settings
from tests.console.story import tell
from tests.support.browser import running_browser, serving_pages

__all__ = ["shared"]

PROVING: Final = ("events", "log_subtrees", "log_checkpoints")


@dataclass
class Console:
    """What the tests of the page share. `complaints` are what browsers found wrong, refused answers aside;
    `cookies` are those of the auditor, who has logged in once."""

    stack: Stack
    address: str
    browser: Browser
    notary: Notary
    booking: str
    auditor: Client
    complaints: list[str] = field(default_factory=list)
    cookies: Any = None

    def sign(self) -> None:
        self.notary.sign(self.stack.wired.log.safe_position())

    @contextmanager
    def changed(self, tampering: str) -> Iterator[None]:
        """The log after whoever owns the server changed it, with no right and no trigger in the way; then as it was."""
        url = self.stack.wired.settings.database_url
        keep = [
            f"ALTER TABLE {each} DISABLE TRIGGER ALL; CREATE TABLE kept_{each} AS TABLE {each};" for each in PROVING
        ]
        back = [
            f"DELETE FROM {each}; INSERT INTO {each} TABLE kept_{each}; DROP TABLE kept_{each};" for each in PROVING
        ]
        with closing(psycopg2.connect(url)) as login, login.cursor() as cursor:
            login.autocommit = True
            cursor.execute("".join([*keep, tampering]))
            try:
                yield
            finally:
                cursor.execute("".join(back))

    def opened(self, cookies: Any = None) -> Page:
        """The page, in a browser that has never been here, but for these cookies."""
        size: ViewportSize = {"width": 1440, "height": 1000}
        context = self.browser.new_context(viewport=size, storage_state=cookies, reduced_motion="reduce")
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._must_be_ours(request.url))
        page.on("console", lambda said: self._note(said.type, said.text))
        page.goto(f"{self.address}/console/audit")
        return page

    def logged_in(self, person: Client) -> Page:
        page = self.opened()
        page.get_by_label("E-mail address").fill(person.user["email"])
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Log out").wait_for()
        return page

    def audited(self) -> Page:
        """The page, as the auditor sees it who was never here with this browser."""
        if self.cookies is None:
            page = self.logged_in(self.auditor)
            self.cookies = {"cookies": page.context.cookies(), "origins": []}
            return page
        return self.opened(self.cookies)

    def show(self, page: Page, booking: str | None = None, position: int | None = None) -> Page:
        """A booking of which everything is verified."""
        at = f"&at={position}" if position else ""
        page.goto(f"{self.address}/console/audit?booking={booking or self.booking}{at}")
        page.locator("#booking-title").wait_for()
        page.get_by_text("being verified").first.wait_for(state="detached")
        return page

    def _must_be_ours(self, url: str) -> None:
        if not url.startswith((self.address, "blob:", "data:")):
            self.complaints.append(url)

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning") and "the server responded with a status of" not in text:
            self.complaints.append(text)


@pytest.fixture(scope="module")
def console(shared_database_url: str, valkey: Valkey) -> Iterator[Console]:
    wired = wire(settings(shared_database_url, REDIS_URL=valkey.url()), wake=lambda: None)
    stack, notary = over(wired), wire_notary(wired.settings)
    booking, auditor = tell(stack), employed(stack, "auditor")
    stack.run_workers()
    with serving_pages(stack.app) as address, running_browser() as browser:
        console = Console(stack, address, browser, notary, booking, auditor)
        console.sign()
        yield console
    wired.database.close()
    wired.projecting.close()


@pytest.fixture
def nothing_went_wrong(console: Console) -> Iterator[None]:
    """Every page stays within its policy, asks nobody else for anything, and makes no mistake."""
    console.complaints.clear()
    yield
    assert console.complaints == []


@pytest.fixture(scope="module")
def page(console: Console) -> Iterator[Page]:
    """The story, as an auditor sees it who looks for the first time. Each test goes from there to where it wants."""
    page = console.show(console.audited())
    yield page
    page.context.close()

"""What the page is made of; what it does in a browser is in test_page."""

from __future__ import annotations

import re

import pytest

from tests.api.stack import Stack

FILES = "/console/audit"


def test_the_page_and_its_modules_load_nothing_from_elsewhere_and_run_nothing_inline(shared: Stack) -> None:
    page = shared.anybody().get(FILES)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script>|\son\w+=|(https?:)?//\w", page.text)
    seen, waiting = set[str](), re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            file = shared.anybody().get(path)
            assert file.status_code == 200, path
            assert file.mimetype in ("text/css", "text/javascript", "application/javascript"), path
            assert not re.search(r"innerHTML|insertAdjacent|document\.write|eval\(|url\(", file.text), path
            waiting += [f"{FILES}/{name}" for name in re.findall(r'from "\./([^"]+)"', file.text)]
    assert f"{FILES}/proof.js" in seen


def test_a_file_that_is_still_the_same_is_not_sent_again_and_keeps_its_policy(shared: Stack) -> None:
    first = shared.anybody().get(f"{FILES}/proof.js")
    assert first.headers["Cache-Control"] == "no-cache, max-age=0"
    again = shared.anybody().get(f"{FILES}/proof.js", If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data) == (304, b"")
    assert "Content-Security-Policy" not in again.headers
    assert again.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["nothing.js", "../pages.py", "%2e%2e/pages.py", "..%2fpages.py", "/etc/passwd"])
def test_nothing_else_is_served(shared: Stack, name: str) -> None:
    assert shared.anybody().get(f"{FILES}/{name}").status_code == 404

"""The page at /graphql and the files beside it; what it does in a browser is in test_explorer."""

from __future__ import annotations

import re

from graphql import build_client_schema, build_schema, lexicographic_sort_schema, print_schema

from api.graph.schema import SCHEMA
from tests.api.stack import Stack, json_of


def test_browsers_get_a_page_that_loads_nothing_from_elsewhere(shared: Stack) -> None:
    page = shared.anybody().get("/graphql", Accept="text/html,application/xhtml+xml")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
    assert "/graphql/explorer.js" in loaded
    for path in [*loaded, "/graphql/schema_browser.js"]:
        file = shared.anybody().get(path)
        assert file.status_code == 200, path
        if path.endswith(".js"):
            assert not re.search(r"(https?:)?//\w", file.text), path
    assert not re.search(r"(https?:)?//\w", page.text)
    assert "<script>" not in page.text
    assert not re.search(r"\son\w+=", page.text)


def test_each_field_of_the_page_has_a_label(shared: Stack) -> None:
    page = shared.anybody().get("/graphql").text
    for name in re.findall(r'<(?:textarea|input)[^>]* id="([^"]+)"', page):
        assert f'<label for="{name}">' in page


def test_the_schema_is_served_to_tools_in_both_forms(shared: Stack) -> None:
    text = shared.anybody().get("/graphql/schema.graphql")
    assert text.mimetype == "text/plain"
    told = json_of(shared.anybody().get("/graphql/schema.json"))
    ours = print_schema(lexicographic_sort_schema(SCHEMA.core))
    assert print_schema(lexicographic_sort_schema(build_client_schema(told))) == ours  # type: ignore[arg-type]
    assert set(build_schema(text.text).type_map) == set(SCHEMA.core.type_map)

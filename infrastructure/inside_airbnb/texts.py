"""Text that hosts wrote, with HTML in it, as plain text that can be stored."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_BREAKS: Final = frozenset(["br", "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "tr"])
_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters (PostgreSQL stores no NUL) and lone surrogates, which are not text in any encoding."""
_MANY_LINES: Final = re.compile(r"\n{3,}")
_RAW_PER_KEPT: Final = 8
"""Raw characters looked at for each that may be kept: bounds what a hostile text costs the parser."""


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(text: str, most: int) -> tuple[str, bool]:
    """The text without tags, entities and unstorable characters, and whether it had to be cut to `most` characters."""
    raw = text[: most * _RAW_PER_KEPT]
    lines = (" ".join(_UNSTORABLE.sub("", line).split()) for line in _without_html(raw).splitlines())
    kept = _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()
    return kept[:most].rstrip(), len(kept) > most or len(raw) < len(text)


def one_line(text: str, most: int) -> tuple[str, bool]:
    """Like `plain`, on one line."""
    kept, cut = plain(text, most)
    return kept.replace("\n", " "), cut


def _without_html(text: str) -> str:
    if "<" not in text and "&" not in text:
        return text
    parser = _Text()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts)

"""Text that hosts wrote, with HTML in it, as plain text that can be stored."""

from __future__ import annotations

import html
import re
from typing import Final

# Expressions, for these texts hold a few plain tags: the standard library's parser takes time by the square of a
# hostile text (39 s for 40 kB of "<a <a <a "), and markupsafe's striptags eats what follows the heart in "I <3 …".
_BREAK: Final = re.compile(r"<(?:br|/?p|/?div|/?li|/?ul|/?ol|/?h[1-6]|/?tr)\b[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<(?:/?[a-z]|!)[^<>]*>", re.IGNORECASE)
_UNSTORABLE: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters (PostgreSQL stores no NUL) and lone surrogates, which are not text in any encoding."""
_MANY_LINES: Final = re.compile(r"\n{3,}")
_RAW_PER_KEPT: Final = 8
"""Raw characters looked at for each that may be kept: bounds what a hostile text costs."""


def plain(text: str, most: int) -> tuple[str, bool]:
    """The text without tags, entities and unstorable characters, and whether it had to be cut to `most` characters."""
    raw = text[: most * _RAW_PER_KEPT]
    read = html.unescape(_TAG.sub("", _BREAK.sub("\n", raw)))
    lines = (" ".join(_UNSTORABLE.sub("", line).split()) for line in read.splitlines())
    kept = _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()
    return kept[:most].rstrip(), len(kept) > most or len(raw) < len(text)


def one_line(text: str, most: int) -> tuple[str, bool]:
    """Like `plain`, on one line."""
    kept, cut = plain(text, most)
    return " ".join(kept.split()), cut

"""What hosts wrote, made plain."""

from __future__ import annotations

import time

import pytest

from infrastructure.inside_airbnb.texts import one_line, plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Two rooms.<br/>One cat.", "Two rooms.\nOne cat."),
        ("Two rooms.<br /><br />One cat.", "Two rooms.\n\nOne cat."),
        ("a<br/><br/><br/><br/>b", "a\n\nb"),
        ("<b>The space</b><br>is <i>small</i>", "The space\nis small"),
        ("Bed &amp; Breakfast", "Bed & Breakfast"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("I <3 Albany & 5 < 6", "I <3 Albany & 5 < 6"),
        ("line one\r\nline two\rline three", "line one\nline two\nline three"),
        ("  much \t space  ", "much space"),
        ("a\x00b\x07c&#0;d", "abc�d"),
        ("half a pair: \ud83d!", "half a pair: !"),
        ("<script>", ""),
        ("seen <!-- hidden --> again", "seen again"),
        ("<ul><li>one</li><li>two</li></ul>", "one\n\ntwo"),
        ("", ""),
    ],
)
def test_markup_is_gone_and_what_it_meant_stays(written: str, read: str) -> None:
    assert plain(written, 1000) == (read, False)


def test_a_text_is_cut_at_the_limit_and_says_so() -> None:
    assert plain("abcdef", 6) == ("abcdef", False)
    assert plain("abcdefg", 6) == ("abcdef", True)


def test_one_line_has_no_line_breaks() -> None:
    assert one_line("Sunny<br/>room", 100) == ("Sunny room", False)


def test_hostile_markup_costs_no_more_than_what_is_kept() -> None:
    began = time.perf_counter()
    for hostile in ("<a ", "<", "<!--", "&#", "<br", "&amp"):
        plain(hostile * 1_000_000, 5_000)
    assert time.perf_counter() - began < 2

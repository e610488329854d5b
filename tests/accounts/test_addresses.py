"""One account per address: however an address is written, and whatever looks like it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.addresses import email_address, username
from domain.rejections import Rejected
from tests.api.people import PASSWORD, register
from tests.api.refusals.accounts import without_password
from tests.api.stack import Stack, json_of

ADA = "ada@example.org"
SAME = {
    "capitals": "ADA@Example.ORG",
    "spaces around": " ada@example.org\n",
    "full width": "ａｄａ＠ｅｘａｍｐｌｅ．ｏｒｇ",
    "ideographic full stop": "ada@example。org",
    "mathematical letters": "𝐚𝐝𝐚@example.org",
    "ordinal indicator": "ªda@example.org",
}


@pytest.mark.parametrize("written", SAME.values(), ids=SAME.keys())
def test_writings_of_the_same_address_are_one(written: str) -> None:
    assert email_address(written) == ADA


REFUSED = {
    "zero-width space": "a\u200bda@example.org",
    "zero-width joiner in the domain": "ada@exam\u200dple.org",
    "soft hyphen": "a\u00adda@example.org",
    "right-to-left override": "\u202eada@example.org",
    "left-to-right mark": "ada\u200e@example.org",
    "byte order mark": "\ufeffada@example.org",
    "dotless i": "ıvan@example.org",
    "dotless j": "ȷo@example.org",
    "an accent": "jörg@example.org",
    "two dots": "a..da@example.org",
    "a dot at the end": "ada.@example.org",
    "quotes": '"ada"@example.org',
    "capital i with its dot": "İvan@example.org",
    "NUL": "ada\x00@example.org",
    "line break": "ada\n@example.org",
    "a lone surrogate": "\ud800da@example.org",
    "a private character": "\ue000da@example.org",
    "no domain": "ada",
    "no dot": "ada@localhost",
    "an IP address": "ada@127.0.0.1",
    "two at signs": "ada@eve@example.org",
    "an empty label": "ada@example..org",
    "a label that begins with a dash": "ada@-example.org",
    "a label of 64 letters": f"ada@{'x' * 64}.org",
    "an underscore in the domain": "ada@ex_ample.org",
    "a forbidden character of IDNA": "ada@☃\u2060.example",
    "a name beside it": "Ada <ada@example.org>",
    "65 letters": f"{'x' * 65}@example.org",
    "255 letters": f"ada@{'.'.join(['x' * 60] * 4)}.example.com",
}


@pytest.mark.parametrize("written", REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_seen_or_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(Rejected) as refused:
        email_address(written)
    assert refused.value.code == "email_malformed"


def test_a_domain_is_one_in_its_own_script_and_as_it_is_looked_up() -> None:
    for written in (
        "ada@bücher.example",
        "ada@BÜCHER.example",
        "ada@bu\u0308cher.example",
        "ada@xn--bcher-kva.example",
    ):
        assert email_address(written) == "ada@xn--bcher-kva.example"


def test_in_a_domain_two_letters_are_not_one_because_they_fold_alike() -> None:
    """faß.example and fass.example are two owners' mail servers."""
    assert email_address("ada@faß.example") == "ada@xn--fa-hia.example"
    assert email_address("ada@fass.example") == "ada@fass.example"


def test_a_look_alike_of_another_script_is_refused_before_the_at_sign_and_another_domain_behind_it() -> None:
    with pytest.raises(Rejected):
        email_address("аda@example.org")  # its first letter is Cyrillic
    assert email_address("ada@exаmple.org") == "ada@xn--exmple-4nf.org"


def test_tags_and_dots_are_the_mail_providers_business() -> None:
    assert len({email_address(each) for each in ("a.da@example.org", ADA, "ada+lodger@example.org")}) == 3


@given(st.text(min_size=1, max_size=20), st.sampled_from(["example.org", "bücher.example", "例え.テスト"]))
def test_the_one_spelling_is_its_own(local: str, domain: str) -> None:
    try:
        once = email_address(f"{local}@{domain}")
    except Rejected:
        return
    assert email_address(once) == once
    assert unicodedata.is_normalized("NFKC", once)
    assert once == once.casefold()
    assert once.isprintable()


@pytest.mark.parametrize(
    "name", ["аda", "ada\u200b", "ädä", "a\u0301da", "ad", ".ada", "a" * 31, "ada lovelace", "@da"]
)
def test_a_username_is_ascii_so_that_no_two_look_alike(name: str) -> None:
    with pytest.raises(Rejected) as refused:
        username(name)
    assert refused.value.code == "username_malformed"


def test_a_username_is_one_however_it_is_written() -> None:
    assert {username(each) for each in ("Ada", "ＡＤＡ", " ada ", "𝐀da")} == {"ada"}


def test_another_writing_of_a_taken_address_or_name_is_taken_and_logs_in(stack: Stack) -> None:
    ada = register(stack, "ada")
    email, name = ada.user["email"], ada.user["username"]
    local, _, domain = email.partition("@")
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in local)
    other = {"username": "somebodyelse", "name": "Eve", "email": f"{wide}@{domain.upper()}", "password": PASSWORD}
    taken = stack.anybody().post("/v1/users", other)
    assert (taken.status_code, json_of(taken)["type"]) == (409, "/problems/email-taken")
    named = {**other, "email": "eve@example.org", "username": name.upper()}
    taken = stack.anybody().post("/v1/users", named)
    assert (taken.status_code, json_of(taken)["type"]) == (409, "/problems/username-taken")
    credentials = {"email": other["email"], "password": PASSWORD}
    assert stack.anybody().post("/v1/auth/tokens", credentials).status_code == 200


@pytest.mark.parametrize("path", ["/v1/auth/tokens", "/v1/auth/reactivation"])
def test_a_wrong_password_an_unknown_address_and_what_is_none_are_answered_alike(stack: Stack, path: str) -> None:
    away, without = register(stack), without_password(register(stack))
    assert away.post("/v1/users/me/deactivation").status_code == 204
    known = [str(somebody.user["email"]) for somebody in (register(stack), away, without)]
    told = set()
    for email in (*known, "nobody@example.org", "a\u200bda@example.org"):
        answer = stack.anybody().post(path, {"email": email, "password": "not it at all"})
        problem = {**json_of(answer), "instance": ""}
        told.add((answer.status_code, repr(problem), *(name for name, _ in answer.headers)))
    ((status, *_),) = told
    assert status == 401

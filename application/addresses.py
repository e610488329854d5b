"""Addresses and names that people are found by: one spelling each, so that look-alike writings are one account."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import idna

from domain.rejections import Rejected

EMAIL: Final = "email"
USERNAME: Final = "username"
"""What people are found by: the kinds of their identities."""

_LOCAL: Final = re.compile(r"(?=.{1,64}$)[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*", re.ASCII)
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,28})[a-z0-9]", re.ASCII)
_EMAIL_MAX: Final = 254

_UNSEEN: Final = ("C", "Z")
"""Categories of Unicode that nobody sees or that turn a line around: controls, formats (zero-width characters, marks of
direction), surrogates, private and unassigned ones; separators."""


def email_address(text: str) -> str:
    """The one spelling of an address: NFKC and case folded, its domain as it is looked up (IDNA, UTS #46).

    What stands before the @ is ASCII then: mail to other names is taken by few servers, and no letter of another script
    looks like one of it. What a provider makes of dots and of `+tags` is its own business: those are different
    addresses. Raises Rejected `email_malformed`.
    """
    seen = unicodedata.normalize("NFKC", text).strip()
    typed, _, domain = seen.rpartition("@")
    local = folded(typed)
    try:
        # Not folded before: in a domain ß and ss are two letters, and somebody else's mail server.
        domain = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True, std3_rules=True).decode()
    except idna.IDNAError:
        domain = ""
    email = f"{local}@{domain}"
    is_address = _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain) and len(email) <= _EMAIL_MAX
    if not is_address or any(unicodedata.category(letter)[0] in _UNSEEN for letter in seen):
        raise Rejected("email_malformed", "This is not an e-mail address.")
    return email


def username(text: str) -> str:
    """The one spelling of a username, which is ASCII: no letter of another script looks like it.

    Raises Rejected `username_malformed`.
    """
    name = folded(text)
    if not _USERNAME.fullmatch(name):
        raise Rejected("username_malformed", "A username has 3 to 30 of a-z, 0-9, dot, dash and underscore.")
    return name


def folded(text: str) -> str:
    """Folding can undo normalising, so that is done once more (NFKC_Casefold does it in one step)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()

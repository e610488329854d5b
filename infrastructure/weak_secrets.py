"""Secrets that somebody typed instead of having them made: production refuses to start with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_TELLING: Final = ("secret", "password", "passphrase", "token", "change", "example", "default", "lodger", "12345678")
_LETTERS_LEAST: Final = 8
"""Different ones: 32 random hexadecimal digits have 10 or more in all but one of a million."""


def weaknesses(made: Mapping[str, str], others: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with some secrets, without repeating them. Both are by name; `made` are those that nobody else
    gave us, `others` are only not to be the same as one of them."""
    for name, secret in made.items():
        told = next((word for word in _TELLING if word in secret.lower()), None)
        if told is not None:
            yield f"{name} has the word {told!r} in it: {_MAKE_ONE}"
        elif len(set(secret)) < _LETTERS_LEAST:
            yield f"{name} repeats itself: {_MAKE_ONE}"
    names = list(made)
    for at, name in enumerate(names):
        same = [other for other in names[:at] if made[other] == made[name]]
        same += [other for other, secret in others.items() if secret == made[name]]
        if same:
            yield f"{name} is the same as {same[0]}: each should be its own"


_MAKE_ONE: Final = "make one with `openssl rand -hex 32`"

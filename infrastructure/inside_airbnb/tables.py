"""CSV files as they come: plain or gzipped, with bad rows, cut off in the middle."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from application.imported_listings import FileDamaged, RowRefused
from infrastructure.refusals import Refused

Row = tuple[int, list[str]]
"""The line a row begins on, and its fields."""

_DAMAGE = (EOFError, OSError, zlib.error)
"""What reading a truncated or corrupt file raises (gzip.BadGzipFile is an OSError)."""


class Unreadable(Refused):
    """The folder or a file in it cannot be used at all; the message says why."""


class Missing(Unreadable):
    """There is no such file."""


class Table:
    """One CSV file with a header. `columns` maps each column's name to its index."""

    def __init__(self, folder: Path, stem: str, required: Sequence[str]) -> None:
        self.path = _find(folder, stem)
        self.name = self.path.name
        try:
            with self._open() as file:
                header = next(csv.reader(file), None)
        except (*_DAMAGE, csv.Error) as error:
            raise Unreadable(f"{self.path} cannot be read: {_said(error)}") from error
        if header is None:
            raise Unreadable(f"{self.path} is empty.")
        self.columns = {name.strip(): index for index, name in enumerate(header)}
        missing = [name for name in required if name not in self.columns]
        if missing:
            raise Unreadable(f"{self.path} has no column {', '.join(missing)}. It has: {', '.join(self.columns)}.")
        self._width = len(header)

    def rows(self) -> Iterator[Row | RowRefused | FileDamaged]:
        """Every row below the header, one at a time. Damage comes last and ends it."""
        line = 1
        try:
            with self._open() as file:
                reader = csv.reader(file)
                next(reader, None)
                while True:
                    line = reader.line_num + 1  # a row may go on over several lines
                    try:
                        fields = next(reader, None)
                    except csv.Error as error:
                        yield RowRefused(self.name, line, None, f"not CSV: {error}")
                        continue
                    if fields is None:
                        return
                    if len(fields) == self._width:
                        yield line, fields
                    elif fields:
                        yield self._misshapen(line, fields)
        except _DAMAGE as error:
            yield FileDamaged(self.name, line, _said(error))

    def _misshapen(self, line: int, fields: list[str]) -> RowRefused:
        return RowRefused(
            self.name, line, fields[0][:40] or None, f"has {len(fields)} fields where the header has {self._width}"
        )

    def _open(self) -> TextIO:
        """Bytes that are not UTF-8 become U+FFFD: one of them must not cost the file."""
        if self.path.suffix == ".gz":
            return gzip.open(self.path, "rt", encoding="utf-8-sig", errors="replace", newline="")
        return self.path.open(encoding="utf-8-sig", errors="replace", newline="")


def _find(folder: Path, stem: str) -> Path:
    """The gzipped file first: that is the detailed one where a folder has both."""
    if not folder.is_dir():
        raise Unreadable(f"{folder} is not a folder.")
    for name in (f"{stem}.csv.gz", f"{stem}.csv"):
        with suppress(PermissionError):
            if (folder / name).is_file():
                return folder / name
    raise Missing(f"There is neither {stem}.csv.gz nor {stem}.csv in {folder}.")


def _said(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the file ends in the middle"
    return f"the file is damaged ({error})"

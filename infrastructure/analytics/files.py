"""Files that a view is written to, row group by row group: Parquet with exact types, and CSV."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from uuid import UUID

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from api.csv_tables import cell

Format = Literal["parquet", "csv"]

_TYPES: Final[Mapping[int, Any]] = {
    16: pa.bool_(),
    20: pa.int64(),
    23: pa.int32(),
    25: pa.string(),
    19: pa.string(),
    1082: pa.date32(),
    1184: pa.timestamp("us", tz="UTC"),
    2950: pa.string(),
}
"""By PostgreSQL's number of the type. A view with any other, a float for one, is not written."""

_NUMERIC: Final = 1700
_DIGITS: Final = 38
_EXACT: Final = pa.decimal128(36, 18)
"""A numeric without bounds is a rate, which has no more digits."""


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    type: Any


def columns(description: Sequence[Any]) -> list[Column]:
    """Those of a cursor, with the type that holds each value exactly. Raises KeyError for one that none does."""
    return [Column(each.name, _type(each)) for each in description]


def _type(described: Any) -> Any:
    if described.type_code == _NUMERIC:
        # Without bounds it says 65535.
        return pa.decimal128(described.precision, described.scale) if described.precision <= _DIGITS else _EXACT
    return _TYPES[described.type_code]


class Writer(Protocol):
    def write(self, rows: Sequence[tuple[Any, ...]]) -> None: ...

    def close(self) -> None: ...


class ParquetFile:
    """One row group for each `write`."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._schema = pa.schema([(column.name, column.type) for column in columns])
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        arrays = [
            pa.array([str(value) if isinstance(value, UUID) else value for value in values], column.type)
            for column, values in zip(self._columns, zip(*rows, strict=True), strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


class CsvFile:
    """RFC 4180 in UTF-8; instants end in Z, and NULL is empty."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._file = path.open("w", newline="", encoding="utf-8")
        self._writer = csv.writer(self._file)
        self._writer.writerow(column.name for column in columns)

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        self._writer.writerows([cell(_text(value)) for value in row] for row in rows)

    def close(self) -> None:
        self._file.close()


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


WRITERS: Final[Mapping[Format, Callable[[Path, Sequence[Column]], Writer]]] = {"parquet": ParquetFile, "csv": CsvFile}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

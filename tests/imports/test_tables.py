"""CSV files as they come."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from application.imported_listings import FileDamaged, RowRefused
from infrastructure.inside_airbnb.tables import Table, Unreadable
from tests.imports.city import put


def read(folder: Path, *required: str) -> list[object]:
    return list(Table(folder, "listings", required).rows())


@pytest.mark.parametrize("gzipped", [False, True])
def test_rows_come_with_the_line_they_begin_on(tmp_path: Path, gzipped: bool) -> None:
    put(tmp_path, "listings", 'id,name\n1,"two\nlines"\n2,one\n', gzipped=gzipped)
    assert read(tmp_path, "id") == [(2, ["1", "two\nlines"]), (4, ["2", "one"])]


def test_a_row_of_another_width_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    put(tmp_path, "listings", "id,name\n1,a,b\n2\n3,c\n")
    assert read(tmp_path) == [
        RowRefused("listings.csv", 2, "1", "has 3 fields where the header has 2"),
        RowRefused("listings.csv", 3, "2", "has 1 fields where the header has 2"),
        (4, ["3", "c"]),
    ]


def test_a_field_without_end_is_refused(tmp_path: Path) -> None:
    put(tmp_path, "listings", f"id,name\n1,{'x' * 200_000}\n2,b\n")
    refused, row = read(tmp_path)
    assert isinstance(refused, RowRefused)
    assert (refused.line, row) == (2, (3, ["2", "b"]))


def test_empty_lines_a_byte_order_mark_and_nul_are_no_obstacle(tmp_path: Path) -> None:
    put(tmp_path, "listings", "\ufeffid,name\n\n1,a\x00b\n")
    assert read(tmp_path, "id", "name") == [(3, ["1", "a\x00b"])]


def test_bytes_that_are_not_utf8_become_replacement_characters(tmp_path: Path) -> None:
    put(tmp_path, "listings", "id,name\n1,caf\udce9\n")
    assert read(tmp_path) == [(2, ["1", "caf\ufffd"])]


def test_a_truncated_file_gives_what_stands_before_the_cut_and_says_where(tmp_path: Path) -> None:
    path = put(tmp_path, "listings", "id,name\n" + "".join(f"{n},{n * 7919}\n" for n in range(20_000)), gzipped=True)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    *rows, last = read(tmp_path)
    assert rows[0] == (2, ["0", "0"])
    assert last == FileDamaged("listings.csv.gz", len(rows) + 2, "the file ends in the middle")


def test_a_corrupt_file_gives_what_stands_before_and_says_where(tmp_path: Path) -> None:
    path = put(tmp_path, "listings", "id,name\n" + "".join(f"{n},{n * 7919}\n" for n in range(20_000)), gzipped=True)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(bytes(content))
    *rows, last = read(tmp_path)
    assert rows[0] == (2, ["0", "0"])
    assert isinstance(last, FileDamaged)


def test_missing_columns_are_named(tmp_path: Path) -> None:
    put(tmp_path, "listings", "id,name\n")
    with pytest.raises(Unreadable, match=r"has no column price, beds. It has: id, name"):
        Table(tmp_path, "listings", ["id", "price", "beds"])


def test_the_detailed_file_is_taken_where_there_are_both(tmp_path: Path) -> None:
    put(tmp_path, "listings", "id\n1\n")
    put(tmp_path, "listings", "id\n2\n", gzipped=True)
    assert read(tmp_path) == [(2, ["2"])]


def test_what_cannot_be_read_at_all_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=r"neither listings.csv.gz nor listings.csv"):
        Table(tmp_path, "listings", [])
    with pytest.raises(Unreadable, match="is not a folder"):
        Table(tmp_path / "nowhere", "listings", [])
    (tmp_path / "listings.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(Unreadable, match="is damaged"):
        Table(tmp_path, "listings", [])
    (tmp_path / "listings.csv.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(Unreadable, match="is empty"):
        Table(tmp_path, "listings", [])

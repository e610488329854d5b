"""The stores of files: a folder, and a bucket of a real server that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3  # type: ignore[import-untyped]
import pytest
from moto.server import ThreadedMotoServer

from application.photo_ports import PhotoFiles, PhotosUnavailable
from infrastructure.file_stores import store_at
from infrastructure.photos.files import files_of
from tests.support.world import settings_for

KEYS = {"s3_access_key": "key", "s3_secret_key": "secret"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of a server with the bucket `pictures`."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client(
        "s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="secret"
    ).create_bucket(Bucket="pictures")
    yield address
    server.stop()


@pytest.fixture(params=["folder", "bucket", "bucket with a prefix"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> PhotoFiles:
    if request.param == "folder":
        return files_of(settings_for("postgresql://x", data=str(tmp_path)))
    store = "s3://pictures/lodger" if "prefix" in request.param else "s3://pictures"
    address = request.getfixturevalue("s3")
    return files_of(settings_for("postgresql://x", photo_store=store, s3_endpoint=address, **KEYS))


def test_what_was_put_is_got_and_what_was_not_is_none(files: PhotoFiles) -> None:
    photo_id = uuid4()
    assert files.get(photo_id, "small") is None
    files.put(photo_id, "small", b"one")
    files.put(photo_id, "small", b"two")
    assert files.get(photo_id, "small") == b"two"
    assert files.get(photo_id, "full") is None
    assert files.get(uuid4(), "small") is None


def test_what_is_deleted_is_gone_in_all_sizes_and_others_stay(files: PhotoFiles) -> None:
    photo_id, other = uuid4(), uuid4()
    for each in (photo_id, other):
        files.put(each, "full", b"full")
        files.put(each, "small", b"small")
    files.delete(photo_id)
    files.delete(photo_id)
    assert files.get(photo_id, "full") is None
    assert files.get(photo_id, "small") is None
    assert files.get(other, "full") == b"full"


def test_what_is_added_is_never_written_over(s3: str, tmp_path: Path) -> None:
    settings = settings_for("postgresql://x", data=str(tmp_path), s3_endpoint=s3, **KEYS)
    for place in ("added", "s3://pictures/added"):
        store = store_at(place, settings)

        assert store.add("a/1.txt", b"one", "text/plain")
        assert not store.add("a/1.txt", b"two", "text/plain")
        assert store.add("a/2.txt", b"two", "text/plain")

        assert (store.get("a/1.txt"), list(store.names("a/")), list(store.names("b/"))) == (
            b"one",
            ["a/1.txt", "a/2.txt"],
            [],
        )


def test_a_folder_is_within_the_data_and_an_absolute_one_where_it_says(tmp_path: Path) -> None:
    files_of(settings_for("postgresql://x", data=str(tmp_path))).put(uuid4(), "full", b"x")
    files_of(settings_for("postgresql://x", photo_store=str(tmp_path / "elsewhere"))).put(uuid4(), "full", b"x")
    assert {path.name for path in tmp_path.iterdir()} == {"photos", "elsewhere"}


def test_a_store_that_is_away_says_so(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("no folder")
    broken = files_of(settings_for("postgresql://x", data=str(tmp_path)))
    nowhere = files_of(
        settings_for("postgresql://x", photo_store="s3://pictures", s3_endpoint="http://127.0.0.1:1", **KEYS)
    )
    for files in (broken, nowhere):
        with pytest.raises(PhotosUnavailable):
            files.put(uuid4(), "full", b"x")
        with pytest.raises(PhotosUnavailable):
            files.get(uuid4(), "full")


def test_a_bucket_that_is_not_there_or_not_ours_says_so(s3: str) -> None:
    missing = files_of(settings_for("postgresql://x", photo_store="s3://another", s3_endpoint=s3, **KEYS))
    with pytest.raises(PhotosUnavailable):
        missing.put(uuid4(), "full", b"x")

"""Photos over HTTP: uploaded, arranged, read by anybody, taken away; the smaller sizes made by the workers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4

import pytest
from PIL import Image
from werkzeug.test import TestResponse

from application import photos
from application.photo_ports import PhotosUnavailable, Size
from domain.policies import PHOTOS_MAX
from tests.api.people import draft, host, listing, register
from tests.api.stack import Client, Stack, app_of, json_of, running
from tests.photos import files
from tests.photos.files import picture


@pytest.fixture(scope="module")
def shared(shared_database_url: str) -> Iterator[Stack]:
    with running(shared_database_url, LODGER_PHOTO_LIMIT="200000") as started:
        yield started


def upload(client: Client, property_id: str, raw: bytes, kind: str = "image/jpeg", **headers: str) -> TestResponse:
    return client.raw("POST", f"/v1/properties/{property_id}/photos", raw, kind, **headers)


def shown(client: Client, property_id: str) -> list[str]:
    """The ids of a property's photos, in order."""
    return [photo["id"] for photo in json_of(client.get(f"/v1/properties/{property_id}"))["photos"]]


def size_of(answer: TestResponse) -> tuple[int, int]:
    assert answer.mimetype == "image/jpeg", answer.text
    return Image.open(BytesIO(answer.data)).size


def colours(number: int) -> bytes:
    """A file like no other's; JPEG would make the same of colours that are alike."""
    return picture(40, 30, "PNG", colour=(number, 90, 40))


def test_a_photo_is_shown_with_its_property_and_read_by_anybody(shared: Stack) -> None:
    ada = host(shared)
    property_id = listing(ada)

    answer = upload(ada, property_id, picture(1_200, 900))

    assert answer.status_code == 201, answer.text
    [photo] = json_of(answer)["photos"]
    assert photo == {"id": photo["id"], **{s: f"/v1/photos/{photo['id']}/{s}.jpg" for s in ("small", "medium", "full")}}
    read = shared.anybody().get(photo["full"], Accept="image/avif,image/webp,image/*")
    assert size_of(read) == (1_200, 900)
    assert read.headers["Cache-Control"] == "public, max-age=86400"
    assert read.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert shared.anybody().get(photo["full"], If_None_Match=read.headers["ETag"]).status_code == 304
    shared.run_workers()
    listed = json_of(ada.get("/v1/users/me/properties"))["properties"]
    assert [each["photos"] for each in listed] == [[photo]]


def test_smaller_sizes_are_the_full_one_until_a_worker_has_made_them(shared: Stack) -> None:
    ada = host(shared)
    [photo] = json_of(upload(ada, draft(ada), picture(1_200, 900)))["photos"]
    assert size_of(ada.get(photo["small"])) == (1_200, 900)

    photos.work(shared.wired.lodger)

    assert size_of(ada.get(photo["small"])) == (320, 240)
    assert size_of(ada.get(photo["medium"])) == (960, 720)
    assert size_of(ada.get(photo["full"])) == (1_200, 900)


def test_nothing_but_the_pixels_of_a_telephones_picture_is_read_again(shared: Stack) -> None:
    ada = host(shared)
    [photo] = json_of(upload(ada, draft(ada), files.from_a_telephone()))["photos"]
    photos.work(shared.wired.lodger)
    for size in ("small", "medium", "full"):
        answer = shared.anybody().get(photo[size])
        assert files.CANARY.encode() not in answer.data
        assert not Image.open(BytesIO(answer.data)).getexif()


def test_the_same_file_again_is_the_same_photo(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    first = json_of(upload(ada, property_id, picture()))
    again = json_of(upload(ada, property_id, picture()))
    assert again["photos"] == first["photos"]
    assert again["revision"] == first["revision"]


def test_a_repeated_request_gets_the_answer_it_got(shared: Stack) -> None:
    ada = host(shared)
    property_id, key = draft(ada), str(uuid4())
    first = upload(ada, property_id, picture(), Idempotency_Key=key)
    again = upload(ada, property_id, picture(), Idempotency_Key=key)
    assert (again.status_code, again.text) == (201, first.text)
    assert again.headers["Idempotency-Replayed"] == "true"
    other = upload(ada, property_id, picture(50, 50), Idempotency_Key=key)
    assert json_of(other)["type"] == "/problems/idempotency-key-reused"


def test_photos_are_put_in_order_and_what_is_left_out_is_deleted(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    for number in (1, 2, 3):
        last = upload(ada, property_id, colours(number))
    first, second, third = shown(ada, property_id)

    path = f"/v1/properties/{property_id}/photos"
    answer = ada.json("PUT", path, {"photos": [third, first]}, If_Match=last.headers["ETag"])

    assert answer.status_code == 200, answer.text
    assert shown(ada, property_id) == [third, first]
    photos.work(shared.wired.lodger)
    assert shared.anybody().get(f"/v1/photos/{second}/full.jpg").status_code == 404
    assert shared.anybody().get(f"/v1/photos/{first}/full.jpg").status_code == 200
    assert shared.count(f"SELECT count(*) FROM photos WHERE photo_id = '{second}'") == 0


def test_a_photo_that_was_deleted_can_be_uploaded_again(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    tag = upload(ada, property_id, picture()).headers["ETag"]
    [before] = shown(ada, property_id)
    emptied = ada.json("PUT", f"/v1/properties/{property_id}/photos", {"photos": []}, If_Match=tag)
    assert emptied.status_code == 200, emptied.text

    assert upload(ada, property_id, picture()).status_code == 201  # before any worker has looked

    photos.work(shared.wired.lodger)
    [after] = shown(ada, property_id)
    assert after != before
    assert size_of(ada.get(f"/v1/photos/{after}/small.jpg")) == (320, 240)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [(lambda ids: [*ids, ids[0]], "photo-twice"), (lambda ids: [*ids, str(uuid4())], "photo-not-found")],
)
def test_an_order_has_each_of_the_photos_once(shared: Stack, wanted: Any, code: str) -> None:
    ada = host(shared)
    property_id = draft(ada)
    tag = upload(ada, property_id, picture()).headers["ETag"]
    body = {"photos": wanted(shown(ada, property_id))}
    answer = ada.json("PUT", f"/v1/properties/{property_id}/photos", body, If_Match=tag)
    assert json_of(answer)["type"] == f"/problems/{code}"


def test_an_order_of_what_was_seen_before_is_stale(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    tag = upload(ada, property_id, colours(1)).headers["ETag"]
    upload(ada, property_id, colours(2))
    stale = ada.json("PUT", f"/v1/properties/{property_id}/photos", {"photos": []}, If_Match=tag)
    assert json_of(stale)["type"] == "/problems/revision-stale"
    assert len(shown(ada, property_id)) == 2


def test_only_the_host_adds_photos_and_for_others_there_is_no_such_property(shared: Stack) -> None:
    ada, eve = host(shared), host(shared)
    property_id = listing(ada)
    assert upload(eve, property_id, picture()).status_code == 404
    assert eve.json("PUT", f"/v1/properties/{property_id}/photos", {"photos": []}, If_Match='"5"').status_code == 404
    assert upload(shared.anybody(), property_id, picture()).status_code == 401
    assert shown(ada, property_id) == []


@pytest.mark.parametrize(
    ("raw", "kind", "status", "code"),
    [
        (files.bomb(), "image/png", 422, "photo-too-large"),
        (files.text_bomb(), "image/png", 422, "photo-malformed"),
        (files.and_an_archive(), "image/jpeg", 422, "photo-malformed"),
        (files.and_a_page(), "image/png", 422, "photo-malformed"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml", 415, "unsupported-media-type"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/png", 422, "photo-malformed"),
        (picture(form="GIF"), "image/gif", 415, "unsupported-media-type"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic", "image/heic", 415, "unsupported-media-type"),
        (b"", "image/jpeg", 422, "photo-malformed"),
        (b"{}", "application/json", 415, "unsupported-media-type"),
        (b"\xff" * 200_001, "image/jpeg", 413, "content-too-large"),
    ],
    ids=[
        *("bomb", "comment bomb", "archive", "page", "svg", "svg as png", "gif", "heic"),
        *("nothing", "json", "too many bytes"),
    ],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(
    shared: Stack, raw: bytes, kind: str, status: int, code: str
) -> None:
    ada = host(shared)
    property_id = draft(ada)
    before = shared.count("SELECT count(*) FROM photos"), shared.count_events()
    answer = upload(ada, property_id, raw, kind)
    assert (answer.status_code, json_of(answer)["type"]) == (status, f"/problems/{code}")
    assert (shared.count("SELECT count(*) FROM photos"), shared.count_events()) == before


def test_the_type_is_what_the_file_is_and_not_what_it_is_called(shared: Stack) -> None:
    ada = host(shared)
    answer = upload(ada, draft(ada), picture(form="WEBP"), "image/png")
    assert answer.status_code == 201
    read = ada.get(json_of(answer)["photos"][0]["full"])
    assert (read.mimetype, Image.open(BytesIO(read.data)).format) == ("image/jpeg", "JPEG")


def test_a_property_shows_so_many_photos_and_no_more(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    for number in range(PHOTOS_MAX):
        assert upload(ada, property_id, colours(number)).status_code == 201
    assert json_of(upload(ada, property_id, colours(200)))["type"] == "/problems/too-many-photos"
    assert len(shown(ada, property_id)) == PHOTOS_MAX


def test_a_person_has_one_picture(shared: Stack) -> None:
    bob = register(shared)
    first = bob.raw("PUT", "/v1/users/me/photo", colours(1), "image/jpeg")
    assert first.status_code == 200, first.text
    second = bob.raw("PUT", "/v1/users/me/photo", colours(2), "image/jpeg")
    assert json_of(bob.get("/v1/users/me"))["photo"] == json_of(second)
    assert json_of(shared.anybody().get(f"/v1/users/{bob.id}"))["photo"] == json_of(second)
    photos.work(shared.wired.lodger)
    assert shared.anybody().get(json_of(first)["full"]).status_code == 404
    assert shared.anybody().get(json_of(second)["small"]).status_code == 200

    assert bob.delete("/v1/users/me/photo").status_code == 204

    photos.work(shared.wired.lodger)
    assert json_of(bob.get("/v1/users/me"))["photo"] is None
    assert shared.anybody().get(json_of(second)["full"]).status_code == 404


class Away:
    """A store of files that does not answer."""

    def put(self, photo_id: UUID, size: Size, jpeg: bytes) -> None:
        raise PhotosUnavailable("away")

    def get(self, photo_id: UUID, size: Size) -> bytes | None:
        raise PhotosUnavailable("away")

    def delete(self, photo_id: UUID) -> None:
        raise PhotosUnavailable("away")


def test_while_the_store_is_away_uploads_are_503_and_work_again_afterwards(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    cut = replace(shared.wired, lodger=replace(shared.wired.lodger, photo_files=Away()))
    there = Client(replace(shared, wired=cut, app=app_of(cut)), ada.token, ada.user)

    answer = upload(there, property_id, picture())

    assert (answer.status_code, json_of(answer)["type"]) == (503, "/problems/photos-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert shown(ada, property_id) == []
    assert upload(ada, property_id, picture()).status_code == 201
    photos.work(shared.wired.lodger)
    assert size_of(ada.get(f"/v1/photos/{shown(ada, property_id)[0]}/small.jpg")) == (320, 240)


def test_one_photo_that_cannot_be_worked_on_does_not_keep_others_from_it(shared: Stack) -> None:
    ada = host(shared)
    property_id = draft(ada)
    for number in (1, 2):
        upload(ada, property_id, colours(number))
    lost, kept = shown(ada, property_id)
    shared.wired.lodger.photo_files.delete(UUID(lost))

    photos.work(shared.wired.lodger)

    assert size_of(ada.get(f"/v1/photos/{kept}/small.jpg")) == (40, 30)
    of_lost = f"SELECT count(*) FROM photos WHERE photo_id = '{lost}' AND state = 'new'"
    assert shared.count(of_lost) == 1
    with shared.wired.database.connection() as connection, connection.cursor() as cursor:
        cursor.execute("UPDATE photos SET uploaded_at = uploaded_at - interval '25 hours', due_at = uploaded_at")
    photos.work(shared.wired.lodger)
    assert shared.count(of_lost) == 0, "given up after a day"

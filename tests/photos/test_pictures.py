"""What an uploaded file is made into: the pixels, upright, and nothing else; or a refusal."""

from __future__ import annotations

from io import BytesIO
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from domain.rejections import Rejected
from infrastructure.photos import pictures
from infrastructure.photos.pictures import PillowPictures
from tests.photos import files
from tests.photos.files import CANARY, picture

PICTURES = PillowPictures()
RED, BLUE = (200, 40, 40), (20, 20, 220)


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(BytesIO(jpeg))
    assert image.format == "JPEG"
    image.load()
    return image


def close_to(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(a - b) < 8 for a, b in zip(found, wanted, strict=True))


def refused(raw: bytes) -> str:
    with pytest.raises(Rejected) as refusal:
        PICTURES.made_of(raw)
    return refusal.value.code


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_keeps_its_size_and_its_colours(form: str) -> None:
    made = PICTURES.made_of(picture(640, 480, form))
    assert (made.width, made.height) == (640, 480)
    image = opened(made.jpeg)
    assert image.size == (640, 480)
    assert close_to(image.getpixel((100, 240)), RED)
    assert close_to(image.getpixel((500, 240)), BLUE)


def test_what_a_telephone_adds_is_gone_and_the_picture_stands_upright() -> None:
    raw = files.from_a_telephone()
    assert CANARY.encode() in raw
    made = PICTURES.made_of(raw)
    image = opened(made.jpeg)
    assert (made.width, made.height) == (480, 640)
    assert close_to(image.getpixel((240, 100)), RED)
    assert close_to(image.getpixel((240, 500)), BLUE)
    assert CANARY.encode() not in made.jpeg
    assert not image.getexif()
    assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


def test_what_is_transparent_becomes_white() -> None:
    image = opened(PICTURES.made_of(picture(form="PNG", colour=(200, 40, 40, 0))).jpeg)
    assert close_to(image.getpixel((100, 240)), (255, 255, 255))
    assert close_to(image.getpixel((500, 240)), BLUE)


def test_a_palette_with_a_transparent_colour_and_grey_are_taken_too() -> None:
    palette = Image.open(BytesIO(picture(form="PNG"))).convert("P")
    for image, extra in ((palette, {"transparency": 0}), (palette.convert("L"), {}), (palette.convert("1"), {})):
        out = BytesIO()
        image.save(out, "PNG", **extra)
        assert opened(PICTURES.made_of(out.getvalue()).jpeg).mode == "RGB"


def test_colours_of_another_profile_look_the_same_without_it() -> None:
    out = BytesIO()
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.open(BytesIO(picture())).save(out, "JPEG", icc_profile=lab)
    image = opened(PICTURES.made_of(out.getvalue()).jpeg)
    assert "icc_profile" not in image.info
    assert close_to(image.getpixel((100, 240)), RED)


def test_a_damaged_profile_does_not_cost_the_picture() -> None:
    out = BytesIO()
    Image.open(BytesIO(picture())).save(out, "JPEG", icc_profile=b"not a profile")
    assert PICTURES.made_of(out.getvalue()).width == 640


def test_a_large_picture_is_made_smaller_and_a_small_one_stays() -> None:
    made = PICTURES.made_of(picture(5_120, 2_560))
    assert (made.width, made.height) == (2_560, 1_280)
    assert opened(PICTURES.smaller(made.jpeg, "medium")).size == (960, 480)
    assert opened(PICTURES.smaller(made.jpeg, "small")).size == (320, 160)
    tiny = PICTURES.made_of(picture(64, 48)).jpeg
    assert PICTURES.smaller(tiny, "small") == tiny


@pytest.mark.parametrize("raw", [files.bomb(), files.bomb(8_001, 8_000)], ids=["enormous", "one column too wide"])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(raw: bytes) -> None:
    before = process_time()
    assert refused(raw) == "photo_too_large"
    assert process_time() - before < 1


def test_a_bomb_in_a_comment_is_refused() -> None:
    assert refused(files.text_bomb()) == "photo_malformed"


@pytest.mark.parametrize(
    "raw",
    [files.and_an_archive(), files.and_a_page("PNG"), files.and_a_page("JPEG"), files.and_a_document()],
    ids=["and an archive", "and a page", "and a page, JPEG", "and a document"],
)
def test_a_picture_that_is_something_else_as_well_is_refused(raw: bytes) -> None:
    assert refused(raw) == "photo_malformed"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xd8\xff",
        SVG,
        b'<?xml version="1.0"?>' + SVG,
        b"GIF89a/*\x00\x00*/=1;alert(1)",
        picture(form="GIF"),
        picture(form="BMP"),
        picture(form="TIFF"),
        picture()[:2_000],
        picture(form="PNG")[:-40],
        b"%PDF-1.7",
    ],
)
def test_what_is_no_whole_jpeg_png_or_webp_is_refused(raw: bytes) -> None:
    assert refused(raw) == "photo_malformed"


@settings(max_examples=150, deadline=None)
@given(form=st.sampled_from(["JPEG", "PNG", "WEBP"]), data=st.data())
def test_a_damaged_file_is_a_picture_or_a_refusal_and_never_anything_else(form: str, data: st.DataObject) -> None:
    raw = bytearray(picture(60, 40, form))
    for place in data.draw(st.lists(st.integers(0, len(raw) - 1), max_size=12)):
        raw[place] = data.draw(st.integers(0, 255))
    codes = [""]
    try:
        opened(PICTURES.made_of(bytes(raw)).jpeg)
    except Rejected as refusal:
        codes = [refusal.code]
    assert codes[0] in ("", "photo_malformed", "photo_too_large")


def test_who_has_to_wait_for_too_long_is_asked_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "_WAIT_SECONDS", 0.01)
    busy = PillowPictures()
    with busy._ones_turn(), pytest.raises(Rejected) as refusal:
        busy.made_of(picture())
    assert refusal.value.code == "busy"
    assert busy.made_of(picture()).width == 640

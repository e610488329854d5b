"""Pictures made of uploaded files: decoded and encoded anew, so that nothing gets through but the pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import BoundedSemaphore
from typing import Final
from zipfile import is_zipfile

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from application.photo_ports import EDGE, Picture, Size
from domain.rejections import Rejected

PIXELS_MAX: Final = 64_000_000
"""Of a file, looked at before any of it is decoded: what telephones take has 50 million."""

_FORMATS: Final = ("JPEG", "PNG", "WEBP")
_QUALITY: Final = 85
_WAIT_SECONDS: Final = 2.0
_WHITE: Final = (255, 255, 255)
_FOREIGN: Final = re.compile(rb"<(script|html|!doctype|\?php)[\s>]", re.IGNORECASE)
"""What other programs read a file by, wherever it stands. Compressed pixels hardly ever have it by chance."""

_PDF: Final = b"%PDF-"
_PDF_WITHIN: Final = 1_024
"""Readers of PDF look for its mark in so many bytes."""


class PillowPictures:
    """Implements `application.photo_ports.Pictures`. One picture at a time: decoding is all CPU and memory."""

    def __init__(self) -> None:
        self._turn = BoundedSemaphore(1)

    def made_of(self, raw: bytes) -> Picture:
        _must_be_a_picture_only(raw)
        with self._ones_turn(), _refusing(), Image.open(BytesIO(raw), formats=_FORMATS) as image:
            if image.width * image.height > PIXELS_MAX:
                raise _too_large()
            image.draft("RGB", (EDGE["full"], EDGE["full"]))  # a large JPEG is decoded no larger than it is kept
            return _encoded(image, "full")

    def smaller(self, jpeg: bytes, size: Size) -> bytes:
        with self._ones_turn(), Image.open(BytesIO(jpeg), formats=["JPEG"]) as image:
            if max(image.size) <= EDGE[size]:
                return jpeg
            image.draft("RGB", (EDGE[size], EDGE[size]))
            return _encoded(image, size).jpeg

    @contextmanager
    def _ones_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=_WAIT_SECONDS):
            raise Rejected("busy", "Too many pictures at once. Try again in a moment.")
        try:
            yield
        finally:
            self._turn.release()


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever the library cannot do with a file is the file's fault."""
    try:
        yield
    except Image.DecompressionBombError as error:
        raise _too_large() from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        raise Rejected("photo_malformed", "This is no picture, or a damaged one. Send JPEG, PNG or WebP.") from error


def _encoded(image: Image.Image, size: Size) -> Picture:
    """The picture's pixels, upright, in sRGB, on white where it is transparent, no larger than `size` allows."""
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((EDGE[size], EDGE[size]), Image.Resampling.LANCZOS)
    plain = _flat(_in_srgb(upright))
    plain.info.clear()  # the library would write what it read beside the pixels: comments, profiles, cameras
    out = BytesIO()
    plain.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return Picture(out.getvalue(), *plain.size)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Colours that look the same without the file's profile, which goes."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA", "CMYK"):
        return image
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError):
        return image  # a damaged profile is not worth refusing the picture for
    return converted or image


def _flat(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if not image.has_transparency_data:
        return image.convert("RGB")
    layered = image.convert("RGBA")
    flat = Image.new("RGB", layered.size, _WHITE)
    flat.paste(layered, mask=layered.getchannel("A"))
    return flat


def _must_be_a_picture_only(raw: bytes) -> None:
    """Refuse what another program would take for something else: a page, a script, an archive."""
    if _FOREIGN.search(raw) or _PDF in raw[:_PDF_WITHIN] or is_zipfile(BytesIO(raw)):
        raise Rejected("photo_malformed", "This is a picture and something else at once. Save it anew, and send that.")


def _too_large() -> Rejected:
    return Rejected("photo_too_large", f"A photo has at most {PIXELS_MAX:,} pixels.", maximum=PIXELS_MAX)

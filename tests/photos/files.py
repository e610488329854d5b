"""Files as cameras, attackers and mistakes make them."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from zipfile import ZipFile

from PIL import Image
from PIL.TiffImagePlugin import IFDRational

CANARY = "canary-camera-8231"


def picture(width: int = 640, height: int = 480, form: str = "JPEG", colour: tuple[int, ...] = (200, 40, 40)) -> bytes:
    """A picture whose left half is of a colour and whose right half is blue."""
    mode = "RGBA" if len(colour) == 4 else "RGB"
    image = Image.new(mode, (width, height), colour)
    image.paste((20, 20, 220, 255)[: len(mode)], (width // 2, 0, width, height))
    out = BytesIO()
    image.save(out, form)
    return out.getvalue()


def from_a_telephone() -> bytes:
    """A JPEG that lies on its side, with the camera, the place and a comment in it."""
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by a quarter
    exif[0x010F] = CANARY
    exif.get_ifd(0x8825).update({1: "N", 2: (IFDRational(42), IFDRational(13), IFDRational(2))})
    out = BytesIO()
    Image.open(BytesIO(picture(640, 480))).save(out, "JPEG", exif=exif, comment=CANARY.encode())
    return out.getvalue()


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it has 3.6 thousand million pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in ((b"IHDR", header), (b"IEND", b"")))


def text_bomb() -> bytes:
    """A small PNG with a comment that unpacks to 100 million letters."""
    plain = picture(10, 10, "PNG")
    comment = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 100_000_000, 9))
    end = plain.index(b"IDAT") - 4
    return plain[:end] + comment + plain[end:]


def and_an_archive() -> bytes:
    """A JPEG that is a ZIP archive as well."""
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("evil.class", "x")
    return picture() + out.getvalue()


def and_a_page(form: str = "PNG") -> bytes:
    """A picture that a browser which guesses would show as a page."""
    return picture(form=form) + b"<html><script>alert(1)</script></html>"


def and_a_document() -> bytes:
    """A JPEG with the mark of a PDF in its comment."""
    out = BytesIO()
    Image.open(BytesIO(picture())).save(out, "JPEG", comment=b"%PDF-1.7\n1 0 obj")
    return out.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

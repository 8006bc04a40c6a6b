"""What a signature or a filled field looks like on the page (ISO 32000-1, 12.5.5; Decree 30, Phụ lục I).

An appearance is a form XObject whose box is the field as a reader sees it: (0, 0) lower left, points.
A matrix keeps it upright on rotated pages. Everything here is PDF/A-2: fonts embedded, images with a soft
mask (allowed from A-2 on), no references outside the file.
"""

from __future__ import annotations

import io
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from PIL import Image, UnidentifiedImageError

from signing.errors import ImageFault
from signing.fonts import TextFont
from signing.model import Align, Rectangle
from signing.pades.geometry import upright_matrix
from signing.pades.revision import Revision
from signing.pades.values import Name, Ref, Stream, Value, numbers

MILLIMETRE = 72 / 25.4
"""Points in a millimetre."""
SEAL_DIAMETER_MM = 36.0
"""Default diameter of a body's round seal."""
_LARGEST_SIDE = 1200
"""Pixels kept of an image's longer side: 36 mm at more than 800 dpi."""
_MOST_PIXELS = 25_000_000
_INDOCHINA = timezone(timedelta(hours=7))
_LEADING = 1.2
_WORTH_DEFLATING = 64


@dataclass(frozen=True, slots=True)
class StampImage:
    """A picture ready to be embedded: decoded and deflated once, used for many signatures."""

    width: int
    """Pixels."""
    height: int
    colours: bytes
    """DeviceRGB samples, deflated."""
    mask: bytes | None
    """Alpha samples, deflated; None for an opaque picture."""

    @classmethod
    def load(cls, data: bytes) -> StampImage:
        """Decode a PNG (or another raster picture). Raises ImageFault."""
        try:
            with Image.open(io.BytesIO(data)) as opened:
                if opened.width * opened.height > _MOST_PIXELS:
                    raise ImageFault(f"the picture of {opened.width} x {opened.height} pixels is too large")
                picture = opened.convert("RGBA")
        except (
            UnidentifiedImageError,
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
        ) as error:
            raise ImageFault("the picture cannot be read: give a PNG file") from error
        picture.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
        alpha = picture.getchannel("A")
        opaque = alpha.getextrema() == (255, 255)
        return cls(
            width=picture.width,
            height=picture.height,
            colours=zlib.compress(picture.convert("RGB").tobytes(), 6),
            mask=None if opaque else zlib.compress(alpha.tobytes(), 6),
        )

    def drawn_in(self, field: Rectangle, text_height: float = 0.0) -> Rectangle:
        """Return where the picture is drawn in a field: centred, as large as its proportions allow.

        Give the result to :func:`seal_rectangle`, so that the seal covers a third of the picture itself.
        """
        room = max(field.height - text_height, 1.0)
        scale = min(field.width / self.width, room / self.height)
        width, height = self.width * scale, self.height * scale
        x = field.x + (field.width - width) / 2
        return Rectangle(x, field.y + text_height + (room - height) / 2, width, height)

    def add_to(self, revision: Revision, *, soft_mask: bool = True) -> Ref:
        """Write the image XObject and return its reference.

        ``soft_mask`` False: letters and lines keep hard edges, since PDF/A-1 knows no transparency
        (ISO 19005-1, 6.4); what is more than half transparent is left out by a stencil mask.
        """
        entries: dict[str, Value] = {
            "/Type": Name("/XObject"),
            "/Subtype": Name("/Image"),
            "/Width": self.width,
            "/Height": self.height,
            "/BitsPerComponent": 8,
            "/Filter": Name("/FlateDecode"),
        }
        picture: dict[str, Value] = {**entries, "/ColorSpace": Name("/DeviceRGB")}
        if self.mask is not None and soft_mask:
            mask: dict[str, Value] = {**entries, "/ColorSpace": Name("/DeviceGray")}
            picture["/SMask"] = revision.add(Stream(mask, self.mask))
        elif self.mask is not None:
            stencil: dict[str, Value] = {**entries, "/BitsPerComponent": 1, "/ImageMask": True}
            picture["/Mask"] = revision.add(Stream(stencil, self._stencil()))
        return revision.add(Stream(picture, self.colours))

    def _stencil(self) -> bytes:
        """Return the mask with one bit a pixel, deflated: 1 = left out (ISO 32000-1, 8.9.6.2)."""
        alpha = Image.frombytes("L", (self.width, self.height), zlib.decompress(self.mask or b""))
        return zlib.compress(alpha.point(_LEFT_OUT, "1").tobytes(), 6)


_LEFT_OUT = [255 if alpha < 128 else 0 for alpha in range(256)]


@dataclass(frozen=True, slots=True)
class Appearance:
    """What is to be drawn: a picture, lines of text, or both (text under the picture)."""

    image: StampImage | None = None
    lines: tuple[str, ...] = ()
    font: TextFont | None = None
    """Needed for lines."""
    font_size: float = 10.0
    align: Align = Align.LEFT


def number(value: float) -> str:
    """Write a number as PDF content streams do."""
    return f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def text_content(
    text: str, font: TextFont, size: float, width: float, baseline: float, align: Align, key: str = "/F0"
) -> str:
    """Return the operators that show one line, made smaller when it is wider than the field."""
    if not text:
        return ""
    natural = font.width(text, size)
    room = max(width - 4.0, 1.0)
    if natural > room:
        size *= room / natural
        natural = room
    x = {Align.LEFT: 2.0, Align.CENTRE: (width - natural) / 2, Align.RIGHT: width - 2.0 - natural}[align]
    shown = text.encode("utf-16-be").hex().upper()
    return f"BT {key} {number(size)} Tf 0 g 1 0 0 1 {number(x)} {number(baseline)} Tm <{shown}> Tj ET"


def form_xobject(
    revision: Revision,
    content: str,
    size: tuple[float, float],
    rotation: int,
    resources: dict[str, Value],
) -> Ref:
    """Write a form XObject of that displayed size, upright on a page of that rotation."""
    a, b, c, d = upright_matrix(rotation)
    data = content.encode("ascii")
    entries: dict[str, Value] = {
        "/Type": Name("/XObject"),
        "/Subtype": Name("/Form"),
        "/BBox": numbers(0, 0, *size),
        "/Matrix": [a, b, c, d, 0, 0],
        "/Resources": resources,
    }
    if len(data) > _WORTH_DEFLATING:
        data = zlib.compress(data)
        entries["/Filter"] = Name("/FlateDecode")
    return revision.add(Stream(entries, data))


def draw(
    revision: Revision,
    look: Appearance,
    size: tuple[float, float],
    rotation: int,
    font_reference: Ref | None,
    *,
    soft_mask: bool = True,
) -> Ref:
    """Write the form XObject of a signature field of that displayed size."""
    width, height = size
    resources: dict[str, Value] = {}
    parts: list[str] = []
    leading = look.font_size * _LEADING
    text_height = leading * len(look.lines)
    if look.image is not None:
        resources["/XObject"] = {"/Im0": look.image.add_to(revision, soft_mask=soft_mask)}
        parts.append(_picture(look.image, width, height, text_height))
    if look.lines and look.font is not None and font_reference is not None:
        resources["/Font"] = {"/F0": font_reference}
        top = text_height if look.image is not None else (height + text_height) / 2
        for index, line in enumerate(look.lines):
            baseline = top - leading * index - look.font_size * 0.9
            text = look.font.checked(line)
            parts.append(text_content(text, look.font, look.font_size, width, baseline, look.align))
    return form_xobject(revision, " ".join(parts), size, rotation, resources)


def _picture(image: StampImage, width: float, height: float, below: float) -> str:
    """Centre the picture in what the text leaves, as large as its proportions allow."""
    at = image.drawn_in(Rectangle(0, 0, width, height), below)
    return f"q {number(at.width)} 0 0 {number(at.height)} {number(at.x)} {number(at.y)} cm /Im0 Do Q"


def seal_rectangle(person: Rectangle, diameter_mm: float = SEAL_DIAMETER_MM) -> Rectangle:
    """Return where the seal goes: true size, over the left third of the person's signature (Decree 30)."""
    side = diameter_mm * MILLIMETRE
    return Rectangle(
        x=person.x + person.width / 3 - side,
        y=person.y + (person.height - side) / 2,
        width=side,
        height=side,
    )


def vietnam_time(instant: datetime) -> str:
    """Return an instant as signatures show it: ISO 8601 with the zone of Viet Nam (Decree 30, Phụ lục I)."""
    return instant.astimezone(_INDOCHINA).isoformat(timespec="seconds")


def attachment_lines(number_and_notation: str, now: datetime) -> tuple[str, ...]:
    """Text of the body's signature on an attachment in a file of its own."""
    return (number_and_notation, vietnam_time(now)) if number_and_notation else (vietnam_time(now),)


def copy_lines(form: str, body: str, now: datetime) -> tuple[str, ...]:
    """Text of an electronic copy: form of copy (SAO Y, TRÍCH SAO, SAO LỤC), body, time."""
    return (form, body, vietnam_time(now))


def corner_rectangle(page: tuple[float, float], lines: int, font_size: float = 10.0) -> Rectangle:
    """Return the place of a text signature: top right of a page of that displayed size in points."""
    width = min(230.0, page[0] - 20)
    height = lines * font_size * _LEADING + 4
    return Rectangle(page[0] - width - 10, page[1] - height - 10, width, height)

"""Pictures for development and demonstrations: a scribbled signature and a round seal.

Real offices upload a scan of the handwritten signature (blue, transparent PNG) and of their seal (red, true
size). These stand in for them where no real person or body exists.
"""

from __future__ import annotations

import io
import math
import random
import unicodedata
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from signing.errors import FontFault

_BLUE = (28, 52, 168, 255)
_RED = (206, 24, 32, 255)
_CLEAR = (0, 0, 0, 0)
_SEAL_PIXELS = 850
"""36 mm at 600 dpi."""


def signature_picture(title: str, font: Path | bytes, *, seed: int) -> bytes:
    """Return a transparent PNG (2:1) of a blue scribble over a small title; the same seed, the same scribble.

    Raises FontFault when the font cannot be read.
    """
    chance = random.Random(seed)  # noqa: S311 - a drawing, not a secret
    picture = Image.new("RGBA", (800, 400), _CLEAR)
    pen = ImageDraw.Draw(picture)
    phases = [chance.uniform(0, math.tau) for _ in range(4)]
    speeds = [chance.uniform(2, 9) for _ in range(4)]
    points = []
    for step in range(400):
        t = step / 399
        sway = 45 * math.sin(speeds[0] * math.tau * t + phases[0])
        rise = 75 * math.sin(speeds[1] * math.tau * t + phases[1]) * (1 - 0.6 * t)
        rise += 40 * math.sin(speeds[2] * math.tau * t + phases[2])
        points.append((90 + 600 * t + sway, 165 + rise))
    pen.line(points, fill=_BLUE, width=7, joint="curve")
    pen.line([(140, 300), (660, 255 + 40 * math.sin(phases[3]))], fill=_BLUE, width=6)
    letters = _font(font, 34)
    text = unicodedata.normalize("NFC", title)
    pen.text((400, 372), text, font=letters, fill=_BLUE, anchor="ms")
    return _png(picture)


def seal_picture(body: str, font: Path | bytes) -> bytes:
    """Return a transparent square PNG of a red round seal: the name around a star. Raises FontFault."""
    size = _SEAL_PIXELS
    picture = Image.new("RGBA", (size, size), _CLEAR)
    pen = ImageDraw.Draw(picture)
    centre, outer = size / 2, size / 2 - 8
    for radius, width in ((outer, 14), (outer - 22, 4), (outer - 150, 4)):
        box = (centre - radius, centre - radius, centre + radius, centre + radius)
        pen.ellipse(box, outline=_RED, width=width)
    star = []
    for corner in range(10):
        radius = 150 if corner % 2 == 0 else 58
        angle = math.tau * corner / 10 - math.tau / 4
        star.append((centre + radius * math.cos(angle), centre + radius * math.sin(angle)))
    pen.polygon(star, fill=_RED)
    _around(picture, unicodedata.normalize("NFC", body.upper()), font, centre, outer - 86)
    return _png(picture)


def _around(picture: Image.Image, text: str, font: Path | bytes, centre: float, radius: float) -> None:
    """Write letters clockwise on a circle, smaller when the name is long."""
    arc = math.tau * 0.92
    pixels = min(92.0, arc * radius / max(len(text), 1) * 1.35)
    letters = _font(font, int(pixels))
    widths = [letters.getlength(letter) + 4 for letter in text]
    angle = -sum(widths) / radius / 2
    for letter, width in zip(text, widths, strict=True):
        angle += width / radius / 2
        side = int(pixels * 2)
        tile = Image.new("RGBA", (side, side), _CLEAR)
        ImageDraw.Draw(tile).text((side / 2, side / 2), letter, font=letters, fill=_RED, anchor="mm")
        turned = tile.rotate(-math.degrees(angle), resample=Image.Resampling.BICUBIC)
        x, y = centre + radius * math.sin(angle), centre - radius * math.cos(angle)
        picture.alpha_composite(turned, (int(x - side / 2), int(y - side / 2)))
        angle += width / radius / 2


def _font(source: Path | bytes, size: int) -> ImageFont.FreeTypeFont:
    try:
        data = source if isinstance(source, bytes) else source.read_bytes()
        return ImageFont.truetype(io.BytesIO(data), size)
    except OSError as error:
        raise FontFault(f"the font cannot be read: {error}") from error


def _png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=False)
    return out.getvalue()

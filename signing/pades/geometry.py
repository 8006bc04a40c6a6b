"""Between the page a reader sees and the user space of the file (ISO 32000-1, 8.3.2.3, 14.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

from pyhanko.pdf_utils import generic

from signing.errors import FieldFault
from signing.model import Rectangle

LETTER = (0.0, 0.0, 612.0, 792.0)
"""The page when a file does not say (US Letter)."""


def entry(holder: object, key: str) -> object:
    """Return the object under a key, references followed; None when absent or ``holder`` is no dictionary.

    (``get`` of the library's dictionaries does not follow references.)
    """
    if not isinstance(holder, generic.DictionaryObject) or key not in holder:
        return None
    value: object = holder[key]
    return None if isinstance(value, generic.NullObject) else value


@dataclass(frozen=True, slots=True)
class PageGeometry:
    """How one page is shown."""

    left: float
    """Visible box (CropBox within MediaBox) in user space units."""
    bottom: float
    width: float
    height: float
    rotation: int
    """Clockwise degrees at display: 0, 90, 180 or 270."""
    unit: float = 1.0
    """Points in one unit of user space (UserUnit)."""

    @property
    def displayed(self) -> tuple[float, float]:
        """Width and height in points as seen."""
        turned = self.rotation in (90, 270)
        width, height = (self.height, self.width) if turned else (self.width, self.height)
        return width * self.unit, height * self.unit

    def to_user_space(self, seen: Rectangle) -> tuple[float, float, float, float]:
        """Return (x1, y1, x2, y2) in user space of a rectangle on the displayed page."""
        one = self._user_point(seen.x, seen.y)
        other = self._user_point(seen.right, seen.top)
        xs, ys = sorted((one[0], other[0])), sorted((one[1], other[1]))
        return xs[0], ys[0], xs[1], ys[1]

    def to_displayed(self, box: tuple[float, float, float, float]) -> Rectangle:
        """Return where a rectangle of user space is on the displayed page."""
        one = self._seen_point(box[0], box[1])
        other = self._seen_point(box[2], box[3])
        x, y = min(one[0], other[0]), min(one[1], other[1])
        return Rectangle(x, y, abs(one[0] - other[0]), abs(one[1] - other[1]))

    def require_inside(self, seen: Rectangle, name: str) -> None:
        """Raise FieldFault when a field would lie off the page or has no area."""
        width, height = self.displayed
        if seen.width <= 0 or seen.height <= 0:
            raise FieldFault(f"field {name} has no area")
        slack = 0.01  # rounding of callers that compute in millimetres
        if seen.x < -slack or seen.y < -slack or seen.right > width + slack or seen.top > height + slack:
            raise FieldFault(f"field {name} lies off the page of {width:.0f} x {height:.0f} points")

    def _user_point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x / self.unit, y / self.unit
        turned = {
            0: (x, y),
            90: (self.width - y, x),
            180: (self.width - x, self.height - y),
            270: (y, self.height - x),
        }[self.rotation]
        return turned[0] + self.left, turned[1] + self.bottom

    def _seen_point(self, x: float, y: float) -> tuple[float, float]:
        u, v = x - self.left, y - self.bottom
        turned = {
            0: (u, v),
            90: (v, self.width - u),
            180: (self.width - u, self.height - v),
            270: (self.height - v, u),
        }[self.rotation]
        return turned[0] * self.unit, turned[1] * self.unit


def upright_matrix(rotation: int) -> tuple[int, int, int, int]:
    """First four numbers of a form's Matrix that make it upright on a page rotated so (12.5.5)."""
    return {0: (1, 0, 0, 1), 90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}[rotation]


def geometry_from(
    media: tuple[float, float, float, float],
    crop: tuple[float, float, float, float],
    rotate: float,
    unit: float,
) -> PageGeometry:
    """Return the geometry of a page from its boxes (left, bottom, right, top) and ``/Rotate``.

    Raises FieldFault when the page has no area.
    """
    left, bottom = max(media[0], crop[0]), max(media[1], crop[1])
    width, height = min(media[2], crop[2]) - left, min(media[3], crop[3]) - bottom
    if width <= 0 or height <= 0:  # a crop box beside the paper: viewers fall back to the paper
        left, bottom, width, height = media[0], media[1], media[2] - media[0], media[3] - media[1]
    if width <= 0 or height <= 0:
        raise FieldFault("the page has no area")
    rotation = int(rotate) % 360
    return PageGeometry(
        left, bottom, width, height, rotation - rotation % 90, float(unit) if unit > 0 else 1.0
    )

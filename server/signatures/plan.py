"""From the places of a document to the form fields of its PDF, and what is written into them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from server.kernel.errors import Conflict
from server.registers.notation import date_text
from server.registers.profiles import Profile
from server.render.model import Field as Place
from server.render.model import Kind
from signing.model import Align, Field, FieldKind, FieldPlan, Rectangle

NUMBER = "so"
"""Field of the number."""
DATE = "ngay"
"""Field of the date."""
_KINDS = {
    Kind.NUMBER: FieldKind.NUMBER,
    Kind.DATE: FieldKind.DATE,
    Kind.SIGNATURE: FieldKind.PERSON,
    Kind.SEAL: FieldKind.SEAL,
}
_DIGITS = re.compile(r"\d+")


def person_field(index: int) -> str:
    """Return the field in which signer ``index`` signs (0 = the lead body's)."""
    return f"ky_{index + 1}"


def seal_field(index: int) -> str:
    """Return the field in which body ``index`` seals (0 = the lead body)."""
    return f"dau_{index + 1}"


def _name(place: Place) -> str:
    if place.kind is Kind.NUMBER:
        return NUMBER
    if place.kind is Kind.DATE:
        return DATE
    return person_field(place.index) if place.kind is Kind.SIGNATURE else seal_field(place.index)


def field_plan(places: Sequence[Place]) -> FieldPlan:
    """Return the form fields of a document; the first seal locks number and date.

    Persons are drawn before seals, so that a seal lies over the signature it covers by a third.
    """
    order = (Kind.NUMBER, Kind.DATE, Kind.SIGNATURE, Kind.SEAL)
    texts = tuple(_name(place) for place in places if place.kind in (Kind.NUMBER, Kind.DATE))
    return FieldPlan(
        tuple(
            Field(
                kind=_KINDS[place.kind],
                name=_name(place),
                page=place.page + 1,
                rectangle=Rectangle(place.x, place.y, place.w, place.h),
                font_size=float(place.size),
                italic=place.italic,
                align=Align.CENTRE if place.kind is Kind.NUMBER else Align.LEFT,
                locks=texts if place.kind is Kind.SEAL and place.index == 0 else (),
            )
            for place in sorted(places, key=lambda place: (order.index(place.kind), place.index))
        )
    )


def texts(profile: Profile, number_text: str, day: date) -> dict[str, str]:
    """Return what is filled in: the digits of the number as the notation has them, and the date.

    Raises Conflict ``signatures.number_unreadable`` for a notation without digits.
    """
    digits = _DIGITS.search(number_text)
    if digits is None:
        raise Conflict("signatures.number_unreadable", number=number_text)
    return {NUMBER: digits.group(), DATE: date_text(profile, day)}

"""Number and notation as written on a document, and the line of place and date. Pure."""

from __future__ import annotations

from datetime import date

from server.registers.profiles import DocumentType, Profile

MARK = "\x00"
"""Stands for the number while the rest of a pattern is filled; no name can hold it."""


def pattern_for(profile: Profile, kind: DocumentType, unit: str) -> str:
    """Return the pattern that the type takes in this profile; ``unit`` "" = no drafting unit is named."""
    patterns = profile.notation
    if kind.copy:
        return patterns.copy
    if kind.normative:
        return patterns.normative
    if kind.letter:
        return patterns.letter if unit else patterns.letter_without_unit
    return patterns.named


def notation_parts(
    profile: Profile, kind: DocumentType, *, body: str, unit: str, year: int, pattern: str = ""
) -> tuple[str, str]:
    """Return what stands before and after the number: ``("", "-QĐ/TU")``.

    ``body`` and ``unit`` are abbreviations; ``pattern`` "" takes the profile's.
    """
    filled = (pattern or pattern_for(profile, kind, unit)).format(
        number=MARK, type=kind.abbreviation, body=body, unit=unit, year=year
    )
    before, after = filled.split(MARK)
    return before, after


def notation(
    profile: Profile,
    kind: DocumentType,
    number: int,
    *,
    body: str,
    unit: str = "",
    year: int,
    pattern: str = "",
    width: int = 0,
) -> str:
    """Return number and notation: ``12-QĐ/TU``, ``123/SYT-VP``; numbers below 10 get a leading 0.

    ``width`` 0 takes the profile's.
    """
    before, after = notation_parts(profile, kind, body=body, unit=unit, year=year, pattern=pattern)
    return f"{before}{number_text(profile, number, width)}{after}"


def number_text(profile: Profile, number: int, width: int = 0) -> str:
    """Return the number alone, as filled into the field: ``05``, ``123``."""
    return str(number).zfill(width or profile.notation.width)


def _date_words(day: date) -> dict[str, str]:
    # Decree 30 annex I: a leading 0 for days below 10 and for the months 1 and 2.
    month = f"{day.month:02d}" if day.month < 3 else str(day.month)
    return {"day": f"{day.day:02d}", "month": month, "year": str(day.year)}


def place_date_line(profile: Profile, place: str, day: date) -> str:
    """Return the whole line: ``Sông Mẫu, ngày 05 tháng 01 năm 2026``."""
    return profile.date_line.pattern.format(place=place, **_date_words(day))


def date_text(profile: Profile, day: date) -> str:
    """Return the part that is filled into the date field: ``ngày 05 tháng 01 năm 2026``."""
    return place_date_line(profile, MARK, day).split(MARK, 1)[1].removeprefix(",").strip()


def place_text(profile: Profile, place: str) -> str:
    """Return the part of the line that is printed before the date field: ``Sông Mẫu, ``."""
    line = profile.date_line.pattern.split("{day}")[0]
    return line.removesuffix("ngày ").format(place=place)

"""Identifiers of bodies, new form and old form, and the way between them.

New form (QĐ 20/2020/QĐ-TTg, amended by QĐ 09/2025/QĐ-TTg [L]): groups from the left, level 1 first, at
most 35 characters: ``H37``, ``H37.02``, ``H37.02.02`` [2nd]. Old form (QCVN 102:2016 [L]):
``V1V2V3.Z1Z2.Y1Y2.MX1X2``, level 4 to level 1 from the left, always 13 characters: ``000.00.13.H53`` is
``H53.13`` [S].

Both are kept, since partners use both. An unusual code is a warning, never a refusal: real lists hold codes
such as ``H37.DN.001``.
"""

from __future__ import annotations

import re

LENGTH_MAX = 35
NEW_FORM = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,10}){0,5}")
OLD_FORM = re.compile(r"[0-9A-Z]{3}\.[0-9A-Z]{2}\.[0-9A-Z]{2}\.[A-Z][0-9]{2}")
_WIDTHS = (2, 2, 3)
"""Width of the groups of levels 2, 3 and 4 in the old form."""
_SLUG_REST = re.compile(r"[^a-z0-9]+")


def is_new_form(code: str) -> bool:
    """Tell whether the code has the usual shape of the new form."""
    return len(code) <= LENGTH_MAX and NEW_FORM.fullmatch(code) is not None


def is_old_form(code: str) -> bool:
    """Tell whether the code has the shape of the old form."""
    return OLD_FORM.fullmatch(code) is not None


def to_old_form(code: str) -> str | None:
    """Return the old form of a new code; None when it has none.

    A code has an old form when it has at most four levels and its groups are not wider than the old form's
    (2, 2, 3 characters); narrower groups are filled with zeros from the left. Zeros in the last group would
    mean "no such level" in the old form, so such a code cannot be said in it.
    """
    if not is_new_form(code):
        return None
    level1, *groups = code.split(".")
    if len(groups) > len(_WIDTHS):
        return None
    filled = [group.rjust(width, "0") for group, width in zip(groups, _WIDTHS, strict=False)]
    if any(len(group) > width for group, width in zip(filled, _WIDTHS, strict=False)):
        return None
    if filled and not filled[-1].strip("0"):
        return None
    filled += ["0" * width for width in _WIDTHS[len(filled) :]]
    return ".".join([*reversed(filled), level1])


def to_new_form(code: str) -> str | None:
    """Return the new form of an old code: ``V.Z.Y.M`` to ``M[.Y][.Z][.V]``, None when it is no old code.

    Groups of zeros at the end are dropped (``000.00.13.H53`` is ``H53.13``); one in the middle stays.
    """
    if not is_old_form(code):
        return None
    level1, *groups = reversed(code.split("."))
    while groups and not groups[-1].strip("0"):
        groups.pop()
    return ".".join([level1, *groups])


def warnings(code: str, code_old: str) -> tuple[str, ...]:
    """Return what is unusual about the two codes of a body, as codes of messages.

    ``organisations.code_unusual``, ``organisations.code_old_unusual``, ``organisations.codes_differ`` (both
    have the usual shape and neither is the other's mapping).
    """
    found = []
    if not is_new_form(code):
        found.append("organisations.code_unusual")
    if code_old and not is_old_form(code_old):
        found.append("organisations.code_old_unusual")
    if code_old and not found and to_old_form(code) != code_old and to_new_form(code_old) != code:
        found.append("organisations.codes_differ")
    return tuple(found)


def slug(code: str) -> str:
    """Return the id that a body with this first code gets: ``Z02.05`` becomes ``z02-05``."""
    return _SLUG_REST.sub("-", code.lower()).strip("-")

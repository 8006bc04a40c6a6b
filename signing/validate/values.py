"""Whether a number or date filled in after a signature shows what it says.

A reader sees the appearance of a field, a program reads its value. Form filling is allowed after a signature,
so an attacker could fill a number whose appearance shows another one. For the fields that this product
prepares the appearance has one known form, made by ``signing.pades.embed``; any other form, or other text
than the value, is a forbidden change. Fields of other programs are not judged here.
"""

from __future__ import annotations

import re
import unicodedata

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.pades import forms
from signing.pades.geometry import entry

_NUMBER = rb"-?\d+(?:\.\d+)?"
_SHOWN = re.compile(
    (
        rb"/Tx BMC q 0 0 N N re W n BT (/Tinos|/TinosItalic) N Tf 0 g 1 0 0 1 N N Tm "
        rb"<([0-9A-F]+)> Tj ET Q EMC"
    ).replace(b"N", _NUMBER)
)


def deceptive_field(reader: PdfFileReader, signed_revision: int) -> str | None:
    """Return the name of a field filled after that revision that shows something else than its value."""
    form = entry(reader.root, "/AcroForm")
    fonts = entry(entry(form, "/DR"), "/Font")
    for field in forms.walk(reader.root):
        if field.kind is None or not field.kind.is_text or not field.filled:
            continue
        reference = field.field.container_ref
        if isinstance(reference, generic.Reference):
            changed = reader.xrefs.get_last_change(reference) > signed_revision
            if changed and not _honest(field, fonts):
                return field.name
    return None


def _honest(field: forms.FormField, fonts: object) -> bool:
    shown = entry(entry(field.widget, "/AP"), "/N")
    if not isinstance(shown, generic.StreamObject):
        return False
    found = _SHOWN.fullmatch(shown.data)
    resources = entry(shown, "/Resources")
    own = entry(resources, "/Font")
    if found is None or not isinstance(own, generic.DictionaryObject):
        return False
    face = found[1].decode("ascii")
    if face not in own or not isinstance(fonts, generic.DictionaryObject) or face not in fonts:
        return False
    if own.raw_get(face) != fonts.raw_get(face):
        return False
    try:
        text = bytes.fromhex(found[2].decode("ascii")).decode("utf-16-be")
    except ValueError:
        return False
    return text == unicodedata.normalize("NFC", str(field.inherited("/V")))

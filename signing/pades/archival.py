"""What a file says of PDF/A (ISO 19005), so that signing keeps it."""

from __future__ import annotations

import re
from typing import Final

from signing.pades.revision import Revision, catalog, entry
from signing.pades.syntax import Odd
from signing.pades.values import Stream, Value
from signing.pades.xref import inflated

_PART: Final = re.compile(rb"""pdfaid:part\s*(?:=\s*["']|>)\s*(\d)""")
_MOST_METADATA: Final = 1 << 20


OPAQUE_KEY: Final = "/LTHG_Opaque"
"""Our own entry of a prepared signature field: pictures in it must not be transparent (Annex E)."""


def opaque(revision: Revision, field: dict[str, Value], *, prepared: bool) -> bool:
    """Whether a picture in a field must not be transparent: in PDF/A-1 (ISO 19005-1, 6.4).

    A field prepared by this program says so itself; otherwise the metadata are asked.
    """
    return OPAQUE_KEY in field if prepared else part(revision) == 1


def part(revision: Revision) -> int | None:
    """Return the part of ISO 19005 that the metadata claim (1 to 4); None when they claim none."""
    metadata = entry(revision, catalog(revision), "/Metadata")
    if not isinstance(metadata, Stream):
        return None
    try:
        packet = inflated(metadata.entries, metadata.data)[:_MOST_METADATA]
    except Odd:
        return None
    found = _PART.search(packet)
    return int(found[1]) if found else None

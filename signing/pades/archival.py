"""What a file says of PDF/A (ISO 19005), so that signing keeps it."""

from __future__ import annotations

import re
from typing import Final

from signing.pades.revision import Revision, catalog, entry
from signing.pades.syntax import Odd
from signing.pades.values import Stream
from signing.pades.xref import inflated

_PART: Final = re.compile(rb"""pdfaid:part\s*(?:=\s*["']|>)\s*(\d)""")
_MOST_METADATA: Final = 1 << 20


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

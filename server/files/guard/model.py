"""What the guard answers, and how far it goes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """How much of a file the guard is willing to read."""

    max_pages: int = 5000
    """More pages are refused with ``files.too_many_pages``."""
    max_objects: int = 300_000
    """More indirect objects are refused with ``files.too_complex``; a scan of 5000 pages has about 30,000."""
    timeout_seconds: float = 10.0
    """A file that takes longer is refused with ``files.takes_too_long``."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a file that may be kept is."""

    kind: str
    """``pdf``, the only kind that is accepted."""
    media_type: str
    """``application/pdf``."""
    pdf_version: str
    """``1.4`` ... ``2.0``: the header or, where it is newer, /Version of the catalog (ISO 32000-2, 7.7.2)."""
    pages: int
    """At least 1."""
    first_page_width_points: float
    """Width of the first page as shown: its CropBox times UserUnit, turned by /Rotate; 72 points an inch."""
    first_page_height_points: float
    """Height of it."""
    signatures: int
    """Signature fields that have a value; document time stamps count."""
    has_fonts: bool
    """Whether one of the first twenty pages names a font; a scan without recognised text names none."""
    pdfa: str | None
    """What the file claims of PDF/A in its metadata, such as ``2b``, ``3a``, ``4``; nobody has checked it."""

    @property
    def signed(self) -> bool:
        """Whether at least one signature field has a value."""
        return self.signatures > 0

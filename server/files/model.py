"""What a stored file is: bytes by digest, who holds them, under which name they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from storage.blobs.protocol import BlobInfo

PDF = "application/pdf"
"""The one media type that documents are made of."""

NAME_LENGTH_MAX = 255
"""Characters of a file name; also what common file systems take."""


class Secrecy(StrEnum):
    """Level declared before the body of an upload is read (Law 29/2018/QH14 on state secrets, article 8)."""

    NONE = "none"
    """No state secret: the only level this network may carry (Decision 28/2018/QD-TTg)."""
    MAT = "mat"
    """Mật (confidential)."""
    TOI_MAT = "toi_mat"
    """Tối mật (secret)."""
    TUYET_MAT = "tuyet_mat"
    """Tuyệt mật (top secret)."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """The answer to an upload."""

    digest: str
    """``sha256:`` + hex of the bytes."""
    size_bytes: int
    """Length."""
    media_type: str
    """What the bytes are, as judged, whatever the name says."""
    name: str
    """Name as kept: NFC, no path, no control characters."""
    pages: int
    """Pages of the PDF."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A resumable upload (tus 1.0) under way or finished."""

    id: str
    """Id: the last part of its address."""
    name: str
    """Name as kept."""
    size_bytes: int
    """Length of the whole, told when it began."""
    offset: int
    """Bytes that are safe on the disk; the next part begins here."""
    expires_at: datetime
    """Gone after this instant unless it is finished."""
    file: StoredFile | None
    """What it became; None = not finished."""


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file that a body holds, as other rooms take it into their rows."""

    digest: str
    """``sha256:`` + hex of the bytes."""
    size_bytes: int
    """Length."""
    media_type: str
    """What the bytes are."""
    pages: int
    """Pages of the PDF; 0 = not counted."""
    name: str
    """Name under which the body first got it."""


@dataclass(frozen=True, slots=True)
class FileView:
    """A file somebody may read now; the caller checked the scope."""

    info: BlobInfo
    """Digest, length and the digests of its chunks."""
    name: str
    """Name offered."""
    media_type: str
    """What the bytes are."""


@dataclass(frozen=True, slots=True)
class Made:
    """Bytes that the system made itself (rendered, signed): in the blob store, not yet in any row."""

    info: BlobInfo
    """What the blob store knows of them."""
    pages: int = 0
    """Pages; 0 = not counted."""
    media_type: str = PDF
    """What they are."""
    name: str = ""
    """Name under which they are kept; "" = the caller's rows name them."""

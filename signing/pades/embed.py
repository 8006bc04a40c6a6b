"""Signing with a key of this process, field by field."""

from __future__ import annotations

from datetime import datetime

from signing.keys.protocol import Signer
from signing.model import Level
from signing.pades.appearance import Appearance, StampImage
from signing.pades.deferred import Finished, begin, complete
from signing.pades.placing import SignatureText, fill_number_and_date, require_identity_valid
from signing.services import Services

__all__ = [
    "SignatureText",
    "fill_number_and_date",
    "require_valid",
    "seal",
    "sign",
    "sign_invisibly",
    "sign_person",
    "sign_to",
]


def sign_person(
    pdf: bytes, key: Signer, field: str, image: StampImage | None, reason: str, now: datetime
) -> bytes:
    """Sign an empty signature field as a person, shown as the image of the handwritten signature.

    Returns the file with one update appended. Raises FieldFault, KeyFault, UnreadableFile.
    """
    return sign(pdf, key, field, Appearance(image=image), SignatureText(reason=reason), now)


def seal(
    pdf: bytes, key: Signer, field: str, image: StampImage | None, now: datetime, reason: str = ""
) -> bytes:
    """Sign an empty signature field as a body, shown as its seal. Raises as :func:`sign_person`."""
    return sign(pdf, key, field, Appearance(image=image), SignatureText(reason=reason), now)


def sign(pdf: bytes, key: Signer, field: str, look: Appearance, words: SignatureText, now: datetime) -> bytes:
    """Sign an empty signature field with any appearance (PAdES B-B, ``ETSI.CAdES.detached``).

    The lock of the field becomes the FieldMDP of the signature. Raises FieldFault when the field is
    missing, signed or no signature field; KeyFault when the certificate is not valid at ``now``.
    """
    return sign_to(pdf, key, field, look, words, now).pdf


def sign_to(
    pdf: bytes,
    key: Signer,
    field: str,
    look: Appearance,
    words: SignatureText,
    now: datetime,
    *,
    level: Level = Level.B_B,
    services: Services = Services(),  # noqa: B008 - immutable
) -> Finished:
    """Sign as :func:`sign` and bring the file to a level; ``reached`` says how far it came."""
    pending = begin(pdf, key.identity, field, look, words, now, level=level, algorithm=key.algorithm)
    return complete(pending, key, now, services)


def sign_invisibly(pdf: bytes, key: Signer, field: str, words: SignatureText, now: datetime) -> bytes:
    """Sign in a new field of that name that has no place on a page. Raises as :func:`sign`."""
    pending = begin(
        pdf, key.identity, field, Appearance(), words, now, algorithm=key.algorithm, new_field=True
    )
    return complete(pending, key, now).pdf


def require_valid(key: Signer, now: datetime) -> None:
    """Raise KeyFault unless the certificate is valid at ``now`` and meant for signing documents."""
    require_identity_valid(key.identity, now)

"""What is allowed of certificates and requests, and what a certificate says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from server.certificates.model import CertificateRequest, NewRequest, Provider, Purpose, RequestState
from server.kernel.errors import Fault

WARNINGS: Final = (60, 30, 7)
"""Days before the end at which its body is told."""
SMALLEST_RSA: Final = 2048
SMALLEST_EC: Final = 256
LARGEST_PEM: Final = 16_384
"""Characters of a certificate or request."""
NEXT: Final[Mapping[RequestState, frozenset[RequestState]]] = {
    RequestState.PREPARED: frozenset({RequestState.SENT, RequestState.WITHDRAWN, RequestState.DONE}),
    RequestState.SENT: frozenset({RequestState.DONE, RequestState.WITHDRAWN}),
    RequestState.DONE: frozenset(),
    RequestState.WITHDRAWN: frozenset(),
}
"""Where a request may go from each state."""


def due_warning(not_after: datetime, now: datetime, warned_days: int) -> int:
    """Return the warning that is due (60, 30, 7), 0 when none is: each is sent once, the nearest wins."""
    left = not_after - now
    if left < timedelta(0):
        return 0
    due = [days for days in WARNINGS if left <= timedelta(days=days)]
    if not due:
        return 0
    nearest = min(due)
    return nearest if warned_days == 0 or nearest < warned_days else 0


def provider_on(providers: tuple[Provider, ...], code: str, on: date) -> Provider | None:
    """Return the provider of a code as configured for a day: the entry that began last."""
    known = [p for p in providers if p.code == code and in_force(p, on)]
    return max(known, key=lambda p: p.valid_from, default=None)


def in_force(provider: Provider, on: date) -> bool:
    """Whether a provider's entry holds on a day."""
    return provider.valid_from <= on and (provider.valid_to is None or on <= provider.valid_to)


def request_faults(new: NewRequest, provider: Provider | None) -> list[Fault]:
    """Return everything that is wrong with a new request."""
    faults: list[Fault] = []
    if provider is None:
        faults.append(Fault("certificates.provider_unknown", "/provider"))
    if not new.subject.strip():
        faults.append(Fault("certificates.subject_missing", "/subject"))
    if new.purpose is not Purpose.ISSUE and not new.certificate_id:
        faults.append(Fault("certificates.certificate_missing", "/certificate_id"))
    if new.csr and (code := csr_fault(new.csr)):
        faults.append(Fault(code, "/csr"))
    return faults


def csr_fault(pem: str) -> str:
    """Return the code of what is wrong with a PKCS#10 request (RFC 2986); "" = nothing."""
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        if not request.is_signature_valid:
            return "certificates.csr_signature"
        key = request.public_key()
    except (ValueError, UnsupportedAlgorithm, InvalidSignature):
        return "certificates.csr_unreadable"
    if isinstance(key, rsa.RSAPublicKey):
        return "" if key.key_size >= SMALLEST_RSA else "certificates.key_weak"
    return (
        ""
        if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= SMALLEST_EC
        else "certificates.key_weak"
    )


def same_key(certificate: x509.Certificate, csr: str) -> bool:
    """Whether a certificate certifies the key of the request that was sent for it."""
    return certificate.public_key() == x509.load_pem_x509_csr(csr.encode()).public_key()


def common_name(certificate: x509.Certificate) -> str:
    """Return the common name of the subject, or its whole name."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def organ_id(certificate: x509.Certificate) -> str:
    """Return the identifier of the body in the subject; "" = none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    return str(found[0].value) if found else ""


SHEET_FIELDS: Final = (
    "purpose",
    "owner_kind",
    "subject",
    "organ_id",
    "body",
    "serial",
    "note",
    "made_at",
    "made_by",
)
"""Columns of the request sheet, in order."""


def sheet(request: CertificateRequest, *, body: str, serial: str) -> str:
    """Return the data of a request as one CSV line under its heading (RFC 4180), for the provider's form.

    What a spreadsheet would take for a formula is kept text by an apostrophe.
    """
    values = {
        "purpose": request.purpose.value,
        "owner_kind": request.owner_kind.value,
        "subject": request.subject,
        "organ_id": request.organ_id,
        "body": body,
        "serial": serial,
        "note": request.note,
        "made_at": request.made_at.isoformat(),
        "made_by": request.made_by,
    }
    return "\r\n".join((",".join(SHEET_FIELDS), ",".join(_cell(values[name]) for name in SHEET_FIELDS), ""))


def _cell(text: str) -> str:
    safe = "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
    return '"' + safe.replace('"', '""') + '"'

"""What a signature above level B-B needs from outside, as protocols.

Implementations: of the same process in :mod:`signing.local`, over HTTP in :mod:`signing.fetch`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cryptography import x509


class Timestamper(Protocol):
    """A time-stamping authority (RFC 3161). May be shared between threads."""

    def stamp(self, digest: bytes, at: datetime) -> bytes:
        """Return the DER of a time-stamp token over a SHA-256 digest.

        ``at`` is the instant of the request, for authorities of the same process; others have a clock.
        Raises ServiceFault when there is no answer, or one that is not a grant over this digest.
        """
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that the certificates of one chain were not revoked (ETSI EN 319 142-1, 5.4.2.2)."""

    certificates: tuple[bytes, ...] = ()
    """DER, the chain with its root, and those of OCSP responders."""
    ocsps: tuple[bytes, ...] = ()
    """DER of OCSPResponse (RFC 6960, 4.2.1)."""
    crls: tuple[bytes, ...] = ()
    """DER of CertificateList (RFC 5280, 5.1)."""

    def __add__(self, other: Evidence) -> Evidence:
        """Return both without repeating anything, in order."""
        return Evidence(
            tuple(dict.fromkeys(self.certificates + other.certificates)),
            tuple(dict.fromkeys(self.ocsps + other.ocsps)),
            tuple(dict.fromkeys(self.crls + other.crls)),
        )


class RevocationSource(Protocol):
    """Where the status of certificates comes from. May be shared between threads."""

    def evidence(
        self, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], at: datetime
    ) -> Evidence:
        """Return evidence that a certificate and its issuers are good at ``at``.

        ``chain`` holds the issuers known, from the certificate's own upwards. Raises ServiceFault when there
        is no answer, and KeyFault ``signing.key_revoked`` when one says revoked.
        """
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one installation; None = there is none."""

    timestamper: Timestamper | None = None
    revocation: RevocationSource | None = None

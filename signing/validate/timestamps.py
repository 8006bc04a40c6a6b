"""Time-stamps (RFC 3161): over a signature value, or over the whole document."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from signing.validate import certificates, message
from signing.validate.algorithms import WEAK_DIGESTS, digest_name
from signing.validate.asn1 import GENERALIZED_TIME, OCTETS, SEQUENCE, BadEncoding, first
from signing.validate.chain import Pool, check_chain
from signing.validate.message import TST_INFO, Message


@dataclass(frozen=True, slots=True)
class Token:
    """A time-stamp token."""

    message: Message
    algorithm: str
    """Digest of the imprint."""
    imprint: bytes
    at: datetime
    """When the authority says it saw the imprint."""

    @classmethod
    def read(cls, found: Message) -> Token:
        """Read TSTInfo (2.4.2). Raises BadEncoding."""
        if found.content_type != TST_INFO or found.content is None:
            raise BadEncoding("a time-stamp is no time-stamp token")
        try:
            fields = first(found.content)[0].need(SEQUENCE).parts()
            algorithm, imprint = fields[2].need(SEQUENCE).parts()[:2]
            return cls(
                found,
                digest_name(algorithm),
                imprint.need(OCTETS).content,
                fields[4].need(GENERALIZED_TIME).time(),
            )
        except (IndexError, ValueError) as error:
            raise BadEncoding("a time-stamp is no time-stamp token") from error

    @property
    def weak(self) -> bool:
        """Whether its digests are broken."""
        return self.algorithm in WEAK_DIGESTS or self.message.signer.scheme.weak

    def is_over(self, stamped: bytes) -> bool:
        """Whether the imprint is that of these bytes."""
        return hashlib.new(self.algorithm, stamped, usedforsecurity=False).digest() == self.imprint

    def signed_soundly(self) -> bool:
        """Whether the authority's signature holds over what the token says. Raises BadEncoding."""
        found = self.message
        der = found.certificate
        if der is None or found.content is None:
            return False
        digest = hashlib.new(found.signer.digest, found.content, usedforsecurity=False).digest()
        speaks = found.digest_matches(digest, content_type=TST_INFO)
        named = found.names_certificate(der) is not False
        return speaks and named and found.value_holds(message.key_of(der), digest)

    def why_not_trusted(self, pool: Pool, at: datetime) -> str | None:
        """Return why the authority is not believed at a moment, None when it is. Raises BadEncoding."""
        der = self.message.certificate
        if der is None:
            return "the time-stamp does not bring its certificate"
        authority = certificates.read(der)
        if not authority.stamps_time():
            return "the time-stamp was signed by one that is no time-stamp authority"
        if self.weak:
            return "the time-stamp uses a weak algorithm"
        if not authority.begins <= self.at <= authority.ends:
            return "the time-stamp was made outside the validity of its certificate"
        result = check_chain(authority, pool, at, lenient=True)
        return None if result.sub_indication is None else f"the time-stamp authority: {result.reason}"

"""Time-stamp authority (RFC 3161, with ESSCertIDv2 as RFC 5816 has it): bytes in, bytes out.

Every token repeats nearly everything of the one before it, so the DER around the few fields that change is
built once; an answer costs little more than the signature itself (docs/benchmarks.md, PKI).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
from cryptography.x509.oid import ExtendedKeyUsageOID

from signing import der
from signing.errors import PkiFault
from signing.pki import reader
from signing.pki.held import DIGESTS, HeldKey, generalized_time
from signing.pki.reader import NotDer

POLICY: Final = "2.25.316298471936248107541239687214503986113"
"""The policy under which the development authority stamps: none is promised. An OID from a UUID (X.667)."""
LARGEST_REQUEST: Final = 16 * 1024
"""Bytes; a request with a nonce has about 70."""

_TST_INFO = der.oid("1.2.840.113549.1.9.16.1.4")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of([_TST_INFO]))
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
_ONE = der.integer(1)
_THREE = der.integer(3)
_GRANTED = der.sequence(der.integer(0))
_ACCURACY = der.sequence(der.integer(1))
_IMPRINTS: Final = {
    der.oid("2.16.840.1.101.3.4.2.1"): 32,  # SHA-256
    der.oid("2.16.840.1.101.3.4.2.2"): 48,  # SHA-384
    der.oid("2.16.840.1.101.3.4.2.3"): 64,  # SHA-512
    der.oid("2.16.840.1.101.3.4.2.6"): 32,  # SHA-512/256
    der.oid("2.16.840.1.101.3.4.2.8"): 32,  # SHA3-256
    der.oid("2.16.840.1.101.3.4.2.9"): 48,  # SHA3-384
    der.oid("2.16.840.1.101.3.4.2.10"): 64,  # SHA3-512
}
_LARGEST_NONCE = 64


class Failure(IntEnum):
    """PKIFailureInfo: the number of the bit (RFC 3161, 2.4.2)."""

    BAD_ALGORITHM = 0
    BAD_REQUEST = 2
    BAD_DATA_FORMAT = 5
    TIME_NOT_AVAILABLE = 14
    UNACCEPTED_POLICY = 15
    UNACCEPTED_EXTENSION = 16
    SYSTEM_FAILURE = 25


class _Refused(Exception):
    """Answer with a failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.name)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request holds, as encoded."""

    imprint: bytes
    nonce: bytes
    """The INTEGER, or empty."""
    with_certificates: bool


def random_serial() -> int:
    """Return a serial number of 160 bits from the system's random source.

    Nothing is written and nothing can be reused after a crash: of 2**40 tokens two agree with a chance
    below 2**-78. The length is always the same (RFC 3161, 2.4.2: up to 160 bits must be accommodated).
    """
    return int.from_bytes(os.urandom(20), "big") >> 2 | 1 << 158


class TimeStampAuthority:
    """A time-stamp authority with its key held open. May be shared between threads."""

    def __init__(
        self, key: HeldKey, *, policy: str = POLICY, serials: Callable[[], int] = random_serial
    ) -> None:
        """Build the templates. Raises PkiFault when the certificate is none for time-stamping alone."""
        _check(key)
        self.key = key
        self._serials = serials
        self._policy = der.oid(policy)
        self._info_start = _ONE + self._policy
        self._before, self._after = _attributes(key)
        digest = DIGESTS[key.digest]
        self._digest = getattr(hashlib, key.digest)
        self._data_start = _THREE + der.set_of([digest])
        self._certificates = key.identity.certificates
        self._signer_start = _ONE + key.identity.issuer_and_serial + digest
        # RSA is named without its hash, which stands in digestAlgorithm: the form every reader knows.
        rsa_key = isinstance(key.certificate.public_key(), rsa.RSAPublicKey)
        self._algorithm = _RSA if rsa_key else key.algorithm

    def answer(self, request: bytes, at: datetime) -> bytes:
        """Return the DER TimeStampResp to a DER TimeStampReq, whatever the bytes are; never raises.

        ``at`` is the time to be stamped, aware. The nonce is echoed, certificates come when asked for, an
        unknown policy, extension or weak hash is refused with its failure. Raises nothing for bad bytes.
        """
        try:
            asked = self._read(request)
            if not self.key.usable(at):
                raise _Refused(Failure.TIME_NOT_AVAILABLE)
            return self._granted(asked, at)
        except NotDer:
            return _rejection(Failure.BAD_DATA_FORMAT)
        except _Refused as refused:
            return _rejection(refused.failure)

    def expires_within(self, span: timedelta, at: datetime) -> bool:
        """Whether the certificate ends less than ``span`` after ``at``."""
        return self.key.valid_to - at < span

    def _read(self, request: bytes) -> _Asked:
        """Read TimeStampReq (2.4.1). Raises NotDer, or _Refused for what is well formed but not done."""
        if len(request) > LARGEST_REQUEST:
            raise _Refused(Failure.BAD_REQUEST)
        at, end = reader.whole(request)
        version, at = reader.integer(request, at, end)
        if version != 1:
            raise _Refused(Failure.BAD_REQUEST)
        start, stop = reader.expect(request, at, end, reader.SEQUENCE)
        imprint = request[at:stop]
        name, after = reader.algorithm(request, start, stop)
        if name not in _IMPRINTS:
            raise _Refused(Failure.BAD_ALGORITHM)
        first, last = reader.expect(request, after, stop, reader.OCTET_STRING)
        if last != stop or last - first != _IMPRINTS[name]:
            raise NotDer("the imprint is not as long as its hash")
        nonce, with_certificates, at = b"", False, stop
        rank = 0
        while at < end:
            tag, start, stop = reader.head(request, at, end)
            if tag not in _OPTIONAL or _OPTIONAL[tag] <= rank:
                raise NotDer("a field is unknown or out of order")
            rank = _OPTIONAL[tag]
            if tag == reader.OBJECT_IDENTIFIER:
                if request[at:stop] != self._policy:
                    raise _Refused(Failure.UNACCEPTED_POLICY)
            elif tag == reader.INTEGER:
                reader.integer(request, at, end)
                if stop - start > _LARGEST_NONCE:
                    raise _Refused(Failure.BAD_REQUEST)
                nonce = request[at:stop]
            elif tag == _BOOLEAN:
                if request[start:stop] not in (b"\xff", b"\x00"):
                    raise NotDer("a boolean is neither true nor false")
                with_certificates = request[start] == 0xFF
            else:
                raise _Refused(Failure.UNACCEPTED_EXTENSION)
            at = stop
        return _Asked(imprint, nonce, with_certificates)

    def _granted(self, asked: _Asked, at: datetime) -> bytes:
        """Sign TSTInfo (2.4.2) and wrap it in CMS SignedData (RFC 5652)."""
        tlv = der.tlv
        serial = der.integer(self._serials())
        info = tlv(
            0x30, self._info_start + asked.imprint + serial + generalized_time(at) + _ACCURACY + asked.nonce
        )
        attributes = self._before + self._digest(info).digest() + self._after
        value = self.key.sign(attributes)
        signer = tlv(0x30, self._signer_start + b"\xa0" + attributes[1:] + self._algorithm + tlv(0x04, value))
        content = tlv(0x30, _TST_INFO + tlv(0xA0, tlv(0x04, info)))
        certificates = self._certificates if asked.with_certificates else b""
        data = tlv(0x30, self._data_start + content + certificates + tlv(0x31, signer))
        return tlv(0x30, _GRANTED + tlv(0x30, _SIGNED_DATA + tlv(0xA0, data)))


_BOOLEAN = 0x01
_OPTIONAL: Final = {reader.OBJECT_IDENTIFIER: 1, reader.INTEGER: 2, _BOOLEAN: 3, 0xA0: 4}
"""Optional fields of a request in their order: reqPolicy, nonce, certReq, extensions."""


def _attributes(key: HeldKey) -> tuple[bytes, bytes]:
    """Return what stands before and after the digest in the SET of signed attributes.

    All lengths are fixed, so the order of the SET (X.690, 11.6) is the same for every digest.
    """
    mark = bytes(range(hashlib.new(key.digest).digest_size))
    whole = der.set_of(
        (
            _CONTENT_TYPE,
            der.sequence(_MESSAGE_DIGEST, der.set_of([der.octets(mark)])),
            der.sequence(_SIGNING_CERTIFICATE_V2, der.set_of([key.identity.signing_certificate_v2])),
        )
    )
    before, _, after = whole.partition(mark)
    return before, after


def _check(key: HeldKey) -> None:
    """Raise PkiFault unless the extended key usage is timeStamping alone and critical (2.3)."""
    try:
        usage = key.certificate.extensions.get_extension_for_class(ExtendedKeyUsage)
    except ExtensionNotFound:
        raise PkiFault("the certificate has no extended key usage for time-stamping") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise PkiFault("the certificate is not for time-stamping alone, or does not say so critically")


def _rejection(failure: Failure) -> bytes:
    """Return a response without a token: status rejection (2) and the one bit of the reason."""
    octets = bytearray(failure // 8 + 1)
    octets[-1] = 0x80 >> failure % 8
    bits = der.tlv(0x03, bytes((7 - failure % 8,)) + bytes(octets))
    return der.sequence(der.sequence(der.integer(2), bits))

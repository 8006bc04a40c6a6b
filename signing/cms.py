"""CAdES signatures for PDF: CMS SignedData (RFC 5652) as ETSI EN 319 142-1 clause 6 wants it.

Built directly in DER, once. What the profile asks for:

- the content is detached; ``message-digest`` is the digest of the byte ranges;
- signed attributes: content-type, message-digest, signing-certificate-v2; no signing-time (the time is
  ``/M`` of the signature dictionary);
- the signer's certificate and its issuers are included.
"""

from __future__ import annotations

from signing import der
from signing.keys.protocol import SignatureAlgorithm, SignerIdentity
from signing.pki import reader
from signing.pki.reader import NotDer

_DATA = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of([_DATA]))
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")

_DIGEST_OIDS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
DIGESTS = {name: der.sequence(der.oid(dotted), der.NULL) for name, dotted in _DIGEST_OIDS.items()}
"""AlgorithmIdentifier of each hash (RFC 5754, 2: parameters absent or NULL; every reader knows NULL)."""
_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_SIGNATURE_TIME_STAMP = der.oid("1.2.840.113549.1.9.16.2.14")


def _pss(digest: str) -> bytes:
    """Return RSASSA-PSS with its parameters (RFC 4055, 3.1)."""
    mask = der.sequence(der.oid("1.2.840.113549.1.1.8"), DIGESTS[digest])
    return der.sequence(
        der.oid("1.2.840.113549.1.1.10"),
        der.sequence(
            der.tlv(0xA0, DIGESTS[digest]), der.tlv(0xA1, mask), der.tlv(0xA2, der.integer(_SIZES[digest]))
        ),
    )


# rsaEncryption with the hash in digestAlgorithm: the form that every reader knows (RFC 3370, 3.2).
_RSA = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL)
_SIGNATURES = {
    SignatureAlgorithm.RSA_PKCS1_SHA256: _RSA,
    SignatureAlgorithm.RSA_PKCS1_SHA384: _RSA,
    SignatureAlgorithm.RSA_PKCS1_SHA512: _RSA,
    SignatureAlgorithm.RSA_PSS_SHA256: _pss("sha256"),
    SignatureAlgorithm.RSA_PSS_SHA384: _pss("sha384"),
    SignatureAlgorithm.RSA_PSS_SHA512: _pss("sha512"),
    SignatureAlgorithm.ECDSA_SHA256: der.sequence(der.oid("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.ECDSA_SHA384: der.sequence(der.oid("1.2.840.10045.4.3.3")),
    SignatureAlgorithm.ECDSA_SHA512: der.sequence(der.oid("1.2.840.10045.4.3.4")),
}
_ATTRIBUTES_ROOM = 1024
"""Bytes for everything but certificates, signature value and time-stamp."""
_VALUE_ROOM = 512
"""Bytes of the longest signature value (RSA 4096)."""
TIMESTAMP_ROOM = 8192
"""Bytes kept for a time-stamp token with its certificates; RFC 3161 sets no limit."""


def signed_attributes(digest: bytes, identity: SignerIdentity) -> bytes:
    """Return the DER SET of signed attributes: the bytes that the key signs (RFC 5652, 5.4)."""
    return der.set_of(
        (
            _CONTENT_TYPE,
            der.sequence(_MESSAGE_DIGEST, der.set_of([der.octets(digest)])),
            der.sequence(_SIGNING_CERTIFICATE_V2, der.set_of([identity.signing_certificate_v2])),
        )
    )


def assemble(
    attributes: bytes,
    value: bytes,
    algorithm: SignatureAlgorithm,
    identity: SignerIdentity,
    timestamp: bytes | None = None,
) -> bytes:
    """Return the DER ContentInfo of one signature from its signed attributes and signature value.

    ``timestamp`` is the DER of a time-stamp token over the value; it becomes the unsigned attribute
    signature-time-stamp (ETSI EN 319 122-1, 5.3).
    """
    digest = DIGESTS[algorithm.digest]
    info = der.sequence(
        der.integer(1),
        identity.issuer_and_serial,
        digest,
        b"\xa0" + attributes[1:],  # the same SET under its implicit tag [0]
        _SIGNATURES[algorithm],
        der.octets(value),
        der.tlv(0xA1, der.sequence(_SIGNATURE_TIME_STAMP, der.set_of([timestamp]))) if timestamp else b"",
    )
    signed_data = der.sequence(
        der.integer(1),
        der.set_of([digest]),
        der.sequence(_DATA),
        identity.certificates,
        der.set_of([info]),
    )
    return der.sequence(_SIGNED_DATA, der.tlv(0xA0, signed_data))


def with_timestamp(message: bytes, token: bytes) -> bytes:
    """Return a message of one signer with the attribute signature-time-stamp added, all else byte for byte.

    Zeros that follow the message are dropped. Raises NotDer.
    """
    _, at, end = reader.head(message, 0, len(message))
    _, behind_type = reader.expect(message, at, end, reader.OBJECT_IDENTIFIER)
    start, stop = reader.expect(message, behind_type, end, 0xA0)
    first, last = reader.expect(message, start, stop, reader.SEQUENCE)
    here = first
    while True:
        tag, inner, behind = reader.head(message, here, last)
        if behind == last:
            break
        here = behind
    signer, signer_end = reader.expect(message, inner, last, reader.SEQUENCE)
    if tag != 0x31 or signer_end != last:
        raise NotDer("there is not one signer")
    attribute = der.sequence(_SIGNATURE_TIME_STAMP, der.set_of([token]))
    info = der.sequence(message[signer:signer_end], der.tlv(0xA1, attribute))
    data = der.sequence(message[first:here], der.tlv(0x31, info))
    return der.sequence(message[at:behind_type], der.tlv(0xA0, data))


def reservation(identity: SignerIdentity, *, timestamp: bool = False) -> int:
    """Return how many hexadecimal digits to reserve in ``/Contents`` for this key.

    Fixed per key and level, so that no signature is made only to learn its size.
    """
    room = _ATTRIBUTES_ROOM + _VALUE_ROOM + len(identity.certificates)
    return 2 * (room + (TIMESTAMP_ROOM if timestamp else 0))

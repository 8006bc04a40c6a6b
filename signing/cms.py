"""CAdES signatures for PDF: CMS SignedData (RFC 5652) as ETSI EN 319 142-1 clause 6 wants it.

Built directly in DER, once. What the profile asks for:

- the content is detached; ``message-digest`` is the digest of the byte ranges;
- signed attributes: content-type, message-digest, signing-certificate-v2; no signing-time (the time is
  ``/M`` of the signature dictionary);
- the signer's certificate and its issuers are included.
"""

from __future__ import annotations

from signing import der
from signing.keys.protocol import SignatureAlgorithm, Signer

_DATA = der.oid("1.2.840.113549.1.7.1")
_SIGNED_DATA = der.oid("1.2.840.113549.1.7.2")
_CONTENT_TYPE = der.sequence(der.oid("1.2.840.113549.1.9.3"), der.set_of([_DATA]))
_MESSAGE_DIGEST = der.oid("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = der.oid("1.2.840.113549.1.9.16.2.47")

_DIGESTS = {
    "sha256": der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), der.NULL),
    "sha384": der.sequence(der.oid("2.16.840.1.101.3.4.2.2"), der.NULL),
}
_SIGNATURES = {
    # rsaEncryption with the hash in digestAlgorithm: the form that every reader knows (RFC 3370, 3.2).
    SignatureAlgorithm.RSA_PKCS1_SHA256: der.sequence(der.oid("1.2.840.113549.1.1.1"), der.NULL),
    SignatureAlgorithm.ECDSA_SHA256: der.sequence(der.oid("1.2.840.10045.4.3.2")),
    SignatureAlgorithm.ECDSA_SHA384: der.sequence(der.oid("1.2.840.10045.4.3.3")),
}
_ATTRIBUTES_ROOM = 1024
"""Bytes for everything but certificates and signature value."""


def signed_attributes(digest: bytes, signer: Signer) -> bytes:
    """Return the DER SET of signed attributes: the bytes that the key signs (RFC 5652, 5.4)."""
    return der.set_of(
        (
            _CONTENT_TYPE,
            der.sequence(_MESSAGE_DIGEST, der.set_of([der.octets(digest)])),
            der.sequence(_SIGNING_CERTIFICATE_V2, der.set_of([signer.identity.signing_certificate_v2])),
        )
    )


def assemble(attributes: bytes, value: bytes, algorithm: SignatureAlgorithm, signer: Signer) -> bytes:
    """Return the DER ContentInfo of one signature from its signed attributes and signature value."""
    digest = _DIGESTS[algorithm.digest]
    info = der.sequence(
        der.integer(1),
        signer.identity.issuer_and_serial,
        digest,
        b"\xa0" + attributes[1:],  # the same SET under its implicit tag [0]
        _SIGNATURES[algorithm],
        der.octets(value),
    )
    signed_data = der.sequence(
        der.integer(1),
        der.set_of([digest]),
        der.sequence(_DATA),
        signer.identity.certificates,
        der.set_of([info]),
    )
    return der.sequence(_SIGNED_DATA, der.tlv(0xA0, signed_data))


def sign_digest(digest: bytes, signer: Signer) -> bytes:
    """Sign the digest of the byte ranges; return the DER of the whole message. Raises KeyFault."""
    attributes = signed_attributes(digest, signer)
    value = signer.sign_raw(attributes, signer.algorithm)
    return assemble(attributes, value, signer.algorithm, signer)


def reservation(signer: Signer) -> int:
    """Return how many hexadecimal digits to reserve in ``/Contents`` for this key at level B-B.

    Fixed per key, so that no signature is made only to learn its size.
    """
    return 2 * (_ATTRIBUTES_ROOM + 512 + len(signer.identity.certificates))

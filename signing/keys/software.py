"""Keys from PKCS#12 files (RFC 7292), opened once and held."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from signing.errors import KeyFault
from signing.keys.protocol import (
    HASHES,
    SignatureAlgorithm,
    SignerIdentity,
    default_algorithm,
    pss,
    require_fit,
)

_PKCS1 = padding.PKCS1v15()


@dataclass(frozen=True, slots=True)
class SoftwareSigner:
    """A private key in memory with its certificate. See :class:`signing.keys.protocol.Signer`."""

    identity: SignerIdentity
    algorithm: SignatureAlgorithm
    _key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def __repr__(self) -> str:
        """Name the owner only; a key never reaches a log."""
        return f"SoftwareSigner({self.identity.name!r})"

    def sign_raw(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Hash and sign ``data``. Raises KeyFault when the algorithm does not fit the key."""
        if isinstance(self._key, rsa.RSAPrivateKey) is not algorithm.is_rsa:
            kind = "an RSA" if isinstance(self._key, rsa.RSAPrivateKey) else "an elliptic curve"
            raise KeyFault(f"{kind} key cannot sign with {algorithm}")
        digest = HASHES[algorithm.digest]
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, pss(digest) if algorithm.is_pss else _PKCS1, digest)
        return self._key.sign(data, ec.ECDSA(digest))

    def using(self, algorithm: SignatureAlgorithm) -> SoftwareSigner:
        """Return the same key signing with another algorithm. Raises KeyFault when it cannot."""
        require_fit(self.identity.certificate, algorithm)
        return replace(self, algorithm=algorithm)


def open_pkcs12(data: bytes, passphrase: bytes) -> SoftwareSigner:
    """Open a PKCS#12 file. Raises KeyFault for a wrong passphrase, a broken file or an unfit key.

    Opening costs tens of milliseconds by design (the key derivation): do it once and hold the result.
    """
    try:
        key, certificate, chain = pkcs12.load_key_and_certificates(data, passphrase)
    except ValueError as error:
        raise KeyFault("the key file cannot be opened: wrong passphrase, or not a PKCS#12 file") from error
    if key is None or certificate is None:
        raise KeyFault("the key file holds no private key with a certificate")
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise KeyFault("only RSA and elliptic curve keys can sign PDF files")
    if key.public_key() != certificate.public_key():
        raise KeyFault("the private key and the certificate in the key file do not belong together")
    algorithm = default_algorithm(certificate)
    return SoftwareSigner(SignerIdentity.of(certificate, tuple(chain)), algorithm, key)

"""Answers of the time-stamp authority and the responder against the bare signature of the same key.

``python -m tests.benchmarks pki``. No HTTP: bytes in, bytes out, as the engine calls them in its own process.
The floor is ``key.sign`` of cryptography over 200 bytes. Processor time; ours and the floor in turn.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from asn1crypto import algos, tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from signing.pki import ca
from signing.pki.ca import Authority
from signing.pki.opened import open_pki
from signing.pki.profiles import KeyType, Kind, PrivateKey
from tests.benchmarks.figures import Figure, middle, notes, spread

ROUNDS: Final = 15
BATCH: Final = 400
TARGET: Final = 2.0
_DATA: Final = b"x" * 200


def measure() -> list[Figure]:
    """Measure both with the keys that ``pki init`` makes, and with RSA-2048."""
    found: list[Figure] = []
    with tempfile.TemporaryDirectory() as folder:
        for label, kind in (("P-256", KeyType.P256), ("RSA-2048", KeyType.RSA2048)):
            at = datetime.now(UTC)
            pki = Path(folder) / kind
            authority = ca.init(pki, passphrase=b"bench", now=at, service_key=kind)
            opened = open_pki(pki, passphrase=b"bench")
            stamp, status, kept = time_stamp_request(), *status_requests(authority)
            bare = signing(ca.load_key(pki / "private" / "tsa.key", b"bench"))
            work = {
                "time-stamp": partial(opened.tsa.answer, stamp, at),
                "OCSP with nonce": partial(opened.responder.answer, status, at),
                "OCSP kept": partial(opened.responder.answer, kept, at),
            }
            found += [compare(f"{name}, {label}", one, bare) for name, one in work.items()]
    return found


def compare(name: str, ours: Callable[[], object], bare: Callable[[], object]) -> Figure:
    """Measure in turn; the ratio is the median of those of pairs."""
    ours(), bare()
    pairs = [(cost(ours), cost(bare)) for _ in range(ROUNDS)]
    ratio = middle(one / floor for one, floor in pairs)
    return Figure(
        name,
        middle(one for one, _ in pairs),
        "us CPU",
        middle(floor for _, floor in pairs),
        1 / ratio,
        f"<= {TARGET:.0f} x bare signature",
        ratio <= TARGET,
        notes(f"{ratio:.2f} x", spread([one for one, _ in pairs])),
    )


def cost(work: Callable[[], object]) -> float:
    """Return microseconds of processor time of one call."""
    start = time.process_time_ns()
    for _ in range(BATCH):
        work()
    return (time.process_time_ns() - start) / BATCH / 1000


def signing(key: PrivateKey) -> Callable[[], bytes]:
    """Return the bare signature of a key."""
    if isinstance(key, rsa.RSAPrivateKey):
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        return lambda: key.sign(_DATA, scheme, digest)
    algorithm = ec.ECDSA(hashes.SHA256())
    return lambda: key.sign(_DATA, algorithm)


def time_stamp_request() -> bytes:
    """Return what a signing program asks."""
    imprint = {
        "hash_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "hashed_message": hashlib.sha256(_DATA).digest(),
    }
    asked = {"version": 1, "message_imprint": imprint, "nonce": 2**63 + 1, "cert_req": True}
    return bytes(tsp.TimeStampReq(asked).dump())


def status_requests(authority: Authority) -> tuple[bytes, bytes]:
    """Return a request with a nonce and one without, for a certificate in force."""
    asked = ca.CertificateRequest(Kind.PERSON, "Văn thư", key=KeyType.P256)
    issued = authority.issue(asked, passphrase=b"x", now=datetime.now(UTC)).certificate
    builder = ocsp.OCSPRequestBuilder().add_certificate(issued, authority.issuing.certificate, hashes.SHA1())
    plain = builder.build().public_bytes(Encoding.DER)
    nonce = builder.add_extension(x509.OCSPNonce(b"n" * 16), critical=False)
    return nonce.build().public_bytes(Encoding.DER), plain

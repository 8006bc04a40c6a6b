"""Keys on tokens and hardware modules (PKCS#11 v2.40), named by URIs (RFC 7512).

``pkcs11:token=NAME;object=KEY?module-path=/usr/lib/softhsm/libsofthsm2.so``; ``serial``, ``id`` (percent
encoded) and ``slot-id`` are understood, too. The certificate is the one on the token with the same
``CKA_ID``; issuers are taken from the token when they are there.

A wrong PIN is tried once and never again: tokens lock themselves after a few attempts.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, unquote_to_bytes

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from signing.errors import KeyFault
from signing.keys.protocol import (
    SignatureAlgorithm,
    SignerIdentity,
    default_algorithm,
    require_fit,
)

if TYPE_CHECKING:
    import pkcs11
    from pkcs11.types import SignMixin

_PATIENCE_SECONDS: Final = 60.0
_MODULE_VARIABLE: Final = "LIENTHONG_PKCS11_MODULE"


@dataclass(frozen=True, slots=True)
class TokenUri:
    """Where a key is."""

    module: str
    """Path of the library of the token's maker."""
    token: str | None = None
    """Label of the token; None = any."""
    serial: bytes | None = None
    slot: int | None = None
    label: str | None = None
    """Label of the key; None = any."""
    id: bytes | None = None

    @classmethod
    def parse(cls, uri: str) -> TokenUri:
        """Read a URI. Without ``module-path`` the variable LIENTHONG_PKCS11_MODULE names the library.

        Raises KeyFault.
        """
        scheme, _, rest = uri.partition(":")
        path, _, query = rest.partition("?")
        if scheme != "pkcs11":
            raise KeyFault(f"{uri} is no pkcs11: URI")
        given = dict(part.split("=", 1) for part in path.split(";") if "=" in part)
        asked = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        module = unquote(asked.get("module-path", "")) or os.environ.get(_MODULE_VARIABLE, "")
        if not module:
            raise KeyFault(f"{uri} names no library: add ?module-path=/path/of/the/library.so")
        slot = given.get("slot-id", "")
        if slot and not slot.isdigit():
            raise KeyFault(f"{uri} has a slot-id that is no number")
        return cls(
            module=module,
            token=unquote(given["token"]) if "token" in given else None,
            serial=unquote_to_bytes(given["serial"]) if "serial" in given else None,
            slot=int(slot) if slot else None,
            label=unquote(given["object"]) if "object" in given else None,
            id=unquote_to_bytes(given["id"]) if "id" in given else None,
        )


@dataclass(slots=True)
class _Session:
    """An open session of this process, with the key."""

    session: pkcs11.Session
    key: SignMixin
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True)
class TokenSigner:
    """A key on a token. See :class:`signing.keys.protocol.Signer`.

    The session is opened at the first signature of each process: a library of PKCS#11 does not survive a
    fork (PKCS#11 base, 6.6.1).
    """

    identity: SignerIdentity
    algorithm: SignatureAlgorithm
    _uri: TokenUri
    _pin: str = field(repr=False)
    _sessions: dict[int, _Session | KeyFault] = field(default_factory=dict, repr=False, compare=False)
    _opening: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def sign_raw(self, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Hash and sign ``data`` on the token. Raises KeyFault."""
        require_fit(self.identity.certificate, algorithm)
        import pkcs11

        held = self._held()
        try:
            with held.lock:
                return _signed(held.key, data, algorithm)
        except pkcs11.PKCS11Error as error:
            raise KeyFault(f"the token does not sign ({type(error).__name__})") from error

    def using(self, algorithm: SignatureAlgorithm) -> TokenSigner:
        """Return the same key signing with another algorithm. Raises KeyFault when it cannot."""
        require_fit(self.identity.certificate, algorithm)
        return replace(self, algorithm=algorithm)

    def _held(self) -> _Session:
        process = os.getpid()
        found = self._sessions.get(process)
        if found is None:
            with self._opening:
                found = self._sessions.get(process)
                if found is None:
                    try:
                        found = _open(self._uri, self._pin)
                    except KeyFault as error:
                        found = error
                    self._sessions[process] = found
        if isinstance(found, KeyFault):
            raise KeyFault(str(found), code=found.code) from found
        return found


def open_uri(uri: str, pin: bytes) -> TokenSigner:
    """Open a key on a token; the PIN is asked for once and held. Raises KeyFault.

    The token is tried and its certificate read in a process of its own, so that this one may still fork.
    """
    where = TokenUri.parse(uri)
    try:
        secret = pin.decode()
    except UnicodeDecodeError as error:
        raise KeyFault("the PIN is no text") from error
    encoded = _asked(where, secret)
    certificate, *others = (x509.load_der_x509_certificate(one) for one in encoded)
    identity = SignerIdentity.of(certificate, tuple(_chain(certificate, others)))
    return TokenSigner(identity, default_algorithm(certificate), where, secret)


def _asked(where: TokenUri, pin: str) -> list[bytes]:
    """Run :func:`probe` in a process of its own; a library that crashes takes only that one along."""
    question = json.dumps({**asdict(where), "serial": _hex(where.serial), "id": _hex(where.id), "pin": pin})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "signing.keys.probe"],
            input=question.encode(),
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
        if isinstance(answer, dict):
            raise KeyFault(str(answer["fault"]), code=str(answer["code"]))
        return [bytes.fromhex(one) for one in answer]
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise KeyFault("the library of the token does not answer, or crashed") from error


def _hex(value: bytes | None) -> str | None:
    return None if value is None else value.hex()


def probe(question: bytes) -> bytes:
    """Answer in JSON: the certificate of a key and the others on its token, or the fault."""
    asked = json.loads(question)
    pin = asked.pop("pin")
    for name in ("serial", "id"):
        asked[name] = None if asked[name] is None else bytes.fromhex(asked[name])
    try:
        found = _certificates(_open(TokenUri(**asked), pin))
    except KeyFault as error:
        return json.dumps({"fault": str(error), "code": error.code}).encode()
    return json.dumps([one.hex() for one in found]).encode()


def _open(where: TokenUri, pin: str) -> _Session:
    # Imported here: only who uses a token needs the library.
    import pkcs11
    from pkcs11.types import SignMixin

    try:
        library = pkcs11.lib(where.module)
        tokens = [
            slot.get_token()
            for slot in library.get_slots(token_present=True)
            if where.slot in (None, slot.slot_id)
        ]
        found = [
            token
            for token in tokens
            if pkcs11.TokenFlag.TOKEN_INITIALIZED in token.flags
            and where.token in (None, token.label)
            and where.serial in (None, token.serial)
        ]
        if len(found) != 1:
            raise KeyFault(f"{len(found)} tokens fit the URI: name one by its label or serial number")
        session = _logged_in(found[0], pin)
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=where.label, id=where.id)
        if not isinstance(key, SignMixin):
            raise KeyFault("the object on the token is no private key")
        return _Session(session, key)
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid) as error:
        raise KeyFault("the PIN is wrong: it was tried once", code="signing.key_pin") from error
    except pkcs11.PinLocked as error:
        raise KeyFault("the token is locked: unlock it with its administrator's PIN") from error
    except pkcs11.MultipleObjectsReturned as error:
        raise KeyFault("several keys fit the URI: name one by object or id") from error
    except pkcs11.NoSuchKey as error:
        raise KeyFault("no key on the token fits the URI") from error
    except (pkcs11.PKCS11Error, OSError, RuntimeError) as error:
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        raise KeyFault(f"the token cannot be opened ({reason})") from error


def _logged_in(token: pkcs11.Token, pin: str) -> pkcs11.Session:
    """Open a session; logging in counts for all sessions of a process (PKCS#11 base, 5.6.8)."""
    import pkcs11

    try:
        return token.open(user_pin=pin)
    except pkcs11.UserAlreadyLoggedIn:
        return token.open()


def _certificates(held: _Session) -> list[bytes]:
    """Return the certificate of the key first, then all others on the token."""
    import pkcs11

    wanted = bytes(held.key[pkcs11.Attribute.ID])
    own: list[bytes] = []
    others: list[bytes] = []
    for found in held.session.get_objects({pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE}):
        encoded = bytes(found[pkcs11.Attribute.VALUE])
        (own if bytes(found[pkcs11.Attribute.ID]) == wanted else others).append(encoded)
    if not own:
        raise KeyFault("the token holds no certificate with the ID of the key")
    return own[:1] + others


def _chain(certificate: x509.Certificate, others: list[x509.Certificate]) -> Iterator[x509.Certificate]:
    """Yield the issuers that are at hand, from the certificate's own upwards."""
    current = certificate
    for _ in others:
        found = next((c for c in others if c.subject == current.issuer and c is not current), None)
        if found is None or current.issuer == current.subject:
            return
        yield found
        current = found


def _signed(key: SignMixin, data: bytes, algorithm: SignatureAlgorithm) -> bytes:
    import pkcs11
    from pkcs11 import MGF, Mechanism

    name = algorithm.digest.upper()
    if not algorithm.is_rsa:
        # Few tokens hash for ECDSA themselves; the plain mechanism is the one that all have.
        raw = bytes(key.sign(hashlib.new(algorithm.digest, data).digest(), mechanism=Mechanism.ECDSA))
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))
    if algorithm.is_pss:
        size = hashlib.new(algorithm.digest).digest_size
        parameters = (Mechanism[name], MGF[name], size)
        return bytes(
            key.sign(data, mechanism=pkcs11.Mechanism[f"{name}_RSA_PKCS_PSS"], mechanism_param=parameters)
        )
    return bytes(key.sign(data, mechanism=Mechanism[f"{name}_RSA_PKCS"]))

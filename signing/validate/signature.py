"""One signature of a file: its form, its value, what it covers and what was changed since.

Steps in the order of EN 319 102-1 (5.3): format, identification of the certificate, signature value. Trust is
judged afterwards (:mod:`signing.validate.trust`), when the time-stamps of the whole file are known.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from signing.validate import asn1, certificates, message
from signing.validate.algorithms import Scheme, holds, weak_key
from signing.validate.asn1 import OCTETS, BadEncoding
from signing.validate.changes import compare
from signing.validate.differences import Difference, Permission, Terms
from signing.validate.fields import Field, fields_of
from signing.validate.findings import Findings
from signing.validate.message import DATA
from signing.validate.reader import File, View
from signing.validate.report import Changes, Coverage, Integrity, SubIndication, TimeSource
from signing.validate.structure import covered, range_fault
from signing.validate.syntax import WHITE, Dict, HexString, Malformed, Value, text_of, whole
from signing.validate.timestamps import Token

_DETACHED: Final = ("ETSI.CAdES.detached", "adbe.pkcs7.detached")
_SHA1_WITH_RSA: Final = Scheme("1.2.840.113549.1.1.5", "sha1")
_DATE: Final = re.compile(r"D:(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:Z|([+-])(\d\d)'?(\d\d)?)?")
_LATER_CHANGE: Final = "the file was changed in a way that this signature does not allow"


class Judged:
    """The steps for one field; :attr:`found` holds what came of them."""

    def __init__(self, file: File, field: Field, gaps: set[int]) -> None:
        self.file = file
        self.field = field
        self.found = Findings(field.name)
        self.entries: Dict = {}
        self.signed: View = file.now
        self._gaps = gaps

    def run(self, fault: str | None) -> Findings:
        """Judge the signature; ``fault`` is what is wrong with the whole file. Never raises for its bytes."""
        try:
            self._format(fault)
            self._value()
            if self.found.integrity is Integrity.INTACT and self.found.end:
                self._changes()
        except (Malformed, BadEncoding) as error:
            self.found.fail(SubIndication.FORMAT_FAILURE, f"the signature does not have its form: {error}")
        except (MemoryError, RecursionError):
            self.found.fail(SubIndication.FORMAT_FAILURE, "the signature is too large to be judged")
        except Exception as error:  # noqa: BLE001 - a stranger's bytes: an unforeseen fault is a refusal
            name = type(error).__name__
            self.found.fail(SubIndication.FORMAT_FAILURE, f"the signature cannot be read ({name})")
        if self.found.failed and self.found.changes is not Changes.NOT_ALLOWED and not self.found.end:
            self.found.changes = Changes.NOT_ALLOWED
        return self.found

    def _format(self, fault: str | None) -> None:
        """Byte range, place in the file, no two signatures on the same bytes."""
        value = self.file.now.resolve(self.field.value)
        if not isinstance(value, dict):
            raise Malformed("there is no signature dictionary")
        self.entries = value
        self.found.signed_at = _moment(text_of(self.file.now.resolve(value.get("M"))))
        self.found.pades = value.get("SubFilter") == "ETSI.CAdES.detached"
        fault = fault or range_fault(self.file.buffer, value)
        if fault is None and (start := _start(value)) in self._gaps:
            fault = "two signature fields share one signature"
        elif fault is None:
            self._gaps.add(start)
        if fault is None:
            fault = self._revision(covered(value))
        if fault is not None:
            self.found.fail(SubIndication.FORMAT_FAILURE, fault)

    def _revision(self, end: int) -> str | None:
        """The byte range ends with a revision, and the signature is part of that revision."""
        view = self.file.view_at(end)
        if view is None:
            return "the signature does not cover a whole revision of the file"
        if view.sections[0] is not self.file.chain[0]:
            same = [f for f in fields_of(view) if f.name == self.field.name]
            before = view.resolve(same[0].value) if same else None
            if (
                not isinstance(before, dict)
                or _start(before) != _start(self.entries)
                or before != self.entries
            ):
                return "the signature is not part of the revision that it covers"
        self.found.end, self.signed = end, view
        return None

    def _value(self) -> None:
        """Digest and signature value (5.2.7), then the strength of the algorithms (5.2.8)."""
        kind, contents = self.entries.get("SubFilter"), self.entries.get("Contents")
        if not isinstance(contents, bytes):
            raise Malformed("the signature value is missing")
        if kind == "adbe.x509.rsa_sha1":
            self._raw(contents)
            return
        read = message.read(contents)
        self.found.message = read
        der = read.certificate
        if kind == "ETSI.RFC3161":
            self.found.token = Token.read(read)
            self.found.signed_at, self.found.time_source = self.found.token.at, TimeSource.TIMESTAMP
        elif kind not in (*_DETACHED, "adbe.pkcs7.sha1"):
            raise Malformed("the kind of the signature is not known")
        elif self.found.signed_at is None:
            self.found.signed_at = read.claimed_at
        if der is None:
            self.found.fail(
                SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the certificate of the signer is not included"
            )
            return
        self.found.signer, self.found.organ_id = certificates.named(der)
        if self.found.failed:
            return  # without a sound byte range nothing says which bytes were signed
        if self.found.token is not None:
            self._token(self.found.token)
        else:
            self._message(read, der, str(kind))

    def _token(self, token: Token) -> None:
        if self._digest(token.algorithm) != token.imprint:
            self.found.fail(SubIndication.HASH_FAILURE, "the stamped bytes were changed")
        elif not token.signed_soundly():
            self.found.fail(SubIndication.SIG_CRYPTO_FAILURE, "the time-stamp is not that of its authority")
        else:
            self.found.integrity = Integrity.INTACT

    def _message(self, read: message.Message, der: bytes, kind: str) -> None:
        digest = self._digest("sha1" if kind == "adbe.pkcs7.sha1" else read.signer.digest)
        if kind == "adbe.pkcs7.sha1":
            matches = read.content == digest
            digest = hashlib.new(read.signer.digest, digest, usedforsecurity=False).digest()
        else:
            if read.content:
                raise BadEncoding("the signature carries other content inside")
            matches = True
        if read.signer.signed:
            matches = matches and read.digest_matches(digest, content_type=DATA)
        key = message.key_of(der)
        if not matches:
            self.found.fail(SubIndication.HASH_FAILURE, "the signed bytes were changed")
        elif not read.value_holds(key, digest):
            self.found.fail(
                SubIndication.SIG_CRYPTO_FAILURE, "the signature value is not that of the certificate"
            )
        else:
            self.found.integrity = Integrity.INTACT
            self._constraints(read, der, kind)
        self._stamps(read)

    def _constraints(self, read: message.Message, der: bytes, kind: str) -> None:
        if read.names_certificate(der) is False:
            self.found.doubt(
                SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the signature names another certificate"
            )
        weak = read.signer.scheme.weak or read.signer.digest in ("md5", "sha1") or kind == "adbe.pkcs7.sha1"
        if weak or weak_key(message.key_of(der)):
            self.found.doubt(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                "the signature uses an algorithm or key that is too weak today",
            )

    def _stamps(self, read: message.Message) -> None:
        """A signature time-stamp must be over this signature value; one that is not was copied here."""
        for part in read.time_stamps():
            token = Token.read(message.from_part(part))
            if not token.is_over(read.signer.value) or not token.signed_soundly():
                self.found.fail(
                    SubIndication.FORMAT_FAILURE, "the time-stamp in the signature belongs to something else"
                )
                return
            self.found.stamps.append(token)

    def _raw(self, contents: bytes) -> None:
        """A signature without a message, as files of the 1990s have (ISO 32000-1, 12.8.3.2)."""
        given = self.file.now.resolve(self.entries.get("Cert"))
        der = given[0] if isinstance(given, list) and given else given
        if not isinstance(der, bytes):
            self.found.fail(
                SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "the certificate of the signer is not included"
            )
            return
        self.found.signer, self.found.organ_id = certificates.named(der)
        if self.found.failed:
            return
        value = asn1.first(contents)[0].need(OCTETS).content
        if holds(message.key_of(der), value, self._digest("sha1"), _SHA1_WITH_RSA, hashed=True):
            self.found.integrity = Integrity.INTACT
            self.found.doubt(
                SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
                "the signature uses an algorithm that is too weak",
            )
        else:
            self.found.fail(SubIndication.HASH_FAILURE, "the signed bytes were changed")

    def _digest(self, name: str) -> bytes:
        """Return the digest of the byte ranges; the file is not copied."""
        ranges = [whole(v) or 0 for v in _list(self.entries["ByteRange"])]
        made = hashlib.new(name, usedforsecurity=False)
        with memoryview(self.file.buffer) as buffer:
            for start, length in zip(ranges[::2], ranges[1::2], strict=True):
                with buffer[start : start + length] as piece:
                    made.update(piece)
        return made.digest()

    def _changes(self) -> None:
        """What the signature covers, and what was done to the file since."""
        found = self.found
        if self.signed.sections[0] is self.file.chain[0] and _only_space(self.file, found.end):
            found.covers, found.changes = Coverage.WHOLE_FILE, Changes.NONE
            return
        found.differences = compare(self.file, self.signed, found.end, self._terms())
        forbidden = next((d for d in found.differences if not d.allowed), None)
        if forbidden is not None:
            found.fail(SubIndication.FORMAT_FAILURE, f"{_LATER_CHANGE}: {_told(forbidden)}")
        else:
            found.changes = Changes.ALLOWED if found.differences else Changes.NONE

    def _terms(self) -> Terms:
        """What this signature, and a certification before it, allow afterwards (12.8.2)."""
        view = self.signed
        permissions = [_permission(view, self.entries)]
        author = view.dictionary(view.dictionary(view.root.get("Perms")).get("DocMDP"))
        permissions.append(_permission(view, author) if author else None)
        lock = view.dictionary(self.field.node.entries.get("Lock"))
        certified = any(p is not None for p in permissions)
        level = whole(view.resolve(lock.get("P")))
        permissions.append(Permission(level) if level in (1, 2, 3) else None)
        given = [p for p in permissions if p is not None]
        locked, unlocked = _locks(view, self.entries)
        return Terms(min(given, default=Permission.ANNOTATING), certified, locked, unlocked)


def _told(difference: Difference) -> str:
    where = f" (page {difference.page})" if difference.page else ""
    return f"{difference.name + ': ' if difference.name else ''}{difference.words}{where}"


def _only_space(file: File, end: int) -> bool:
    return not bytes(file.buffer[end : end + 65536]).strip(WHITE) and len(file.buffer) - end <= 65536


def _start(entries: Dict) -> int:
    contents = entries.get("Contents")
    return contents.start if isinstance(contents, HexString) else -1


def _list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _transforms(view: View, entries: Dict, method: str) -> list[Dict]:
    references = [view.dictionary(item) for item in view.array(entries.get("Reference"))]
    return [
        view.dictionary(r.get("TransformParams")) for r in references if r.get("TransformMethod") == method
    ]


def _permission(view: View, entries: Dict) -> Permission | None:
    """Return the level of DocMDP that a signature sets, None when it sets none; an odd one allows nothing."""
    for parameters in _transforms(view, entries, "DocMDP"):
        level = view.resolve(parameters.get("P", 2))
        return Permission(level) if level in (1, 2, 3) and isinstance(level, int) else Permission.NOTHING
    return None


def _locks(view: View, entries: Dict) -> tuple[frozenset[str] | None, frozenset[str]]:
    locked: set[str] = set()
    for parameters in _transforms(view, entries, "FieldMDP"):
        names = {text_of(view.resolve(name)) for name in view.array(parameters.get("Fields"))}
        action = parameters.get("Action")
        if action == "All":
            return None, frozenset()
        if action == "Exclude":
            return None, frozenset(names)
        locked |= names
    return frozenset(locked), frozenset()


def _moment(text: str) -> datetime | None:
    """Return the instant of a PDF date (7.9.4); one without zone is taken as UTC."""
    found = _DATE.match(text)
    if found is None:
        return None
    year, *rest = found.groups()[:6]
    month, day, hour, minute, second = (int(v or d) for v, d in zip(rest, (1, 1, 0, 0, 0), strict=True))
    zone: timezone = UTC
    try:
        if found[7]:
            offset = timedelta(hours=int(found[8]), minutes=int(found[9] or 0))
            zone = timezone(offset if found[7] == "+" else -offset)
        return datetime(int(year), month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None

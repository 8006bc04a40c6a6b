"""Validation of the signatures of a PDF file, each judged alone.

Steps, in the order of EN 319 102-1 (5.3): format, signing certificate, signature value, algorithms, later
changes, chain and revocation. Whatever a foreign file makes the engine raise becomes FORMAT_FAILURE of that
signature; the others are judged all the same.

Everything here holds the processor (8 ms for a usual file): call it in a thread or a child process.
"""

from __future__ import annotations

import asyncio
import io
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.general import CMSExtractionError
from pyhanko.sign.validation import generic_cms
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing.errors import UnreadableFile
from signing.model import Level
from signing.pades import forms
from signing.pades.geometry import entry
from signing.pades.writer import pdf_faults
from signing.validate import structure
from signing.validate.chain import ChainResult, check_chain
from signing.validate.material import TrustMaterial
from signing.validate.policy import DIFF_POLICY, SMALLEST_RSA, WEAK_DIGESTS
from signing.validate.report import (
    Changes,
    Coverage,
    Indication,
    Integrity,
    Report,
    Revocation,
    SignatureReport,
    SubIndication,
    TimeSource,
    Verdict,
)
from signing.validate.timestamps import TimeStamp, signature_timestamp, timestamp_intact
from signing.validate.values import deceptive_field

_ORGANIZATION_IDENTIFIER = "2.5.4.97"
_LATER_CHANGE = "the file was changed in a way that this signature does not allow"


@dataclass(slots=True)
class _Findings:
    """What is known so far of one signature; filled step by step."""

    field: str
    signer: str | None = None
    organ_id: str | None = None
    signed_at: datetime | None = None
    time_source: TimeSource = TimeSource.CLAIMED
    level: Level | None = None
    integrity: Integrity = Integrity.BROKEN
    covers: Coverage = Coverage.REVISION
    changes: Changes = Changes.NOT_ALLOWED
    sub_indication: SubIndication | None = None
    failed: bool = False
    reason: str = ""
    revocation: Revocation = Revocation.NOT_CHECKED

    def fail(self, sub: SubIndication, reason: str) -> None:
        """Record a failure; the first one stays."""
        if not self.failed:
            self.failed, self.sub_indication, self.reason = True, sub, reason

    def report(self, *, judged: bool) -> SignatureReport:
        """Return the finished report."""
        indication = Indication.TOTAL_PASSED
        if self.failed:
            indication = Indication.TOTAL_FAILED
        elif self.sub_indication is not None:
            indication = Indication.INDETERMINATE
        return SignatureReport(
            field=self.field,
            signer=self.signer,
            organ_id=self.organ_id,
            signed_at=self.signed_at,
            time_source=self.time_source,
            level=self.level,
            indication=indication if judged else None,
            integrity=self.integrity,
            sub_indication=self.sub_indication,
            revocation=self.revocation,
            covers=self.covers,
            changes_after=self.changes,
            reason=self.reason,
        )


def validate(pdf: bytes, *, trust: TrustMaterial | None, at: datetime) -> Report:
    """Validate every signature of a file; ``trust`` None judges integrity and later changes only.

    ``at`` is the moment for which certificates are judged. Never raises on account of the bytes; raises
    RuntimeError when called on the thread of a running event loop, which it would hold up.
    """
    _refuse_in_event_loop()
    try:
        reader = _open(pdf)
        with pdf_faults():
            fields = [f for f in forms.walk(reader.root) if f.is_signature and f.filled]
            startxref = reader.last_startxref or 0
    except UnreadableFile as error:
        return Report(Verdict.UNREADABLE, str(error))
    if not fields:
        return Report(Verdict.UNSIGNED, "the file carries no signature")
    tail = structure.tail_fault(pdf, startxref)
    gaps: set[tuple[object, ...]] = set()
    reports = [_judge(pdf, reader, field, trust, at, tail, gaps) for field in fields]
    return _conclude(tuple(reports), judged=trust is not None)


def _refuse_in_event_loop() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError("validate holds the processor: call it in a thread or a child process")


def _open(pdf: bytes) -> PdfFileReader:
    """Open a file; one protected with an empty password is readable by anybody, so it is opened."""
    with pdf_faults():
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        if reader.encrypted:
            reader.decrypt(b"")
        if not isinstance(reader.root, generic.DictionaryObject):
            raise UnreadableFile("the PDF file has no document catalog")
        return reader


def _conclude(reports: tuple[SignatureReport, ...], *, judged: bool) -> Report:
    """The worst signature decides."""
    if not judged:
        bad = next((r for r in reports if not r.sound), None)
        note = "trust, revocation and time were not judged"
        if bad is None:
            return Report(Verdict.VALID, f"every signature is intact; {note}", reports)
        return Report(Verdict.INVALID, f"{bad.field}: {bad.reason or _LATER_CHANGE}; {note}", reports)
    for indication, verdict in (
        (Indication.TOTAL_FAILED, Verdict.INVALID),
        (Indication.INDETERMINATE, Verdict.INDETERMINATE),
    ):
        bad = next((r for r in reports if r.indication is indication), None)
        if bad is not None:
            return Report(verdict, f"{bad.field}: {bad.reason}", reports)
    unchecked = any(r.revocation is Revocation.NOT_CHECKED for r in reports)
    note = "; revocation was not checked (no list at hand)" if unchecked else ""
    return Report(Verdict.VALID, f"every signature passed{note}", reports)


def _judge(
    pdf: bytes,
    reader: PdfFileReader,
    field: forms.FormField,
    trust: TrustMaterial | None,
    at: datetime,
    tail: str | None,
    gaps: set[tuple[object, ...]],
) -> SignatureReport:
    """Judge one signature; nothing that it raises touches the others."""
    found = _Findings(field.name)
    try:
        signature = EmbeddedPdfSignature(reader, field.field, field.name)
        _format(pdf, signature, found, tail, gaps)
        _describe(signature, found)
        _value(signature, found)
        if not found.failed or found.integrity is Integrity.INTACT:
            _changes(pdf, signature, found)
        if trust is not None and not found.failed:
            _trust(signature, found, trust, at)
    except (SignatureValidationError, CMSExtractionError) as error:
        found.fail(_sub_of(error), f"the signature does not have its form: {error.failure_message}")
    except Exception as error:  # noqa: BLE001 - on foreign files the engine raises nearly everything
        found.integrity, found.changes = Integrity.BROKEN, Changes.NOT_ALLOWED
        found.fail(SubIndication.FORMAT_FAILURE, f"the signature cannot be read ({type(error).__name__})")
    return found.report(judged=trust is not None)


def _sub_of(error: Exception) -> SubIndication:
    given = getattr(error, "ades_subindication", None)
    name = getattr(given, "name", "")
    return SubIndication[name] if name in SubIndication.__members__ else SubIndication.FORMAT_FAILURE


def _format(
    pdf: bytes,
    signature: EmbeddedPdfSignature,
    found: _Findings,
    tail: str | None,
    gaps: set[tuple[object, ...]],
) -> None:
    """Structure: end of file, byte range, no two signatures on the same bytes."""
    byte_range = tuple(signature.byte_range)
    fault = tail or structure.range_fault(pdf, byte_range, signature.pkcs7_content)
    if fault is None and byte_range[1:3] in gaps:
        fault = "two signature fields share one signature"
    gaps.add(byte_range[1:3])
    if fault is not None:
        found.fail(SubIndication.FORMAT_FAILURE, fault)


def _describe(signature: EmbeddedPdfSignature, found: _Findings) -> None:
    """Who, when, at which level, as the signature says of itself."""
    found.signed_at = signature.self_reported_timestamp
    certificate = signature.signer_cert
    native = certificate.subject.native
    name = native.get("common_name") or certificate.subject.human_friendly
    if str(name).endswith("…") and native.get("organization_name"):
        name = native["organization_name"]
    found.signer = str(name)
    identifier = native.get("organization_identifier") or native.get(_ORGANIZATION_IDENTIFIER)
    found.organ_id = str(identifier) if identifier else None
    found.level = _level(signature)


def _level(signature: EmbeddedPdfSignature) -> Level | None:
    """Level by what is present (EN 319 142-1, 6); None for other subfilters."""
    if signature.sig_object.get("/SubFilter") != "/ETSI.CAdES.detached":
        return None
    attributes = signature.signer_info["signed_attrs"]
    if generic_cms.get_signing_cert_attr(attributes) is None:
        return None
    if signature_timestamp(signature) is None:
        return Level.B_B
    store = entry(signature.reader.root, "/DSS")
    if entry(store, "/Certs") is None or (entry(store, "/CRLs") is None and entry(store, "/OCSPs") is None):
        return Level.B_T
    signed = (f for f in forms.walk(signature.reader.root) if f.is_signature and f.filled)
    stamped = any(entry(entry(f.field, "/V"), "/Type") == "/DocTimeStamp" for f in signed)
    return Level.B_LTA if stamped else Level.B_LT


def _value(signature: EmbeddedPdfSignature, found: _Findings) -> None:
    """Digest and signature value (EN 319 102-1, 5.2.7), then strength of the algorithms (5.2.8)."""
    if signature.sig_object_type == "/DocTimeStamp":
        intact = timestamp_intact(signature.signed_data, signature.compute_digest())
        valid = intact
        found.time_source = TimeSource.TIMESTAMP
        parsed = signature.signed_data["encap_content_info"]["content"].parsed
        found.signed_at = parsed["gen_time"].native
    else:
        intact, valid = generic_cms.validate_sig_integrity(
            signature.signer_info,
            signature.signer_cert,
            expected_content_type="data",
            actual_digest=signature.compute_digest(),
        )
    if intact and valid:
        found.integrity = Integrity.INTACT
    elif not intact:
        found.fail(SubIndication.HASH_FAILURE, "the signed bytes were changed")
    else:
        found.fail(SubIndication.SIG_CRYPTO_FAILURE, "the signature value is not that of the certificate")
    key = signature.signer_cert.public_key
    weak = signature.md_algorithm in WEAK_DIGESTS or (key.algorithm == "rsa" and key.bit_size < SMALLEST_RSA)
    if weak and not found.failed:
        found.sub_indication = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE
        found.reason = "the signature uses an algorithm or key that is too weak today"


def _changes(pdf: bytes, signature: EmbeddedPdfSignature, found: _Findings) -> None:
    """What the signature covers, and what was done to the file since."""
    byte_range = signature.byte_range
    if structure.covers_all(pdf, int(byte_range[2]) + int(byte_range[3])):
        found.covers, found.changes = Coverage.WHOLE_FILE, Changes.NONE
        return
    signature.compute_integrity_info(  # type: ignore[no-untyped-call]  # library not annotated
        diff_policy=DIFF_POLICY
    )
    coverage: SignatureCoverageLevel | None = signature.coverage
    if coverage is None or coverage < SignatureCoverageLevel.ENTIRE_REVISION:
        found.fail(SubIndication.FORMAT_FAILURE, "the signature does not cover its whole revision")
        return
    result: object = signature.diff_result
    allowed = signature.docmdp_level
    if not isinstance(result, DiffResult) or result.modification_level is ModificationLevel.OTHER:
        found.fail(SubIndication.FORMAT_FAILURE, _LATER_CHANGE)
    elif signature.reader.xrefs.hybrid_xrefs_present:
        found.fail(SubIndication.FORMAT_FAILURE, "the file shows different content to different readers")
    elif allowed is not None and result.modification_level.value > allowed.value:
        found.fail(SubIndication.FORMAT_FAILURE, _LATER_CHANGE)
    elif result.modification_level is ModificationLevel.NONE:
        found.changes = Changes.NONE
    elif (name := deceptive_field(signature.reader, signature.signed_revision)) is not None:
        found.fail(SubIndication.FORMAT_FAILURE, f"field {name} shows something else than its value")
    else:
        found.changes = Changes.ALLOWED


def _trust(signature: EmbeddedPdfSignature, found: _Findings, trust: TrustMaterial, at: datetime) -> None:
    """Chain, revocation and time of the signer's certificate."""
    certificates: list[asn1_x509.Certificate] = signature.other_embedded_certs
    stamp, chain = asyncio.run(_trusted(signature, certificates, trust, at))
    if stamp is not None:
        found.time_source, found.signed_at = TimeSource.TIMESTAMP, stamp.at
    found.revocation = chain.revocation
    if chain.indication is not Indication.TOTAL_PASSED and found.sub_indication is None:
        found.sub_indication = chain.sub_indication
    if not found.reason:
        found.reason = chain.reason


async def _trusted(
    signature: EmbeddedPdfSignature,
    certificates: list[asn1_x509.Certificate],
    trust: TrustMaterial,
    at: datetime,
) -> tuple[TimeStamp | None, ChainResult]:
    """Return the trusted signature time-stamp, if any, and the chain at the right moment.

    With a trusted time-stamp the chain is judged at that time (past validity), else at ``at``.
    """
    token = signature_timestamp(signature)
    stamp = None
    if token is not None:
        value: core.OctetString = signature.signer_info["signature"]
        stamp = await TimeStamp.trusted(token, value.native, trust, at)
    moment = min(stamp.at, at) if stamp is not None else at
    return stamp, await check_chain(signature.signer_cert, certificates, trust, moment)

"""Time and trust of the signatures of a file, after each was found intact (EN 319 102-1, 5.5 and 5.6).

Time-stamps are judged from the newest to the oldest: each is judged for the moment that the newer ones prove
it existed. A signature is then judged for the earliest moment that a trusted time-stamp proves for it (proof
of existence), so that what expired or was revoked later does not matter.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from signing.model import Level
from signing.validate import certificates
from signing.validate.asn1 import BadEncoding
from signing.validate.chain import Pool, check_chain
from signing.validate.findings import Findings
from signing.validate.material import TrustMaterial
from signing.validate.reader import File
from signing.validate.report import Changes, Integrity, Revocation, SubIndication, TimeSource
from signing.validate.revocation import Sources
from signing.validate.store import Store


class Judge:
    """Judges all signatures of one file."""

    def __init__(self, file: File, found: list[Findings], trust: TrustMaterial | None, at: datetime) -> None:
        self._found = found
        self._trust = trust or TrustMaterial(())
        self._judged = trust is not None
        self._at = at
        self._store = Store(file.now)
        self._proofs: list[tuple[int, datetime]] = []
        """Ends of stamped revisions and trusted times, of document time-stamps that passed."""

    def run(self) -> None:
        """Fill in levels; with trust material, time, chain and revocation too."""
        for found in self._found:
            found.level = self._level(found)
        if not self._judged:
            return
        stamps = [f for f in self._found if f.token is not None]
        for found in sorted(stamps, key=lambda f: f.end, reverse=True):
            self._guarded(found, self._document_stamp)
        for found in self._found:
            if found.token is None:
                self._guarded(found, self._signature)

    def _guarded(self, found: Findings, step: Callable[[Findings], None]) -> None:
        if found.failed:
            return
        try:
            step(found)
        except BadEncoding as error:
            found.doubt(SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, str(error))
        except Exception as error:  # noqa: BLE001 - a stranger's certificates: an unforeseen fault is no pass
            reason = f"the certificates cannot be judged ({type(error).__name__})"
            found.doubt(SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, reason)

    def _level(self, found: Findings) -> Level | None:
        """Level by what is present (EN 319 142-1, 6); None for what is not PAdES."""
        if not found.pades or found.message is None or found.message.certificate is None:
            return None
        try:
            if found.message.names_certificate(found.message.certificate) is None:
                return None
        except (BadEncoding, IndexError):
            return None
        if not found.stamps and not self._stamped_after(found):
            return Level.B_B
        if not (self._store.certificates and self._store.revocation):
            return Level.B_T
        return Level.B_LTA if self._stamped_after(found) else Level.B_LT

    def _stamped_after(self, found: Findings) -> bool:
        return any(
            f.token is not None and f.end > found.end and f.integrity is Integrity.INTACT for f in self._found
        )

    def _pool(self, found: Findings, more: tuple[bytes, ...] = ()) -> Pool:
        sources = self._store.sources
        embedded: tuple[bytes, ...] = (*more, *self._store.certificates)
        if found.message is not None:
            sources = sources.joined(Sources(*found.message.archived()))
            embedded += found.message.certificates
        return Pool(self._trust, embedded, sources)

    def _proved(self, end: int) -> datetime:
        """Return the moment at which bytes up to ``end`` are known to have existed: now, or earlier."""
        return min((at for stamped, at in self._proofs if stamped > end), default=self._at)

    def _document_stamp(self, found: Findings) -> None:
        token = found.token
        if token is None:
            return
        fault = token.why_not_trusted(self._pool(found), self._proved(found.end))
        if fault is None and token.at > self._at:
            fault = "the time-stamp is of a time to come"
        if fault is not None:
            sub = SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE if token.weak else None
            found.doubt(sub or SubIndication.NO_CERTIFICATE_CHAIN_FOUND, fault)
            return
        found.revocation = Revocation.NOT_CHECKED
        found.proved_at = token.at
        if found.changes is not Changes.NOT_ALLOWED:
            self._proofs.append((found.end, token.at))

    def _signature(self, found: Findings) -> None:
        message = found.message
        der = message.certificate if message is not None else None
        if message is None or der is None:
            found.doubt(SubIndication.NO_SIGNING_CERTIFICATE_FOUND, "there is no certificate to be judged")
            return
        signer = certificates.read(der)
        moment, note = self._moment(found)
        anchor = der in self._trust.anchors
        fault = signer.why_not_documents()
        if fault is None and signer.authority and not anchor:
            fault = "the signer is itself an authority"
        if fault is not None:
            found.doubt(SubIndication.CHAIN_CONSTRAINTS_FAILURE, fault)
            return
        result = check_chain(signer, self._pool(found), moment)
        found.revocation = result.revocation
        if result.sub_indication is not None:
            found.doubt(result.sub_indication, result.reason)
        if not found.reason:
            found.reason = "; ".join(part for part in (result.reason, note) if part)

    def _moment(self, found: Findings) -> tuple[datetime, str]:
        """Return for when to judge the signature, and what is to be said of its time-stamps."""
        moments: list[datetime] = []
        if self._proofs and (proved := self._proved(found.end)) < self._at:
            moments.append(proved)
        note = ""
        for token in found.stamps:
            pool = self._pool(found, token.message.certificates)
            fault = token.why_not_trusted(pool, self._proved(found.end))
            if fault is None and token.at <= self._at:
                moments.append(token.at)
                found.signed_at, found.time_source = token.at, TimeSource.TIMESTAMP
            else:
                note = fault or "the time-stamp is of a time to come"
        if not moments:
            return self._at, note
        found.proved_at = min(moments)
        return found.proved_at, note

"""The path from a certificate to an anchor (RFC 5280, 6), and its revocation, at a moment.

The usual path is judged here, with facts that do not age kept for each worker (who issued whom, who signed
which list). Name and policy constraints are judged by the rules of :mod:`signing.pki.path`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final

from signing.pki.path.certificate import ANY_POLICY
from signing.pki.path.certificate import Certificate as PathCertificate
from signing.pki.path.constraints import NameState
from signing.pki.path.policies import PolicyState
from signing.pki.reader import NotDer
from signing.validate import certificates
from signing.validate.asn1 import BadEncoding
from signing.validate.certificates import Certificate
from signing.validate.material import TrustMaterial
from signing.validate.report import Indication, Revocation, SubIndication
from signing.validate.revocation import Answer, Sources, Status, status

_LONGEST: Final = 8
_MOST_PATHS: Final = 64


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What is known of a certificate at a moment."""

    sub_indication: SubIndication | None
    """None: it passed."""
    revocation: Revocation
    reason: str
    revoked_at: datetime | None = None
    path: tuple[bytes, ...] = ()
    """DER from the certificate to the anchor, empty when there is no path."""

    @property
    def indication(self) -> Indication:
        """Passed, or not decided."""
        return Indication.TOTAL_PASSED if self.sub_indication is None else Indication.INDETERMINATE


@dataclass(slots=True)
class Pool:
    """Certificates and revocation data at hand: given, embedded, and in the store of the file."""

    trust: TrustMaterial
    embedded: tuple[bytes, ...] = ()
    sources: Sources = field(default_factory=Sources)
    """Revocation data that the file brings along."""
    _by_subject: dict[bytes, list[Certificate]] | None = None

    def everything(self) -> Sources:
        """Return the given and the embedded revocation data."""
        return Sources(self.trust.crls, self.trust.answers).joined(self.sources)

    def of_subject(self, name: bytes) -> list[Certificate]:
        """Return the certificates of a name: anchors first."""
        if self._by_subject is None:
            self._by_subject = {}
            for der in (*self.trust.anchors, *self.trust.intermediates, *self.embedded):
                try:
                    found = certificates.read(der)
                except BadEncoding:
                    continue
                known = self._by_subject.setdefault(found.subject, [])
                if found not in known:
                    known.append(found)
        return self._by_subject.get(name, [])


def check_chain(leaf: Certificate, pool: Pool, at: datetime, *, lenient: bool = False) -> ChainResult:
    """Judge the paths of a certificate at a moment; the first that passes counts, else the best fault.

    ``lenient``: revocation that cannot be told is no obstacle (authorities of time-stamps, whose lists are
    seldom at hand); a revoked one is.
    """
    worst: ChainResult | None = None
    for path in _paths(leaf, pool):
        result = _judge(path, pool, at, lenient=lenient)
        if result.sub_indication is None:
            return result
        worst = worst or result
    return worst or _fault(
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "no path leads to a trust anchor that was given"
    )


def _fault(
    sub: SubIndication,
    reason: str,
    revocation: Revocation = Revocation.NOT_CHECKED,
    revoked_at: datetime | None = None,
) -> ChainResult:
    return ChainResult(sub, revocation, reason, revoked_at)


def _paths(leaf: Certificate, pool: Pool) -> Iterator[list[Certificate]]:
    """Yield paths from the certificate to an anchor, shortest decisions first."""
    anchors = set(pool.trust.anchors)
    waiting: list[list[Certificate]] = [[leaf]]
    tried = 0
    while waiting and tried < _MOST_PATHS:
        path = waiting.pop(0)
        tried += 1
        last = path[-1]
        if last.der in anchors:
            yield path
            continue
        if len(path) > _LONGEST:
            continue
        for parent in pool.of_subject(last.issuer):
            if all(parent.der != one.der for one in path) and certificates.issued(last.der, parent.der):
                waiting.append([*path, parent])


def _judge(path: list[Certificate], pool: Pool, at: datetime, *, lenient: bool) -> ChainResult:
    """Constraints, validity, algorithms, revocation, in this order."""
    constraint = _constraint(path)
    if constraint is None and any(c.constrained for c in path):
        constraint = _constrained_fault(tuple(c.der for c in path))
    if constraint is not None:
        return _fault(SubIndication.CHAIN_CONSTRAINTS_FAILURE, constraint)
    checked = path[:-1] or path
    revocation = _revocation(path, pool, at, lenient=lenient)
    if revocation.revocation is Revocation.REVOKED:
        return revocation
    if any(at < c.begins for c in checked):
        return _fault(SubIndication.NOT_YET_VALID, "a certificate is not valid yet", revocation.revocation)
    if any(at > c.ends for c in checked):
        return _fault(SubIndication.OUT_OF_BOUNDS_NO_POE, "a certificate has expired", revocation.revocation)
    if any(c.weak for c in checked):
        return _fault(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
            "a certificate uses a weak algorithm",
            revocation.revocation,
        )
    return revocation


def _constraint(path: list[Certificate]) -> str | None:
    """Return which rule for certificates the path breaks, None when it breaks none (6.1.4)."""
    below = 0
    for index, certificate in enumerate(path[:-1]):
        if certificate.unknown_critical:
            return "a certificate has a critical extension that is not understood"
        if index:
            if not certificate.authority or not certificate.may("key_cert_sign"):
                return "a certificate was issued by one that is no authority"
            if certificate.longest_path is not None and below > certificate.longest_path:
                return "the path is longer than an authority allows"
            below += not certificate.self_issued
    return None


@lru_cache(maxsize=4096)
def _constrained_fault(path: tuple[bytes, ...]) -> str | None:
    """Return which name or policy constraint a path breaks (RFC 5280, 6.1.3): a fact, so it may be kept."""
    try:
        certs = [PathCertificate(der) for der in reversed(path[:-1])]
        names = NameState()
        policies = PolicyState.start(len(certs), explicit=False, inhibit_any=False, inhibit_mapping=False)
        for number, one in enumerate(certs, 1):
            last = number == len(certs)
            fault = names.fault(one) if last or not one.self_issued else ""
            fault = fault or policies.enter(one, last=last)
            if not last:
                fault = fault or policies.leave(one)
                if one.name_constraints is not None:
                    names = names.narrowed(one.name_constraints)
            if fault:
                return f"a certificate breaks the constraints of its authorities: {fault}"
        fault = policies.finish(certs[-1], frozenset((ANY_POLICY,)))[1]
    except NotDer:
        return "the constraints of an authority cannot be read"
    return f"a certificate breaks the policies of its authorities: {fault}" if fault else None


def _revocation(path: list[Certificate], pool: Pool, at: datetime, *, lenient: bool) -> ChainResult:
    ders = tuple(c.der for c in path)
    if len(path) == 1:
        return ChainResult(None, Revocation.NOT_CHECKED, "the signer is an anchor itself", path=ders)
    answers = [_status(child, parent, pool, at) for child, parent in pairwise(path)]
    for index, answer in enumerate(answers):
        if answer.status is Status.REVOKED and answer.since is not None:
            sub = SubIndication.REVOKED_CA_NO_POE if index else SubIndication.REVOKED_NO_POE
            reason = f"a certificate was revoked at {answer.since:%Y-%m-%d %H:%M:%S}Z"
            return _fault(sub, reason, Revocation.REVOKED, answer.since)
    return _unrevoked(answers, pool.trust.require_revocation and not lenient, lenient, ders)


def _status(child: Certificate, parent: Certificate, pool: Pool, at: datetime) -> Answer:
    if child.no_check and child.answers_ocsp():
        return Answer(Status.GOOD)
    return status(child, parent, at, pool.everything(), pool.of_subject(parent.subject))


def _unrevoked(
    answers: Iterable[Answer], required: bool, lenient: bool, path: tuple[bytes, ...]
) -> ChainResult:
    """Nothing is revoked: say how well that is known."""
    first, *others = (answer.status for answer in answers)
    known = {
        Status.GOOD: Revocation.GOOD,
        Status.STALE: Revocation.UNKNOWN,
        Status.NONE: Revocation.NOT_CHECKED,
    }[first]
    if lenient:
        return ChainResult(None, known, "", path=path)
    if Status.STALE in (first, *others):
        reason = "the revocation list at hand is too old or incomplete"
        return ChainResult(SubIndication.TRY_LATER, Revocation.UNKNOWN, reason, path=path)
    if Status.NONE in (first, *others) and required:
        return ChainResult(SubIndication.TRY_LATER, known, "no revocation list at hand", path=path)
    if first is Status.NONE:
        return ChainResult(None, known, "revocation was not checked", path=path)
    reason = "revocation of an issuing authority was not checked" if Status.NONE in others else ""
    return ChainResult(None, known, reason, path=path)

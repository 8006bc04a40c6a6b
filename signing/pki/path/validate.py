"""Building and validating paths (RFC 5280, 6.1; RFC 4158 for the search).

No network, no clock, bounded work: whatever certificates and lists are given, the search ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from signing.pki.path.certificate import ANY_POLICY, KEY_CERT_SIGN, PROCESSED, Certificate
from signing.pki.path.constraints import NameState
from signing.pki.path.crls import RevocationList
from signing.pki.path.keys import Key, Unusable, public_key, verify
from signing.pki.path.names import NameKey
from signing.pki.path.policies import PolicyState
from signing.pki.path.revocation import Authority, Checker, Lists
from signing.pki.reader import NotDer

LONGEST_PATH: Final = 20
"""Certificates in a path, without the anchor."""
MOST_STEPS: Final = 500
"""Certificates looked at as issuers in one search."""
MOST_PATHS: Final = 32
"""Paths judged in one search."""
DEEPEST: Final = 8
"""Signers of lists whose own revocation is checked, one for the other."""


@dataclass(frozen=True, slots=True)
class Question:
    """The inputs of 6.1.1 that one asks for."""

    at: datetime
    """Aware."""
    past: bool = False
    """Whether ``at`` was chosen and is not simply now; see :class:`Lists`."""
    policies: frozenset[str] = frozenset((ANY_POLICY,))
    """user-initial-policy-set."""
    explicit: bool = False
    """initial-explicit-policy."""
    inhibit_mapping: bool = False
    """initial-policy-mapping-inhibit."""
    inhibit_any: bool = False
    """initial-any-policy-inhibit."""
    old_dsa: bool = False
    """Accept DSA of 1024 bits with SHA-1, as RFC 3279 has it. Nothing signed today should rely on it."""


@dataclass(frozen=True, slots=True)
class Material:
    """What paths are built from."""

    anchors: tuple[Certificate, ...]
    """Trusted as they are: of these only name and key count (6.1.1 d)."""
    others: tuple[Certificate, ...] = ()
    """Certificates that may be part of a path; nothing is believed of them."""
    lists: tuple[RevocationList, ...] | None = None
    """Revocation lists; None = revocation is not checked."""


@dataclass(frozen=True, slots=True)
class PathResult:
    """What was found."""

    valid: bool
    reason: str
    """Why not, in one phrase; "" when valid."""
    path: tuple[Certificate, ...] = ()
    """From the anchor to the certificate; empty when no path was found."""
    policies: frozenset[str] = frozenset()
    """user-constrained-policy-set; anyPolicy in it = all are allowed."""


class Broken(Exception):
    """A path does not hold; the message is the reason."""


@dataclass
class _Search:
    """What one search shares: results that do not change, and the work that is left."""

    steps: int = MOST_STEPS
    signed: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    trusted: dict[tuple[bytes, bytes], bool] = field(default_factory=dict)
    """Anchor and signer of lists -> whether its path holds; being judged counts as holding."""
    depth: int = 0


def validate(target: Certificate, material: Material, question: Question) -> PathResult:
    """Find a path from an anchor to ``target`` that holds; else say why the likeliest does not.

    Never raises for bad bytes in certificates or lists.
    """
    return _Validator(material, question, _Search()).run(target, material.anchors)


class _Validator:
    def __init__(self, material: Material, question: Question, search: _Search) -> None:
        self._material = material
        self._question = question
        self._search = search
        self._by_subject: dict[NameKey, list[Certificate]] = {}
        for one in dict.fromkeys(material.others):
            self._by_subject.setdefault(one.subject.key, []).append(one)

    def run(self, target: Certificate, anchors: Sequence[Certificate]) -> PathResult:
        """Judge paths until one holds."""
        if target in anchors:
            fault = _dates(target, self._question.at)
            return PathResult(not fault, fault, (target,))
        first: PathResult | None = None
        for count, (anchor, path) in enumerate(self._paths(target, anchors)):
            if count == MOST_PATHS:
                break
            try:
                policies = self._judge(anchor, path)
            except Broken as error:
                first = first or PathResult(False, str(error), (anchor, *path))
            except (NotDer, Unusable) as error:
                first = first or PathResult(False, f"a certificate is malformed: {error}", (anchor, *path))
            else:
                return PathResult(True, "", (anchor, *path), policies)
        if first is not None:
            return first
        return PathResult(False, self._why_none(target, anchors))

    def _paths(
        self, target: Certificate, anchors: Sequence[Certificate]
    ) -> Iterator[tuple[Certificate, list[Certificate]]]:
        """Yield paths whose names chain and whose signatures hold as far as known, likeliest first."""
        stack: list[list[Certificate]] = [[target]]
        while stack:
            path = stack.pop()
            top = path[0]
            for anchor in anchors:
                if anchor.subject.key == top.issuer.key and self._signed(anchor, top):
                    yield anchor, path
            if len(path) >= LONGEST_PATH:
                continue
            issuers = [one for one in self._by_subject.get(top.issuer.key, ()) if _new(one, path)]
            issuers.sort(key=lambda one: self._rank(one, top), reverse=True)
            for issuer in issuers:  # the last one pushed is looked at first
                self._search.steps -= 1
                if self._search.steps < 0:
                    return
                if self._signed(issuer, top):
                    stack.append([issuer, *path])

    def _rank(self, issuer: Certificate, subject: Certificate) -> tuple[bool, bool]:
        """Return a rank, the lowest the likeliest issuer."""
        other = subject.authority_key is not None and issuer.subject_key != subject.authority_key
        return other, bool(_dates(issuer, self._question.at))

    def _signed(self, issuer: Certificate, subject: Certificate) -> bool:
        """Whether an issuer's key may have signed a certificate; a key without parameters may have."""
        pair = (issuer.der, subject.der)
        if pair not in self._search.signed:
            try:
                key = public_key(issuer.public_key, None, old_dsa=self._question.old_dsa)
            except (Unusable, NotDer):
                self._search.signed[pair] = True  # the path says why not, or that the key is inherited
            else:
                self._search.signed[pair] = not _signature_fault(key, subject)
        return self._search.signed[pair]

    def _why_none(self, target: Certificate, anchors: Sequence[Certificate]) -> str:
        issuers = [*anchors, *self._by_subject.get(target.issuer.key, ())]
        if any(one.subject.key == target.issuer.key and not self._signed(one, target) for one in issuers):
            return "a signature does not hold: no issuer at hand signed the certificate"
        return "no path leads from the certificate to a trust anchor"

    def _judge(self, anchor: Certificate, path: list[Certificate]) -> frozenset[str]:
        """Validate one path (6.1.2-6.1.5); return its policies. Raises Broken, NotDer, Unusable."""
        asked = self._question
        policies = PolicyState.start(
            len(path),
            explicit=asked.explicit,
            inhibit_any=asked.inhibit_any,
            inhibit_mapping=asked.inhibit_mapping,
        )
        names, room = NameState(), len(path)
        key = public_key(anchor.public_key, None, old_dsa=asked.old_dsa)
        above = [Authority(anchor.subject.key, key, None, True)]
        for number, one in enumerate(path, 1):
            last = number == len(path)
            self._basic(one, key, above)
            if last or not one.self_issued:
                _broken(names.fault(one))
            _broken(policies.enter(one, last=last))
            key = public_key(one.public_key, key, old_dsa=asked.old_dsa)
            if not last:
                _broken(policies.leave(one))
                if one.name_constraints is not None:
                    names = names.narrowed(one.name_constraints)
                room = _authority(one, room)
                above.append(Authority(one.subject.key, key, one, True))
            _broken(_critical(one))
        found, fault = policies.finish(path[-1], asked.policies)
        _broken(fault)
        return found

    def _basic(self, one: Certificate, key: Key, above: list[Authority]) -> None:
        """Check signature, time, revocation and name (6.1.3 a)."""
        _broken(_signature_fault(key, one))
        _broken(_dates(one, self._question.at))
        if one.issuer.key != above[-1].name:
            raise Broken("the names of issuer and subject do not chain")
        if self._material.lists is not None:
            lists = Lists(self._material.lists, self._question.at, self._question.past)
            _broken(self._checker(lists, above).fault(one))

    def _checker(self, lists: Lists, above: list[Authority]) -> Checker:
        anchor = above[0]

        def signers(name: NameKey) -> list[Authority]:
            known = [one for one in reversed(above) if one.name == name]
            inside = {one.certificate for one in known}
            others: list[Authority] = []
            for one in self._by_subject.get(name, ()):
                if one in inside:
                    continue
                try:
                    key = public_key(one.public_key, anchor.key, old_dsa=self._question.old_dsa)
                except (Unusable, NotDer):
                    continue
                others.append(Authority(name, key, one, False))
            return known + others

        return Checker(lists, signers, lambda one: self._trusted(one, anchor))

    def _trusted(self, signer: Certificate, anchor: Authority) -> bool:
        """Whether the path of a signer of lists holds, from the same anchor.

        A signer that is being judged holds meanwhile: an indirect list may name its own signer's fellows.
        """
        anchors = [one for one in self._material.anchors if one.subject.key == anchor.name]
        pair = (anchors[0].der, signer.der)
        if pair not in self._search.trusted:
            if self._search.depth >= DEEPEST:
                return False
            self._search.trusted[pair] = True
            self._search.depth += 1
            asked = Question(self._question.at, self._question.past, old_dsa=self._question.old_dsa)
            below = _Validator(self._material, asked, self._search)
            self._search.trusted[pair] = below.run(signer, anchors).valid
            self._search.depth -= 1
        return self._search.trusted[pair]


def _broken(fault: str) -> None:
    if fault:
        raise Broken(fault)


def _dates(one: Certificate, at: datetime) -> str:
    if at < one.not_before:
        return f"a certificate is not valid before {one.not_before:%Y-%m-%dT%H:%M:%SZ}"
    if at > one.not_after:
        return f"a certificate expired at {one.not_after:%Y-%m-%dT%H:%M:%SZ}"
    return ""


def _signature_fault(key: Key, one: Certificate) -> str:
    if one.inner_algorithm != one.signature_algorithm:
        return "a certificate names two signature algorithms"
    try:
        verify(key, one.signature_algorithm, one.signature, one.tbs)
    except (Unusable, NotDer) as error:
        return str(error)
    return ""


def _authority(one: Certificate, room: int) -> int:
    """Check that a certificate may issue others; return max_path_length after it (6.1.4 k-n)."""
    authority, longest = one.basic_constraints
    if one.version != 3 or not authority:
        raise Broken("a certificate of the path is no certification authority's")
    if not one.self_issued:
        if room <= 0:
            raise Broken("the path is longer than an authority of it allows")
        room -= 1
    if longest is not None:
        room = min(room, longest)
    if not one.may(KEY_CERT_SIGN):
        raise Broken("an authority of the path may not sign certificates")
    return room


def _critical(one: Certificate) -> str:
    """Refuse what is critical and not processed (6.1.4 o, 6.1.5 f)."""
    unknown = [name for name, extension in one.extensions.items() if extension.critical]
    if any(name not in PROCESSED for name in unknown):
        return "a certificate has a critical extension that is unknown"
    return ""


def _new(one: Certificate, path: list[Certificate]) -> bool:
    """Whether neither a certificate nor its name with its key is in the path yet."""
    return all(
        one != other and (one.subject.key, one.public_key) != (other.subject.key, other.public_key)
        for other in path
    )

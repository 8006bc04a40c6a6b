"""Proof that a file which comes back is the file that went out, plus exactly one new signature.

What the holder of a token returns is a stranger's file until this says otherwise:

1. it begins with the offered bytes (an incremental update) and is longer;
2. it has exactly one signature more, and the others are in their places;
3. the new signature is intact, covers the whole file and passed validation, certificate included;
4. the earlier signatures are as sound as they were;
5. the update changed nothing but what a signature needs: no page, no annotation, no text of a field.

It holds the processor: call it in a thread or a child process.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from signing.errors import SigningError, UnreadableFile
from signing.validate.changes import compare
from signing.validate.differences import Kind, Permission, Terms
from signing.validate.fields import Field, fields_of
from signing.validate.material import TrustMaterial
from signing.validate.pdf import validate
from signing.validate.reader import File, View
from signing.validate.report import Coverage, Indication, Report, SignatureReport
from signing.validate.signature import Judged
from signing.validate.syntax import Malformed

_NEEDED: Final = frozenset({Kind.SIGNATURE, Kind.VALIDATION_DATA, Kind.DESCRIPTION})
"""What a signing program may write: the signature, what proves its certificate, and when it wrote."""


class ReturnFault(SigningError):
    """What came back is not the offered file with one new signature; the code says in which way.

    ``signing.return_not_offered``, ``signing.return_unsigned``, ``signing.return_many``,
    ``signing.return_changed``, ``signing.return_broke_earlier``, ``signing.return_not_valid``.
    """

    code = "signing.return"


@dataclass(frozen=True, slots=True)
class Returned:
    """The one new signature of a file that came back."""

    field: str
    """Field that holds it."""
    signer: str
    """Common name in the certificate."""
    fingerprint: str
    """``sha256:`` + hex of the certificate's DER."""
    signature: SignatureReport
    """What validation found of it."""
    report: Report
    """What validation found of the whole file."""


def judge(offered: bytes, returned: bytes, *, trust: TrustMaterial, at: datetime) -> Returned:
    """Return the one new signature; raises ReturnFault, and UnreadableFile for a file that is no PDF."""
    if len(returned) <= len(offered) or not returned.startswith(offered):
        raise ReturnFault(
            "the file that came back does not begin with the file that was offered",
            code="signing.return_not_offered",
        )
    report = validate(returned, trust=trust, at=at)
    try:
        file = File(returned)
        before = file.view_at(len(offered))
        if before is None:
            raise Malformed("the offered file is no revision of it")
        old, now = _signed(before), _signed(file.now)
        added = _added(old, now)
        found = {signature.field: signature for signature in report.signatures}
        _require_earlier_sound(old, found)
        signature = _require_valid(found.get(added))
        _require_only_a_signature(file, before, len(offered), added)
        message = Judged(file, now[added], set()).run(None).message
    except Malformed as error:
        if report.signatures:  # it can be read up to an end that is not its last
            raise ReturnFault(
                f"the file that came back is unsound: {error}", code="signing.return_not_valid"
            ) from error
        raise UnreadableFile("the file that came back is no PDF that can be read") from error
    certificate = message.certificate if message else None
    if certificate is None:
        raise ReturnFault("the new signature names no certificate", code="signing.return_not_valid")
    fingerprint = "sha256:" + hashlib.sha256(certificate).hexdigest()
    return Returned(added, signature.signer or "", fingerprint, signature, report)


def _signed(view: View) -> dict[str, Field]:
    return {one.name: one for one in fields_of(view) if one.kind == "Sig" and one.value is not None}


def _added(old: dict[str, Field], now: dict[str, Field]) -> str:
    new = [name for name in now if name not in old]
    if not new and len(now) == len(old):
        raise ReturnFault("the file came back without a new signature", code="signing.return_unsigned")
    if len(new) != 1 or len(now) != len(old) + 1:
        raise ReturnFault("the file came back with more than one change", code="signing.return_many")
    return new[0]


def _require_earlier_sound(names: dict[str, Field], found: dict[str, SignatureReport]) -> None:
    for name in names:
        earlier = found.get(name)
        if earlier is None or not earlier.sound or earlier.indication is Indication.TOTAL_FAILED:
            raise ReturnFault(f"the new signature breaks {name}", code="signing.return_broke_earlier")


def _require_valid(added: SignatureReport | None) -> SignatureReport:
    if (
        added is None
        or added.indication is not Indication.TOTAL_PASSED
        or added.covers is not Coverage.WHOLE_FILE
        or not added.sound
    ):
        reason = added.reason if added else "it was not found"
        raise ReturnFault(f"the new signature is not valid: {reason}", code="signing.return_not_valid")
    return added


def _require_only_a_signature(file: File, before: View, end: int, added: str) -> None:
    """Raise unless the update is one that a signature needs and nothing else.

    Form filling is allowed after a signature; here every field but the new one counts as locked: the number
    and date of a document are the system's to fill.
    """
    terms = Terms(Permission.FILLING, certified=False, locked=None, unlocked=frozenset({added}))
    for difference in compare(file, before, end, terms):
        own = difference.kind is not Kind.SIGNATURE or difference.name == added
        if not (difference.allowed and difference.kind in _NEEDED and own):
            raise ReturnFault(
                f"the file was changed beyond its new signature: {difference.words}",
                code="signing.return_changed",
            )

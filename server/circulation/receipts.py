"""Receipts: what is kept, byte for byte, of each state an arrival entered.

A receipt is canonical JSON, stored as it was first written and never again. Each names the digest of the
one before it, so the receipts of an arrival are a chain; the trust core signs these same bytes later and
makes ETSI EN 319 522-3 XML from them at export.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from server.circulation.codes import EVIDENCE_EVENT, Code
from server.kernel.record import canonical

FORMAT = 1
"""Version of the fields below; a later one may add fields, never change a meaning."""


class Acting(msgspec.Struct, frozen=True, kw_only=True):
    """The person and post that acted, as they were then."""

    account_id: str
    """Account; ``system`` for what the system does itself (01)."""
    name: str
    """Full name."""
    post_id: str
    """Post acted in; "" for the system."""
    post_title: str
    """Title of that post."""
    on_behalf: str
    """Delegation used; "" = own post."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt. Every field is text or a whole number, so the canonical form is unique."""

    format: int = FORMAT
    """Version of this layout."""
    id: str
    """Id of the receipt."""
    arrival: str
    """Arrival it belongs to."""
    dispatch: str
    """Dispatch that brought it; "" = paper."""
    document: str
    """Document; "" = paper."""
    sequence: int
    """1, 2, 3 ... within the arrival, without gap."""
    previous: str
    """Digest of the receipt before; "" for the first."""
    code: Code
    """State entered."""
    event: str
    """ETSI EN 319 522 event; "" = none."""
    at: str
    """Instant, fixed-width RFC 3339 in UTC."""
    body: str
    """Body that acted: the recipient, or for 13 the sender."""
    acting: Acting
    """Person and post."""
    reason: str
    """Reason; "" = none."""
    incoming: str
    """Incoming number as written in the book; "" before 03."""
    digest: str
    """``sha256:`` of the main file that was sent; "" = a paper letter registered unopened."""


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt with its bytes."""

    receipt: Receipt
    """What it says."""
    content: str
    """The canonical JSON; its UTF-8 bytes are what a signature covers."""
    digest: str
    """``sha256:`` + hex of those bytes."""


def seal(receipt: Receipt) -> Sealed:
    """Fix the bytes of a receipt."""
    content = canonical(receipt)
    return Sealed(receipt=receipt, content=content.decode(), digest=digest_of(content))


def digest_of(content: bytes) -> str:
    """Return ``sha256:`` + hex of a receipt's bytes."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def event_of(code: Code) -> str:
    """Return the ETSI event of a code; "" = none."""
    return EVIDENCE_EVENT[code]


def chain_fault(contents: Sequence[str]) -> str:
    """Check the receipts of one arrival, oldest first; return "" or what is wrong with which.

    1. each is a receipt, and its bytes are its canonical form; 2. the numbers are 1, 2, 3 ...;
    3. each names the digest of the one before; 4. all speak of one arrival.
    """
    previous, arrival = "", ""
    for number, content in enumerate(contents, start=1):
        try:
            receipt = msgspec.json.decode(content, type=Receipt)
        except msgspec.MsgspecError:
            return f"{number}: not a receipt"
        if canonical(receipt).decode() != content:
            return f"{number}: not canonical"
        if receipt.sequence != number:
            return f"{number}: numbered {receipt.sequence}"
        if receipt.previous != previous:
            return f"{number}: does not follow the one before"
        if number > 1 and receipt.arrival != arrival:
            return f"{number}: of another arrival"
        previous, arrival = digest_of(content.encode()), receipt.arrival
    return ""

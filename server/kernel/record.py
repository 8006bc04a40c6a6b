"""The leaf format of the audit: what an entry says, its canonical bytes, its hash.

It lies in the kernel because ``unit`` writes entries and the room ``audit``, which reads and proves
them, stands above ``unit``. A leaf is salted: digests of short personal data could be guessed (RFC 6962
section 2.1 hashes the leaf with prefix 0x00).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import msgspec

EMPTY_DIGEST = ""
"""Digest of "nothing": the value did not exist before, or exists no more."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What an act was done to."""

    kind: str
    """Word of the room: ``document``, ``arrival``, ``series``, ``account``."""
    id: str
    """Its id."""
    body_id: str = ""
    """Body it belongs to; "" = the whole installation."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One audit entry: who, for which body and post, from where, did what to what, and when."""

    id: str
    """Id, sorted by time."""
    at: str
    """Instant, fixed-width RFC 3339 in UTC."""
    account_id: str
    """Account; ``system`` for jobs."""
    account_name: str
    """Name of the person as it was then."""
    post_id: str
    """Post acted in; "" = none."""
    body_id: str
    """Body acted for; "" = none."""
    on_behalf: str
    """Delegation used; "" = own post."""
    channel: str
    """Door: web, api, cli, job."""
    address: str
    """Network address; "" = none."""
    request_id: str
    """Request; "" = none."""
    action: str
    """``room.verb``."""
    subject_kind: str
    """Kind of the subject."""
    subject_id: str
    """Id of the subject."""
    subject_body: str
    """Body of the subject; "" = the whole installation."""
    old_digest: str
    """``sha256:`` of the canonical old value; "" = none."""
    new_digest: str
    """``sha256:`` of the canonical new value; "" = none."""
    detail: str
    """Canonical JSON object of codes, numbers, states and ids."""


_ENCODER = msgspec.json.Encoder(order="sorted")


def canonical(value: object) -> bytes:
    """Return the canonical JSON of a value: UTF-8, keys sorted, no white space (RFC 8785 for our types).

    Our values hold text, integers, booleans, lists and mappings; no floats.
    """
    return _ENCODER.encode(value)


def value_digest(value: object) -> str:
    """Return the digest of a value's canonical form; "" for None."""
    if value is None:
        return EMPTY_DIGEST
    return "sha256:" + hashlib.sha256(canonical(value)).hexdigest()


def leaf_bytes(entry: Entry, salt: bytes) -> bytes:
    """Return what the leaf hash covers: salt (16 bytes), then the canonical entry."""
    return salt + canonical(entry)


def leaf_hash(entry: Entry, salt: bytes) -> bytes:
    """Return the RFC 6962 leaf hash: SHA-256(0x00 || salt || canonical entry)."""
    return hashlib.sha256(b"\x00" + leaf_bytes(entry, salt)).digest()

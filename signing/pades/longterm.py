"""Validation data and document time-stamps: levels B-LT and B-LTA (ETSI EN 319 142-1, 5.4 and 5.5).

The document security store takes each certificate, OCSP answer and list once for the whole file, and names
under ``/VRI`` which of them belong to which signature.
"""

from __future__ import annotations

import hashlib
from typing import Final

from signing import cms
from signing.errors import SigningError
from signing.pades.appearance import Appearance
from signing.pades.fields import walk
from signing.pades.opening import updated
from signing.pades.placing import Placement, place
from signing.pades.revision import Revision, catalog, entry, held, value_of
from signing.pades.syntax import Buffer, Odd
from signing.pades.values import Name, Ref, Stream, Value
from signing.pades.xref import inflated
from signing.services import Evidence

_KINDS: Final = (("/Certs", "/Cert"), ("/OCSPs", "/OCSP"), ("/CRLs", "/CRL"))
"""Keys in the store and in its entries for single signatures (table 1 of 5.4.2)."""
STAMP_NAME: Final = "timestamp"
"""Fields of document time-stamps are named so, with a number."""


def validation_key(contents: bytes) -> str:
    """Return the key of a signature under ``/VRI``: SHA-1 of ``/Contents`` with its padding (5.4.2.3)."""
    return "/" + hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper()


def append(
    base: Buffer, tail: bytes, contents: bytes | None, evidence: Evidence, *, stamped: bool
) -> tuple[bytes, tuple[int, int] | None, str]:
    """Append the evidence of one signature, and with ``stamped`` room for a document time-stamp.

    ``contents`` is the value of the signature's ``/Contents``; None: the evidence belongs to no signature in
    particular. Returns the update, where in it the room is, and the name of the time-stamp's field.
    """

    def change(revision: Revision) -> str:
        _store(revision, contents, evidence)
        return _stamp_field(revision) if stamped else ""

    done = updated(base, change, tail=tail)
    return done.written.tail, done.written.room, done.result


def fill_room(tail: bytes, room: tuple[int, int], message: bytes) -> bytes:
    """Put a CMS message into its room. Raises SigningError ``signing.room`` when it is too long."""
    start, end = room
    digits = message.hex().encode()
    spare = end - start - 2 - len(digits)
    if spare < 0:
        raise SigningError(
            "the time-stamp is longer than the room kept for it: the authority sends too many certificates",
            code="signing.room",
        )
    return b"".join((tail[:start], b"<", digits, b"0" * spare, b">", tail[end:]))


def _stamp_field(revision: Revision) -> str:
    taken = {found.name for found in walk(revision)}
    name = next(n for i in range(1, len(taken) + 2) if (n := f"{STAMP_NAME}{i}") not in taken)
    entries: dict[str, Value] = {
        "/Type": Name("/DocTimeStamp"),
        "/Filter": Name("/Adobe.PPKLite"),
        "/SubFilter": Name("/ETSI.RFC3161"),
    }
    place(revision, Placement(name, True, Appearance(), entries, 2 * cms.TIMESTAMP_ROOM))
    return name


def _store(revision: Revision, contents: bytes | None, evidence: Evidence) -> None:
    root = catalog(revision)
    owner, store = held(revision, root, "/DSS", revision.root)
    if not isinstance(store, dict):
        store = {"/Type": Name("/DSS")}
        owner = revision.add(store)
        root["/DSS"] = owner
        revision.put(revision.root, root)
    given = (evidence.certificates, evidence.ocsps, evidence.crls)
    single: dict[str, Value] = {"/Type": Name("/VRI")}
    for (key, short), items in zip(_KINDS, given, strict=True):
        if items:
            single[short] = _merge(revision, store, key, owner, items)
    if contents is not None:
        vri_owner, vri = held(revision, store, "/VRI", owner)
        if not isinstance(vri, dict):
            vri_owner, vri = owner, {}
            store["/VRI"] = vri
        vri[validation_key(contents)] = revision.add(single)
        if vri_owner != owner:
            revision.put(vri_owner, vri)
    revision.put(owner, root if owner == revision.root else store)


def _merge(
    revision: Revision, store: dict[str, Value], key: str, owner: Ref, items: tuple[bytes, ...]
) -> list[Value]:
    """Add streams to an array of the store unless it has them; return references to all of ``items``."""
    array_owner, array = held(revision, store, key, owner)
    if not isinstance(array, list):
        array_owner, array = owner, []
        store[key] = array
    known: dict[bytes, Ref] = {}
    for raw in array:
        if isinstance(raw, Ref) and (data := _data(revision, raw)) is not None:
            known[data] = raw
    found: list[Value] = []
    for item in items:
        if item not in known:
            known[item] = revision.add(Stream({}, item))
            array.append(known[item])
        found.append(known[item])
    if array_owner != owner:
        revision.put(array_owner, array)
    return found


def _data(revision: Revision, ref: Ref) -> bytes | None:
    value = value_of(revision, ref)
    if not isinstance(value, Stream):
        return None
    try:
        return inflated(value.entries, value.data)
    except Odd:
        return None


def has_evidence(revision: Revision, contents: bytes) -> bool:
    """Whether the store speaks of a signature."""
    store = entry(revision, catalog(revision), "/DSS")
    vri = entry(revision, store, "/VRI")
    return isinstance(vri, dict) and validation_key(contents) in vri

"""Signatures made elsewhere: the official's own token behind the browser, or an agent with a key of its own.

An offer is the permission to bring back exactly one signature. It is bound to person, post, document, version
of the document and act, is used once and ends soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from server.kernel.actor import Actor
from server.signatures.model import OwnerKind
from storage.sql.rows import Json


class Way(StrEnum):
    """How the signature comes back."""

    PLUGIN = "plugin"
    """The whole file, signed by the plugin beside the browser (VGCA Sign Service)."""
    DEFERRED = "deferred"
    """The signature value of a digest, signed by an agent."""


class OfferAct(StrEnum):
    """What is signed."""

    SIGN = "sign"
    """A person signs: ``/SignApproved``."""
    SEAL = "seal"
    """The body seals what has its number and date: ``/SignIssued``."""
    ATTACHMENT = "attachment"
    """The body signs an attachment in a file of its own: ``/SignAppendix``."""
    COPY = "copy"
    """The body certifies an electronic copy of an issued document: ``/SignCopy``."""

    @property
    def operation(self) -> str:
        """The plugin's operation (standards 6.3)."""
        return _OPERATIONS[self]


_OPERATIONS = {
    OfferAct.SIGN: "SignApproved",
    OfferAct.SEAL: "SignIssued",
    OfferAct.ATTACHMENT: "SignAppendix",
    OfferAct.COPY: "SignCopy",
}


class OfferState(StrEnum):
    """Where an offer stands."""

    OPEN = "open"
    """Waits for the signature."""
    RETURNED = "returned"
    """Something came back and is being checked; nothing else is taken."""
    DONE = "done"
    """The signature was right and stands in the document."""
    REFUSED = "refused"
    """What came back was not what was offered and signed; ``fault`` says why."""
    EXPIRED = "expired"
    """Nobody came back in time."""


@dataclass(frozen=True, slots=True)
class OfferFault:
    """Why an offer was refused."""

    code: str
    params: dict[str, str | int]


@dataclass(frozen=True)
class Offer:
    """The row of an offer."""

    id: str
    way: Way
    act: OfferAct
    document_id: str
    row_version: int
    """Version of the document's row that was offered; any other ends the offer."""
    digest: str
    """Digest of the file that was offered."""
    field: str
    """Signature field that is meant; "" = the plugin places its own."""
    owner_kind: OwnerKind
    """Whose signature is wanted: a person's or a body's."""
    owner_id: str
    """Account or body."""
    account_id: str
    """Who asked."""
    post_id: str
    """In which post."""
    body_id: str
    """For which body the signature is put."""
    actor: Annotated[Actor, Json]
    """Who asked, whole: the plugin comes back without a session."""
    get_digest: str
    """SHA-256 of the secret in the download address; "" = none."""
    put_digest: str
    """SHA-256 of the secret in the upload address; "" = none."""
    token_id: str
    """Certificate named beforehand (deferred); "" = any of the owner's."""
    pending: str
    """Digest of the prepared signature (deferred); "" = none."""
    state: OfferState
    fetched_at: datetime | None
    """When the file was fetched, once."""
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    result_digest: str
    """The signed file; "" until done."""
    fault: Annotated[OfferFault | None, Json]
    """Why it was refused; None = it was not."""

    def stands_at(self, now: datetime) -> OfferState:
        """Return the state as of now: what nobody used in time has expired."""
        if self.state is OfferState.OPEN and now >= self.expires_at:
            return OfferState.EXPIRED
        return self.state


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as the one who asked sees it."""

    id: str
    act: OfferAct
    document_id: str
    state: OfferState
    expires_at: datetime
    result_digest: str
    fault: OfferFault | None


@dataclass(frozen=True, slots=True)
class PluginOffer:
    """What the page hands to the plugin; the two secrets are shown this once."""

    offer: OfferView
    operation: str
    """Endpoint of the plugin, such as ``SignApproved``."""
    get_secret: str
    """Secret part of the download address."""
    put_secret: str
    """Secret part of the upload address."""
    number: str
    """Number and notation (``DocNumber``); "" = not for this operation."""
    issued_at: str
    """Date of the document (``IssuedDate``), ISO 8601 with zone; "" = not for this operation."""
    file_name: str
    """Name of the file."""
    metadata: tuple[tuple[str, str], ...]
    """Keys and values (``MetaData``)."""


@dataclass(frozen=True, slots=True)
class ToSign:
    """What an agent signs."""

    offer: OfferView
    algorithm: str
    """``rsa-pkcs1-sha256``, ``ecdsa-sha256``, ``ecdsa-sha384``."""
    digest: str
    """Hexadecimal digest of ``attributes``, for tokens that sign digests."""
    attributes: str
    """Base64 of the DER of the signed attributes, for tokens that hash by themselves (RFC 5652, 5.4)."""


class TokenState(StrEnum):
    """Whether signatures of a token are taken."""

    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True)
class TokenRow:
    """A certificate whose key lies in the hands of its owner: token, smart card, remote agent."""

    id: str
    owner_kind: OwnerKind
    owner_id: str
    subject: str
    """Common name."""
    serial: str
    """Lower-case hexadecimal."""
    issuer: str
    """RFC 4514."""
    fingerprint: str
    """``sha256:`` + hex of the certificate's DER."""
    certificate: bytes
    """DER."""
    chain: bytes
    """DER of its issuers, one after the other, its own issuer first; empty = not known."""
    image_path: str
    """PNG of the signature or seal in the folder of keys; "" = none."""
    not_before: datetime
    not_after: datetime
    state: TokenState
    added_at: datetime


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as administrators and its owner see it."""

    id: str
    owner_kind: OwnerKind
    owner_id: str
    subject: str
    serial: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    state: TokenState

"""Certificates of persons and bodies, requests to their provider, and the providers themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import msgspec


class OwnerKind(StrEnum):
    """Whose certificate it is."""

    PERSON = "person"
    """An account."""
    BODY = "body"
    """A body: its seal."""


class Keeper(StrEnum):
    """Where the private key lies."""

    TOKEN = "token"  # noqa: S105 - a thing, not a secret
    """A token in its owner's hand."""
    SERVER = "server"
    """The folder of keys of this installation."""


class CertificateState(StrEnum):
    """What is known of a certificate. That it has ended is told by its dates, not here."""

    IN_USE = "in_use"
    REVOCATION_ASKED = "revocation_asked"
    """Its provider was, or is to be, asked to revoke it. It signs nothing here any more."""
    REVOKED = "revoked"


class Reason(StrEnum):
    """Why a certificate is to be revoked (CRLReason, RFC 5280, 5.3.1)."""

    KEY_COMPROMISE = "keyCompromise"
    """The token is lost, or somebody else knows its PIN."""
    AFFILIATION_CHANGED = "affiliationChanged"
    """The person moved to another body or left."""
    SUPERSEDED = "superseded"
    """A new certificate took its place."""
    CESSATION_OF_OPERATION = "cessationOfOperation"
    """The body was dissolved or merged."""


class Purpose(StrEnum):
    """What a provider is asked for."""

    ISSUE = "issue"
    RENEW = "renew"
    REVOKE = "revoke"


class RequestState(StrEnum):
    """How far a request is."""

    PREPARED = "prepared"
    SENT = "sent"
    DONE = "done"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Certificate:
    """One certificate of the inventory."""

    id: str
    """Id of the row."""
    owner_kind: OwnerKind
    """Person or body."""
    owner_id: str
    """Account or body."""
    body_id: str
    """Body that answers for it: the owner, or the body for which the person signs."""
    subject: str
    """Common name."""
    organ_id: str
    """Identifier of the body in the certificate; "" = none."""
    serial: str
    """Serial number, lower-case hex."""
    issuer: str
    """Name of the issuer (RFC 4514)."""
    not_before: datetime
    """Start of validity."""
    not_after: datetime
    """End of validity."""
    fingerprint: str
    """SHA-256 of the certificate, hex."""
    pem: str
    """The certificate."""
    provider: str
    """Code of its provider."""
    keeper: Keeper
    """Where its key lies."""
    device: str
    """Serial number or label of the token; "" = not told."""
    state: CertificateState
    """Whether it may be used."""
    reason: str
    """Why it is to be revoked; "" = it is not."""
    state_at: datetime
    """Since when the state holds."""
    warned_days: int
    """Days before its end of the last warning sent; 0 = none."""
    added_at: datetime
    """When it came into the inventory."""


@dataclass(frozen=True)
class CertificateRequest:
    """One request to a provider."""

    id: str
    """Id of the row."""
    purpose: Purpose
    """What is asked for."""
    owner_kind: OwnerKind
    """Person or body."""
    owner_id: str
    """Account or body."""
    body_id: str
    """Body that asks."""
    subject: str
    """Name to be certified."""
    organ_id: str
    """Identifier of the body."""
    provider: str
    """Code of the provider."""
    certificate_id: str
    """Certificate to be revoked or renewed, or that was issued; "" = none."""
    csr: str
    """PKCS#10 request in PEM, made by the token's own software; "" = the provider makes the key."""
    note: str
    """What the provider must know: the reason of a revocation, the device wanted."""
    state: RequestState
    """How far it is."""
    version: int
    """Grows with every act."""
    made_at: datetime
    """When it was prepared."""
    made_by: str
    """Name of who prepared it."""
    closed_at: datetime | None
    """When it was done or withdrawn."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What a request is made of."""

    purpose: Purpose
    owner_kind: OwnerKind
    owner_id: str
    body_id: str
    subject: str
    organ_id: str = ""
    provider: str = ""
    certificate_id: str = ""
    csr: str = ""
    note: str = ""


class Service(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An address of a provider, as configured."""

    url: str
    """Where."""
    proven: bool
    """Whether it was ever seen to answer."""


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who issues certificates, with trust anchors and services, from a day on (config/pki)."""

    code: str
    """Code in rows."""
    vi: str
    """Name in Vietnamese."""
    en: str
    """Name in English."""
    valid_from: date
    """From which day this holds."""
    source: str
    """Legal basis, or where it was seen."""
    anchors: list[str]
    """PEM files under the data folder: what is trusted."""
    crl: list[Service]
    ocsp: list[Service]
    tsa: list[Service]
    valid_to: date | None = None
    """Last day; None = until changed."""
    own: bool = False
    """An authority of this installation, for development and nodes."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trust anchor as it is found in a file."""

    file: str
    """File it was named by."""
    subject: str
    """Its name; "" = the file is not there or cannot be read."""
    not_after: datetime | None
    """Its end; None = not there."""
    fingerprint: str
    """SHA-256, hex; "" = not there."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A provider with what is found of its anchors today."""

    provider: Provider
    anchors: tuple[Anchor, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """A certificate whose owner left or whose body is gone."""

    id: str
    body_id: str
    reason: str
    """Value of :class:`Reason`."""

"""Evidence as XML of ETSI EN 319 522-3: made from a record when it is asked for, never kept.

Namespace, root and child elements follow schema and published profiles of part 3 (V1.2.1): elements that the
schema declares globally are in the namespace, local ones are not. The record's own bytes and signature
travel in ``Extensions``, since they are what was signed at the time.
"""

from __future__ import annotations

import base64
import xml.etree.ElementTree as etree
from collections.abc import Sequence
from dataclasses import dataclass

NAMESPACE = "http://uri.etsi.org/19522/v1#"
VERSION = "EN319522v1.2.1"
OWN = "urn:lienthong:evidence:1"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
for _prefix, _uri in (("erds", NAMESPACE), ("saml", SAML), ("lt", OWN)):
    etree.register_namespace(_prefix, _uri)
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"


@dataclass(frozen=True, slots=True)
class Party:
    """A body as evidence names it."""

    identifier: str
    """Its code."""
    name: str
    """Its name."""


@dataclass(frozen=True, slots=True)
class Erds:
    """What one piece of evidence says."""

    identifier: str
    """Id of the record."""
    event: str
    """URI of the event."""
    reason: str
    """Why, in words; "" = nothing to say."""
    reason_code: str
    """Code of the reason: status code 01 to 16, or the word of a timer."""
    event_time: str
    """Instant, RFC 3339 in UTC."""
    submission_time: str
    """Instant of the sending; "" = unknown."""
    policy: str
    """URI of the policy the issuer follows."""
    issuer: Party
    """Body for which the service says it."""
    certificate: bytes
    """Certificate of the evidence key, DER; b"" = not signed yet."""
    sender: Party
    """Who sent."""
    recipients: Sequence[Party]
    """To whom."""
    message: str
    """Id of the dispatch."""
    digests: Sequence[tuple[str, bytes]]
    """Name and SHA-256 of each part of the content."""
    content: bytes
    """The record as it was kept and signed."""
    signature: bytes
    """ECDSA over the content, DER; b"" = not signed yet."""


def erds_xml(evidence: Erds) -> bytes:
    """Return the XML document, UTF-8."""
    root = etree.Element(f"{{{NAMESPACE}}}Evidence", version=VERSION)
    _add(root, "EvidenceIdentifier", evidence.identifier)
    _add(root, "ERDSEventId", evidence.event)
    if evidence.reason or evidence.reason_code:
        reason = _add(_add(root, "EventReasons"), "EventReason")
        _local(reason, "Code", evidence.reason_code)
        _local(reason, "Details", evidence.reason)
    _local(root, "EventTime", evidence.event_time)
    if evidence.submission_time:
        _add(root, "SubmissionTime", evidence.submission_time)
    _local(_add(root, "EvidenceIssuerPolicyID"), "PolicyID", evidence.policy)
    issuer = _party(root, "EvidenceIssuerDetails", evidence.issuer)
    if evidence.certificate:
        details = _add(issuer, "CertificateDetails")
        _local(details, "X509Certificate", base64.b64encode(evidence.certificate).decode())
    _party(root, "SenderDetails", evidence.sender)
    for recipient in evidence.recipients:
        _party(root, "RecipientDetails", recipient)
    _add(root, "MessageIdentifier", evidence.message)
    _content(root, evidence.digests)
    own = etree.SubElement(_add(root, "Extensions"), f"{{{OWN}}}Record")
    own.set("digestMethod", SHA256)
    etree.SubElement(own, f"{{{OWN}}}Content").text = base64.b64encode(evidence.content).decode()
    etree.SubElement(own, f"{{{OWN}}}Signature").text = base64.b64encode(evidence.signature).decode()
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))


def _content(root: etree.Element, digests: Sequence[tuple[str, bytes]]) -> None:
    info = _add(root, "UserContentInfo")
    _local(info, "ComposingParts", str(len(digests)))
    parts = _add(info, "PartsInfo")
    for name, digest in digests:
        part = _add(parts, "PartInfo")
        _local(part, "Identifier", name)
        _local(part, "DigestMethod", SHA256)
        _local(part, "DigestValue", base64.b64encode(digest).decode())


def _party(root: etree.Element, name: str, party: Party) -> etree.Element:
    details = _add(root, name)
    _local(details, "Identifier", party.identifier)
    identity = _add(details, "Identity")
    attribute = etree.SubElement(identity, f"{{{SAML}}}Attribute", FriendlyName="LegalName", Name="LegalName")
    etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = _clean(party.name)
    return details


def _add(parent: etree.Element, name: str, text: str | None = None) -> etree.Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = None if text is None else _clean(text)
    return element


def _local(parent: etree.Element, name: str, text: str) -> etree.Element:
    element = etree.SubElement(parent, name)
    element.text = _clean(text)
    return element


def _clean(text: str) -> str:
    """Leave out what XML 1.0 cannot hold (section 2.2); reasons are typed by people."""
    return "".join(
        c for c in text if c in "\t\n\r" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff"
    )

"""Signed evidence of what happens to a document on its way (ETSI EN 319 522)."""

from server.evidence.model import EvidenceRecord, Signature, SignedEvidence
from server.evidence.service import Evidence

__all__ = ["Evidence", "EvidenceRecord", "Signature", "SignedEvidence"]

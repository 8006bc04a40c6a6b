"""Reads and proves the record of every change: places entries in the tree, verifies, shows."""

from server.audit.model import AuditRow, Finding, Proof, VerifyReport
from server.audit.service import Audit

__all__ = ["Audit", "AuditRow", "Finding", "Proof", "VerifyReport"]

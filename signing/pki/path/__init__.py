"""Certification path validation (RFC 5280, section 6): paths, policies, names, revocation lists."""

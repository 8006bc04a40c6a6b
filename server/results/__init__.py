"""Signed results of procedures: prepared in batches, signed, sealed, returned, revoked, replaced."""

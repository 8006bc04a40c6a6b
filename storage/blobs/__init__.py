"""Bytes, addressed by their digest: one protocol, a directory and S3."""

"""Cryptography: bytes in, bytes out. Knows no feature, no HTTP server, no SQL."""

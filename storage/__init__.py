"""Keeping rows and bytes. Knows no feature."""

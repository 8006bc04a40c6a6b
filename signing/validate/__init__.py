"""Validation of signed PDF files in the words of ETSI EN 319 102-1."""

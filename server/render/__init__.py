"""Rendering of documents, slips and registers to PDF/A-2b through typst."""

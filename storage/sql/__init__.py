"""Rows: one protocol, two engines (SQLite, PostgreSQL)."""

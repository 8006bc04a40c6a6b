"""Accounts, sessions, the permission table, need-to-know scope, supervisors' mandates."""

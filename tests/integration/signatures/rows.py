"""Rows that tests look into."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Payload:
    """The payload of an outbox message."""

    payload: str

"""Identifiers: 26 characters of Crockford base32, sorted by time (the ULID layout)."""

from __future__ import annotations

from datetime import datetime

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26


def make_id(now: datetime, random: bytes) -> str:
    """Return an id from an instant (48 bits of milliseconds) and 10 random bytes."""
    value = (int(now.timestamp() * 1000) << 80) | int.from_bytes(random[:10], "big")
    characters = []
    for _ in range(LENGTH):
        characters.append(ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def is_id(text: str) -> bool:
    """Tell whether the text has the shape of an id."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)

"""Identifiers: 26 characters of Crockford base32, sorted by time (the ULID layout)."""

from __future__ import annotations

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 26


def make_id(milliseconds: int, random: int) -> str:
    """Return an id from an instant (milliseconds since 1970, 48 bits) and 80 random bits."""
    value = (milliseconds << 80) | (random & ((1 << 80) - 1))
    characters = []
    for _ in range(LENGTH):
        characters.append(ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def is_id(text: str) -> bool:
    """Tell whether the text has the shape of an id."""
    return len(text) == LENGTH and all(character in ALPHABET for character in text)

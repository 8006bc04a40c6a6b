"""What is allowed with files: pure rules."""

from __future__ import annotations

import unicodedata

from server.files.model import NAME_LENGTH_MAX, Secrecy
from server.kernel.errors import Invalid, Refused

_DANGEROUS_CATEGORIES = {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
"""Control, format (also text direction), private, surrogate, line and paragraph separators."""


def secrecy(declared: str | None) -> Secrecy:
    """Return the declared level.

    Raises Invalid ``files.secrecy_missing`` (nothing declared) or ``files.secrecy_unknown``.
    """
    if not declared:
        raise Invalid("files.secrecy_missing", field="query:secrecy")
    try:
        return Secrecy(declared)
    except ValueError as error:
        raise Invalid("files.secrecy_unknown", field="query:secrecy", given=declared[:40]) from error


def require_not_secret(level: Secrecy) -> None:
    """Raise Refused ``files.state_secret`` for every state-secret level (Decision 28/2018, scope)."""
    if level is not Secrecy.NONE:
        raise Refused("files.state_secret", field="query:secrecy", level=level.value)


def clean_name(given: str) -> str:
    """Return a file name as it is kept: metadata only, never a path on any disk.

    NFC; the part after the last slash or backslash; without control, format and direction characters; inner
    white space as one blank. Raises Invalid ``files.name_missing`` when nothing is left,
    ``files.name_too_long`` beyond 255 characters.
    """
    text = unicodedata.normalize("NFC", given).replace("\\", "/").rsplit("/", 1)[-1]
    text = "".join(
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in _DANGEROUS_CATEGORIES
    )
    text = " ".join(text.split()).strip(" .")
    if not text:
        raise Invalid("files.name_missing", field="query:name")
    if len(text) > NAME_LENGTH_MAX:
        raise Invalid("files.name_too_long", field="query:name", limit=NAME_LENGTH_MAX)
    return text

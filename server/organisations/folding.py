"""Text as people search it: lower case, without Vietnamese marks ("sở y tế" and "so y te" are one)."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return the text in lower case without marks, runs of white space as one space."""
    plain = "".join(
        character
        for character in unicodedata.normalize("NFD", text.casefold())
        if not unicodedata.combining(character)
    )
    return " ".join(plain.replace("đ", "d").split())


def like(query: str) -> str:
    r"""Return the LIKE pattern (ESCAPE '\') that finds a folded query anywhere; "%" for an empty one."""
    folded = fold(query)
    for special in ("\\", "%", "_"):
        folded = folded.replace(special, "\\" + special)
    return f"%{folded}%" if folded else "%"

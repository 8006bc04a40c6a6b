"""What earlier signatures of a file forbid (ISO 32000-1, 12.8.2.2 and 12.8.2.4)."""

from __future__ import annotations

from typing import Final

from signing.errors import FieldFault
from signing.pades.fields import FormField
from signing.pades.revision import Revision, catalog, entry, value_of
from signing.pades.values import Value, as_text

_NO_CHANGES: Final = 1


def require_permitted(revision: Revision, fields: list[FormField], name: str) -> None:
    """Raise FieldFault when filling or signing a field would break a signature that is there already.

    That is: a certification that allows no changes (DocMDP 1), or a signature that locked the field
    (FieldMDP).
    """
    certified = entry(revision, entry(revision, catalog(revision), "/Perms"), "/DocMDP")
    for parameters in _parameters(revision, certified, "/DocMDP"):
        if entry(revision, parameters, "/P") == _NO_CHANGES:
            raise FieldFault(
                "the file is certified and allows no changes: a signature would break it",
                code="signing.not_permitted",
            )
    for found in fields:
        if found.is_signature and found.filled:
            for parameters in _parameters(revision, found.inherited("/V"), "/FieldMDP"):
                if locks(revision, parameters, name):
                    raise FieldFault(
                        f"field {name} was locked by the signature in field {found.name}",
                        code="signing.not_permitted",
                    )


def _parameters(revision: Revision, signature: Value, method: str) -> list[Value]:
    references = entry(revision, signature, "/Reference")
    found = [value_of(revision, item) for item in references] if isinstance(references, list) else []
    return [
        entry(revision, item, "/TransformParams")
        for item in found
        if entry(revision, item, "/TransformMethod") == method
    ]


def locks(revision: Revision, lock: Value, name: str) -> bool:
    """Whether a lock dictionary (tables 233 and 256) covers a field."""
    action = entry(revision, lock, "/Action")
    fields = entry(revision, lock, "/Fields")
    given = [value_of(revision, f) for f in fields] if isinstance(fields, list) else []
    named = any(
        name == (text := as_text(f)) or name.startswith(text + ".") for f in given if isinstance(f, bytes)
    )
    return action == "/All" or (action == "/Include" and named) or (action == "/Exclude" and not named)

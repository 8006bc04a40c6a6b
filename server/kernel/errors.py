"""The one error tree. Rules and services raise these; the edge translates them once.

An error carries a stable code (``room.what_is_wrong``) and the parameters of its message. Messages
live in ``web/locale/<room>.toml`` in Vietnamese and English under ``errors.<code>``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with what the caller sent."""

    code: str
    """Stable code, such as ``documents.subject_missing``."""
    field: str = ""
    """Where: a JSON pointer (``/to/2``), ``query:limit``, ``header:idempotency-key``; "" = the whole."""
    params: Mapping[str, str | int] = dataclasses.field(default_factory=dict)
    """Values that the message of the code names."""


class LienThongError(Exception):
    """Base of every error that the product raises on purpose."""

    def __init__(self, code: str, /, *, field: str = "", **params: str | int) -> None:
        super().__init__(code)
        self.faults: tuple[Fault, ...] = (Fault(code, field, params),)

    @property
    def code(self) -> str:
        """Code of the first fault: the one a caller switches on."""
        return self.faults[0].code

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> LienThongError:
        """Build one error that names all faults at once; ``faults`` must not be empty."""
        error = cls(faults[0].code)
        error.faults = tuple(faults)
        return error


class Invalid(LienThongError):
    """The input cannot be accepted as it is (HTTP 400)."""


class Unauthenticated(LienThongError):
    """Nobody is signed in, or the session has ended (HTTP 401)."""


class Forbidden(LienThongError):
    """The caller is known and may not do this (HTTP 403)."""


class NotFound(LienThongError):
    """It does not exist, or the caller may not know that it does (HTTP 404)."""


class Conflict(LienThongError):
    """The state of the thing does not allow the act now (HTTP 409)."""


class TooLarge(LienThongError):
    """More bytes than the limit (HTTP 413)."""


class Refused(LienThongError):
    """The bytes are not what may be kept: wrong kind, broken, encrypted, active content (HTTP 422)."""


class TooMany(LienThongError):
    """Rate limit or lockout (HTTP 429). ``retry_after_seconds`` is a parameter of the fault."""


class Unavailable(LienThongError):
    """A part that is needed does not answer (HTTP 503)."""

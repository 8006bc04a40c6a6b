"""The error tree of this package. Codes are stable; the edge translates them once.

The package knows nothing above it, so the tree is its own and not the one of the server's kernel.
"""

from __future__ import annotations


class SigningError(Exception):
    """Base of every error raised on purpose here.

    ``code`` is stable and meant for programs; the message is one plain English sentence for a person
    at a terminal: what, where, what to do.
    """

    code = "signing.failed"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class UnreadableFile(SigningError):
    """The bytes are not a PDF that can be read, or it is encrypted."""

    code = "signing.unreadable"


class FieldFault(SigningError):
    """A form field is missing, already filled, off the page, or of another kind."""

    code = "signing.field"


class ImageFault(SigningError):
    """An image for an appearance cannot be read."""

    code = "signing.image"


class FontFault(SigningError):
    """A font cannot be read or lacks a letter that must be shown."""

    code = "signing.font"


class KeyFault(SigningError):
    """A key cannot be opened or cannot be used: wrong passphrase, no certificate, outside its validity."""

    code = "signing.key"


class PkiFault(SigningError):
    """The authority cannot do what it was asked: folder exists, unknown serial, bad name."""

    code = "signing.pki"


class ServiceFault(SigningError):
    """A service needed above level B-B gave no usable answer: time-stamps, OCSP or revocation lists."""

    code = "signing.service"

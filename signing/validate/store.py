"""The document security store (ISO 32000-2, 12.8.4.3): validation data that a file brings along."""

from __future__ import annotations

from signing.validate.filters import decoded
from signing.validate.reader import View
from signing.validate.revocation import Sources
from signing.validate.syntax import Malformed, Stream, Value

_MOST = 1_000
_LARGEST = 16 * 1024 * 1024


class Store:
    """Certificates, revocation lists and OCSP answers of a file; empty when there is none."""

    def __init__(self, view: View) -> None:
        try:
            entries = view.dictionary(view.root.get("DSS"))
        except Malformed:  # what cannot be read proves nothing
            entries = {}
        self._view = view
        self.certificates = self._streams(entries.get("Certs"))
        self.sources = Sources(self._streams(entries.get("CRLs")), self._streams(entries.get("OCSPs")))

    def _streams(self, value: Value) -> tuple[bytes, ...]:
        found: list[bytes] = []
        try:
            items = self._view.array(value)[:_MOST]
        except Malformed:
            return ()
        for item in items:
            try:
                stream = self._view.resolve(item)
                if isinstance(stream, Stream):
                    found.append(decoded(stream, _LARGEST))
            except Malformed:
                continue  # one that cannot be read proves nothing
        return tuple(found)

    @property
    def revocation(self) -> bool:
        """Whether it holds revocation data."""
        return bool(self.sources.lists or self.sources.answers)

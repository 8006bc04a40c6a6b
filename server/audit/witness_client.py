"""Asks witnesses of the log over HTTP (C2SP tlog-witness). A network client: blocking, called in a thread."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass

from storage.ledger.checkpoint import COSIGNATURE, CheckpointError, NoteKey

ANSWER_BYTES_MAX = 64 * 1024


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """Where a witness answers, and the key it signs with."""

    url: str
    """Submission prefix, ``https://...`` (``http://`` inside one's own network), no slash at the end."""
    key: NoteKey
    """Verifier key of the type cosignature/v1."""

    @classmethod
    def parse(cls, text: str) -> WitnessAddress:
        """Read ``URL VKEY`` as the setting has it. Raises ValueError."""
        url, _, vkey = text.strip().partition(" ")
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"a witness is an address and a verifier key: {text}")
        try:
            key = NoteKey.parse(vkey)
        except CheckpointError as error:
            raise ValueError(f"{url}: {error}") from error
        if key.kind != COSIGNATURE:
            raise ValueError(f"{url}: the key is not that of a witness")
        return cls(url.rstrip("/"), key)


class WitnessSilent(Exception):
    """The witness gave no answer that can be used; says why. To be tried again."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        """Follow nobody elsewhere."""


def ask(address: WitnessAddress, body: str, *, timeout_seconds: float) -> tuple[int, str]:
    """Send ``add-checkpoint``; return status and body of the answer. Raises WitnessSilent."""
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked when the setting was read
        f"{address.url}/add-checkpoint",
        data=body.encode(),
        headers={"Content-Type": "text/plain; charset=utf-8"},
        method="POST",
    )
    # No proxy of the environment and no redirect: the setting alone says where it goes.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(request, timeout=timeout_seconds) as answer:
            return int(answer.status), _text(answer.read(ANSWER_BYTES_MAX))
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _text(error.read(ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException) as error:
        raise WitnessSilent(type(error).__name__) from error


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")

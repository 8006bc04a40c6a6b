"""The room's public face: who signs with which key, offers for tokens and agents, keys, checks.

``Signatures`` is one class in parts that share ``SigningCore``; a part holds no state of its own.
"""

from __future__ import annotations

from server.signatures.deferred import DeferredSigning
from server.signatures.keys import Keys
from server.signatures.plugin import PluginSigning
from server.signatures.preflight import Preflight
from server.signatures.verifying import Verifying

__all__ = ["Signatures"]


class Signatures(PluginSigning, DeferredSigning, Preflight, Keys, Verifying):
    """Signing, numbering and sealing of documents; offers; keys; what checks of files found."""

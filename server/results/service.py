"""The public face of the room: prepare, sign, seal, hand over, revoke and replace results of procedures."""

from __future__ import annotations

from server.results.core import Rooms
from server.results.ending import Ending
from server.results.preparing import Preparing
from server.results.reading import Reading
from server.results.rules import read_rows
from server.results.running import RUN, Running

__all__ = ["RUN", "Results", "Rooms", "read_rows"]


class Results(Preparing, Running, Ending, Reading):
    """Signed results of procedures."""

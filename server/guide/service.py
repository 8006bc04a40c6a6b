"""Which steps of the first run are done: read from the real state, never ticked off by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from server.identity.access import Access
from server.kernel.actor import Actor
from server.unit import Units
from storage.sql.statements import load_all


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps in the order in which they are taken; True = done."""

    body: bool
    """A body besides the installation's own is in the directory."""
    people: bool
    """Somebody other than the administrator holds a post."""
    registers: bool
    """A series of numbers has its rule."""
    keys: bool
    """A person and a body have keys to sign and seal with."""
    document: bool
    """A document was issued."""

    @property
    def done(self) -> bool:
        """Whether nothing is left to do."""
        return self.body and self.people and self.registers and self.keys and self.document


class Guide:
    """Leads the administrator of an empty installation."""

    def __init__(self, units: Units, access: Access) -> None:
        self._units = units
        self._access = access
        self._statements = load_all(Path(__file__).parent, units.reader.engine)
        self._done: Steps | None = None

    async def steps(self, actor: Actor) -> Steps:
        """Return what is done; one statement until all is, none afterwards. Raises Forbidden."""
        self._access.require(actor, "identity.manage")
        if self._done is not None:
            return self._done
        found = await self._units.reader.fetch_one(self._statements["steps"], {}, Steps)
        steps = found or Steps(body=False, people=False, registers=False, keys=False, document=False)
        if steps.done:
            self._done = steps
        return steps

"""What runs by itself: warnings before a certificate ends, revocation when its owner or body is gone."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from server.certificates import rules
from server.certificates.model import Reason
from server.certificates.requests import CertificateRequests, told
from server.certificates.store import CertificateStore
from server.kernel.actor import SYSTEM
from server.kernel.clock import local_date, text
from server.kernel.errors import Conflict
from server.kernel.record import Subject
from server.notifications.model import DELIVER
from server.unit import Units

PART: Final = 200
"""Certificates looked at in one statement."""


class Watching:
    """Schedules of the room."""

    def __init__(self, units: Units, requests: CertificateRequests) -> None:
        self._units = units
        self._requests = requests
        self._store = CertificateStore(units.reader.engine)

    async def warn(self) -> None:
        """Tell the clerk of a body 60, 30 and 7 days before a certificate ends, each once."""
        now = self._units.now()
        until, after = now + timedelta(days=max(rules.WARNINGS)), ""
        while rows := await self._store.ending_soon(self._units.reader, now, until, after, PART):
            after = rows[-1].id
            due = [(one, rules.due_warning(one.not_after, now, one.warned_days)) for one in rows]
            due = [(one, days) for one, days in due if days]
            if due:
                async with self._units.begin(SYSTEM) as unit:
                    for one, days in due:
                        await self._store.warned(unit, one.id, days)
                        left = max(0, (one.not_after - now) // timedelta(days=1))
                        params = {"subject": one.subject, "days": str(left)}
                        unit.publish(DELIVER, told("certificates.ending", text(unit.now), one, params))
                        subject = Subject("certificate", one.id, one.body_id)
                        unit.record("certificates.warn", subject, detail={"days": days})

    async def follow(self) -> None:
        """Ask for the revocation of certificates whose owner moved or left, or whose body was closed."""
        now = self._units.now()
        for one in await self._store.orphaned(self._units.reader, local_date(now), now, PART):
            try:
                await self._requests.ask_revocation(SYSTEM, one.id, Reason(one.reason), "")
            except Conflict:
                continue  # somebody asked meanwhile

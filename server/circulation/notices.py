"""Publishes the notices of the room."""

from __future__ import annotations

from collections.abc import Iterable

from server.kernel.clock import text
from server.notifications.model import DELIVER, Batch, Item
from server.unit import Unit


def notify(
    unit: Unit,
    event: str,
    items: Iterable[tuple[str, str, str, str]],
    params: dict[str, str],
    *,
    urgent: bool,
) -> None:
    """Publish notices: (grantee, body, subject kind, subject id) each."""
    made = [Item(grantee=g, body_id=b, subject_kind=k, subject_id=s) for g, b, k, s in items]
    if made:
        unit.publish(DELIVER, Batch(event=event, at=text(unit.now), urgent=urgent, params=params, items=made))

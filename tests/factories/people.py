"""Bodies, accounts and actors for tests, spoken in the words of the office."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from server.identity.access import Access
from server.identity.permissions import load_permissions
from server.kernel.actor import Actor, Channel, RequestContext, Role
from server.kernel.clock import Clock
from server.organisations.data import TreeData, read_tree

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "organisations" / "demo"
PERMISSIONS = ROOT / "config" / "identity" / "permissions.toml"
TABLE = load_permissions(PERMISSIONS)
"""The permission table that ships; read once, outside every loop."""
TODAY = date(2026, 11, 22)
"""The day of ``tests.conftest.MORNING`` in Viet Nam."""

ADMINISTRATOR = Actor(
    account_id="quantri",
    name="Quản trị hệ thống",
    role=Role.ADMINISTRATOR,
    body_id="z02-09",
    post_id="z02-09.quan-tri",
    request=RequestContext(channel=Channel.WEB, address="192.0.2.1"),
)


def actor(post_id: str, role: Role, *, account_id: str = "", body_id: str = "", unit_id: str = "") -> Actor:
    """Return an actor in a post, such as ``actor("z01-01.chuyen-vien", Role.SPECIALIST)``."""
    body = body_id or post_id.partition(".")[0]
    return Actor(
        account_id=account_id or f"account-of-{post_id}",
        name=post_id,
        role=role,
        body_id=body,
        post_id=post_id,
        unit_id=unit_id,
        request=RequestContext(channel=Channel.WEB),
    )


def access(clock: Clock) -> Access:
    """Return the door with the permission table that ships."""
    return Access(TABLE, clock)


def demo_province() -> TreeData:
    """Return the demo province, templates filled in. Reads files: call it in a thread or a fixture."""
    return read_tree(DEMO)

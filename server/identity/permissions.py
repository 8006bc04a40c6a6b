"""The permission table: role x action, data in ``config/identity/permissions.toml``.

Every action that a route or a service names stands in it, with a description in both languages. An action
that shows content (``content = true``) can never be given to an administrator: the loader refuses it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from server.kernel.actor import Role


class PermissionsInvalid(ValueError):
    """The table is wrong: says which action and why."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One action."""

    action: str
    """``room.verb``."""
    vi: str
    """What it allows, in Vietnamese."""
    en: str
    """What it allows, in English."""
    roles: frozenset[Role]
    """Roles that have it."""
    content: bool
    """It shows or changes what documents say; never an administrator's."""
    source: str
    """Where the rule comes from, with the mark of its evidence."""


class _Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vi: str
    en: str
    roles: list[Role]
    content: bool = False
    source: str = ""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    valid_from: date
    actions: dict[str, _Action]


class PermissionTable:
    """Which role may do what."""

    def __init__(self, permissions: Mapping[str, Permission], valid_from: date) -> None:
        self._permissions = dict(permissions)
        self.valid_from = valid_from

    def __contains__(self, action: str) -> bool:
        return action in self._permissions

    def __getitem__(self, action: str) -> Permission:
        """Return one action; raises KeyError that names it."""
        return self._permissions[action]

    @property
    def actions(self) -> tuple[Permission, ...]:
        """All actions in the order of the file."""
        return tuple(self._permissions.values())

    def allows(self, role: Role | None, action: str) -> bool:
        """Tell whether the role has the action; raises KeyError for an action the table does not know."""
        return role is not None and role in self._permissions[action].roles

    def of(self, role: Role | None) -> frozenset[str]:
        """Return every action of a role."""
        return frozenset(name for name in self._permissions if self.allows(role, name))


def load_permissions(path: Path) -> PermissionTable:
    """Read the table. Raises PermissionsInvalid, OSError."""
    try:
        table = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Table)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PermissionsInvalid(f"{path.name}: {error}") from error
    permissions = {}
    for name, action in table.actions.items():
        if not action.vi or not action.en:
            raise PermissionsInvalid(f"{path.name}: {name} lacks a description")
        if action.content and Role.ADMINISTRATOR in action.roles:
            raise PermissionsInvalid(f"{path.name}: {name} shows content, which no administrator may see")
        permissions[name] = Permission(
            name, action.vi, action.en, frozenset(action.roles), action.content, action.source
        )
    return PermissionTable(permissions, table.valid_from)

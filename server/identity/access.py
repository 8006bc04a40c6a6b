"""The one door: may this actor do this, and which subjects may they see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from server.identity.model import MachineActor, ObligedActor
from server.identity.permissions import PermissionTable
from server.kernel.actor import Actor, Role
from server.kernel.clock import Clock, local_date
from server.kernel.errors import Forbidden
from server.organisations.model import Post
from storage.sql.protocol import SqlValue

ASSIGNS_IN_BODY = frozenset({Role.LEADER, Role.CHIEF_OF_OFFICE})
"""Roles that give work to anybody in their body."""


@dataclass(frozen=True)
class Access:
    """Checks permissions against the table and gives the parameters of the scope predicate."""

    table: PermissionTable
    """Role x action."""
    clock: Clock
    """For the day on which mandates must be in force."""

    def allows(self, actor: Actor, action: str) -> bool:
        """Tell whether the actor may do the action at all (which subjects is scope's matter).

        A machine token may do what its post may and its scopes name. Raises KeyError for an action that the
        table does not know: a fault in the program.
        """
        allowed = self.table.allows(actor.role, action)
        if isinstance(actor, MachineActor):
            return allowed and action in actor.scopes
        return allowed

    def require(self, actor: Actor, action: str) -> None:
        """Raise Forbidden ``identity.not_allowed`` unless the actor may do the action.

        Somebody who must first change their password or set up a second factor gets
        ``identity.must_change_password`` or ``identity.must_set_up_totp``.
        """
        if isinstance(actor, ObligedActor):
            first = "password" in actor.obligations
            raise Forbidden("identity.must_change_password" if first else "identity.must_set_up_totp")
        if not self.allows(actor, action):
            raise Forbidden("identity.not_allowed", action=action)

    def actions_of(self, actor: Actor) -> tuple[str, ...]:
        """Return every action the actor may do, sorted: what a page offers."""
        return tuple(sorted(name for name in self.table.of(actor.role) if self.allows(actor, name)))

    def scope_params(self, actor: Actor) -> dict[str, SqlValue]:
        """Return the parameters of the scope predicate (``server/identity/scope.sql``)."""
        clerk = actor.role is Role.RECORDS_CLERK
        return {
            "g_post": actor.post_grantee,
            "g_role": actor.role_grantee,
            "g_clerk_of": actor.body_id if clerk else "",
            "g_mandate": actor.mandate_id,
            "g_today": local_date(self.clock.now()).isoformat(),
        }

    def require_assignable(
        self, actor: Actor, posts: Iterable[Post], units_below: Sequence[str] = ()
    ) -> None:
        """Check that the actor may give work to these posts.

        Leaders and chiefs of office assign inside their body; a head of unit inside their unit and the units
        below it (``units_below``, ids). Raises Forbidden ``identity.assign_outside`` naming the post.
        """
        self.require(actor, "circulation.assign")
        inside = {actor.unit_id, *units_below}
        for post in posts:
            same_body = post.body_id == actor.body_id
            if actor.role in ASSIGNS_IN_BODY and same_body:
                continue
            if actor.role is Role.HEAD_OF_UNIT and same_body and actor.unit_id and post.unit_id in inside:
                continue
            raise Forbidden("identity.assign_outside", post=post.title)


def require_person(actor: Actor) -> None:
    """Raise Forbidden ``identity.by_machine`` for a machine token: sessions and secrets are a person's."""
    if isinstance(actor, MachineActor):
        raise Forbidden("identity.by_machine")

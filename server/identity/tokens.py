"""Machine tokens: a bearer bound to an account, one of its posts, and scopes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from server.identity import sealing
from server.identity.access import Access, require_person
from server.identity.model import IssuedToken, MachineToken
from server.identity.store import AccountStore
from server.identity.store_sessions import SessionStore
from server.kernel.actor import Actor
from server.kernel.clock import local_date
from server.kernel.errors import Fault, Forbidden, Invalid, NotFound
from server.kernel.record import Subject
from server.unit import Units

LIFE_MAX = timedelta(days=366)
"""No machine token lives longer: a forgotten one ends by itself."""


class Tokens:
    """One's own machine tokens. Nobody makes one for somebody else: an administrator would see content."""

    def __init__(self, units: Units, access: Access) -> None:
        self._units = units
        self._access = access
        self._accounts = AccountStore(units.reader.engine)
        self._store = SessionStore(units.reader.engine)

    async def issue(
        self, actor: Actor, *, post_id: str, name: str, scopes: tuple[str, ...], expires_at: datetime
    ) -> IssuedToken:
        """Make a token for one of one's own posts; its secret is shown this once.

        Raises Invalid with every fault (``identity.token_unnamed``, ``identity.scope_unknown``,
        ``identity.token_life``), Forbidden ``identity.post_not_held``, ``identity.by_machine`` (a machine
        makes no tokens).
        """
        require_person(actor)
        if faults := self._faults(name, scopes, expires_at):
            raise Invalid.of(faults)
        secret = sealing.new_token(sealing.MACHINE_PREFIX)
        async with self._units.begin(actor) as unit:
            held = await self._accounts.held_posts(unit, actor.account_id, local_date(unit.now))
            post = next((each for each in held if each.post_id == post_id), None)
            if post is None:
                raise Forbidden("identity.post_not_held", post=post_id)
            for scope in scopes:
                if not self._access.table.allows(post.role, scope):
                    raise Forbidden("identity.not_allowed", action=scope)
            token = MachineToken(
                id=unit.new_id(),
                account_id=actor.account_id,
                post_id=post_id,
                name=name.strip(),
                scopes=tuple(sorted(set(scopes))),
                created_at=unit.now,
                expires_at=expires_at,
                revoked_at=None,
            )
            await self._store.insert_token(unit, token, sealing.digest(secret))
            subject = Subject("token", token.id, post.body_id)
            unit.record(
                "identity.issue_token", subject, new=token, detail={"post": post_id, "name": token.name}
            )
            issued = IssuedToken(token, secret)
            # Shown once: a retry with the same Idempotency-Key gets the answer without the secret.
            unit.answer(replace(issued, secret=""))
            return issued

    async def tokens_of(self, actor: Actor) -> list[MachineToken]:
        """Return one's own tokens, ended ones too, the newest first."""
        return await self._store.tokens_of(self._units.reader, actor.account_id)

    async def revoke(self, actor: Actor, token_id: str) -> None:
        """Revoke one of one's own tokens at once; a machine may not, lest a stolen token stop the others.

        Raises NotFound ``identity.token_unknown``, Forbidden ``identity.by_machine``.
        """
        require_person(actor)
        async with self._units.begin(actor) as unit:
            if not await self._store.revoke_token(unit, token_id, actor.account_id):
                raise NotFound("identity.token_unknown")
            unit.record("identity.revoke_token", Subject("token", token_id))
            unit.answer(None)

    def _faults(self, name: str, scopes: tuple[str, ...], expires_at: datetime) -> list[Fault]:
        faults = []
        if not name.strip():
            faults.append(Fault("identity.token_unnamed", "/name"))
        if not scopes:
            faults.append(Fault("identity.scope_missing", "/scopes"))
        faults += [
            Fault("identity.scope_unknown", f"/scopes/{index}", {"scope": scope})
            for index, scope in enumerate(scopes)
            if scope not in self._access.table
        ]
        now = self._units.now()
        if not now < expires_at <= now + LIFE_MAX:
            faults.append(Fault("identity.token_life", "/expires_at", {"days": LIFE_MAX.days}))
        return faults

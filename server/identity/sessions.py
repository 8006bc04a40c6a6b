"""Signing in, resuming, acting in a post, ending: sessions kept on the server.

The cookie holds 256 random bits; the row holds their SHA-256. A session ends by sign-out, after a time
without an act (idle) and after a time altogether (absolute). Signing in always begins a new session and ends
the one the browser came with.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from server.identity import sealing
from server.identity.access import require_person
from server.identity.limits import Limits
from server.identity.model import (
    AccountState,
    HeldPost,
    MachineActor,
    ObligedActor,
    Resumed,
    Session,
    SignedIn,
)
from server.identity.passwords import Passwords
from server.identity.rules import Limit, normal_username
from server.identity.secondfactor import SecondFactor
from server.identity.store import AccountStore, Credentials
from server.identity.store_sessions import ResumedRow, SessionStore, TokenRow
from server.kernel.actor import Actor, RequestContext, Role
from server.kernel.clock import local_date
from server.kernel.errors import Forbidden, NotFound, Unauthenticated
from server.kernel.record import Subject
from server.unit import Unit, Units

SEEN_EVERY = timedelta(seconds=60)
"""How exact ``last_seen_at`` is: writing every act would make a write of every read."""
SEEN_DELAY_SECONDS = 5.0
"""How long acts are collected before they are written together."""
USER_AGENT_MAX = 200


@dataclass(frozen=True, slots=True)
class SessionSettings:
    """Times and limits, from the settings of the installation."""

    idle: timedelta
    """Without an act."""
    absolute: timedelta
    """Altogether."""
    account_limit: Limit
    """Wrong sign-ins of one account."""
    address_limit: Limit
    """Sign-ins of one network address; an office shares one."""
    totp_required: frozenset[Role]
    """Roles that may do nothing before they have a second factor."""


class Sessions:
    """Who stands behind a token, and how they got it."""

    def __init__(
        self,
        units: Units,
        passwords: Passwords,
        factor: SecondFactor,
        limits: Limits,
        settings: SessionSettings,
    ) -> None:
        self._units = units
        self._passwords = passwords
        self._factor = factor
        self._limits = limits
        self._settings = settings
        self._accounts = AccountStore(units.reader.engine)
        self._store = SessionStore(units.reader.engine)
        self._seen: dict[str, datetime] = {}
        self._flush: asyncio.Task[None] | None = None

    async def sign_in(
        self,
        username: str,
        password: str,
        *,
        code: str = "",
        request: RequestContext,
        user_agent: str = "",
        previous: str = "",
    ) -> SignedIn:
        """Begin a session. ``code`` is a TOTP or recovery code; ``previous`` the token the browser came with.

        Raises Unauthenticated ``identity.sign_in_refused`` (name, password or account, never said which),
        ``identity.code_needed``, ``identity.code_wrong``; Forbidden ``identity.account_locked`` (the password
        was right); TooMany ``identity.too_many``; Unavailable ``identity.busy``.
        """
        name = normal_username(username)
        charged = {f"account:{name[:100]}": self._settings.account_limit}
        if request.address:
            charged[f"address:{request.address}"] = self._settings.address_limit
        rests = await self._limits.charge(charged)
        account = await self._accounts.credentials_by_username(self._units.reader, name)
        stored = account.password_hash if account else ""
        if not await self._passwords.verify(stored, password) or account is None:
            await self._failed(account, request, rested=bool(rests))
            raise Unauthenticated("identity.sign_in_refused")
        if account.state is not AccountState.ACTIVE:
            await self._failed(account, request, rested=bool(rests))
            if account.state is AccountState.LOCKED:
                raise Forbidden("identity.account_locked")
            raise Unauthenticated("identity.sign_in_refused")
        if account.totp_sealed is not None and not code:
            # The password was right and no code was tried: this was no wrong attempt.
            await self._limits.refund(list(charged))
            raise Unauthenticated("identity.code_needed", field="/code")
        fresh_hash = await self._passwords.hash(password) if self._passwords.outdated(stored) else ""
        try:
            token = await self._begin(account, code, request, user_agent, previous, fresh_hash)
        except Unauthenticated:
            await self._failed(account, request, rested=bool(rests))
            raise
        addresses = [key for key in charged if key.startswith("address:")]
        await self._limits.refund(addresses, clear=[key for key in charged if key not in addresses])
        resumed = await self.resumed(token, request=request)
        if resumed is None:
            raise Unauthenticated("identity.sign_in_refused")
        return SignedIn(token, resumed)

    async def resume(
        self, token: str, post_id: str = "", request: RequestContext | None = None, *, touch: bool = True
    ) -> Actor | None:
        """Return the actor behind a token; None = nobody (any more). As ``resumed``, without the rest."""
        found = await self.resumed(token, post_id, request, touch=touch)
        return None if found is None else found.actor

    async def resumed(
        self, token: str, post_id: str = "", request: RequestContext | None = None, *, touch: bool = True
    ) -> Resumed | None:
        """Return who stands behind a session token or machine token; None = nobody (any more).

        One statement. ``post_id`` asks for another post than the session's for this request; raises Forbidden
        ``identity.post_not_held`` when the account does not hold it today. Without ``touch`` this is no act
        of the person (an open page that asks whether the session lives), so the idle time runs on.
        """
        context = request or RequestContext()
        if not (token.isascii() and post_id.isascii()):
            return None
        if token.startswith(sealing.MACHINE_PREFIX):
            return await self._resume_token(token, post_id, context)
        if not token.startswith(sealing.SESSION_PREFIX):
            return None
        now = self._units.now()
        row = await self._store.resume(
            self._units.reader,
            sealing.digest(token),
            now=now,
            idle_before=now - self._settings.idle,
            today=local_date(now),
            post_id=post_id,
        )
        if row is None:
            return None
        if post_id and row.post_id != post_id:
            raise Forbidden("identity.post_not_held", post=post_id)
        if touch:
            self._note_seen(row, now)
        obligations = self._obligations(row)
        actor = _actor(row, _in_session(context, row.session_id))
        return Resumed(
            actor=_obliged(actor, obligations) if obligations else actor,
            session_id=row.session_id,
            expires_at=min(row.expires_at, now + self._settings.idle),
            obligations=obligations,
            machine=False,
        )

    async def sign_out(self, actor: Actor, token: str) -> None:
        """End the session of a token; ending it twice is no fault. A machine has none: Forbidden."""
        require_person(actor)
        async with self._units.begin(actor) as unit:
            await self._store.end_by_digest(unit, sealing.digest(token))
            unit.record("identity.sign_out", Subject("account", actor.account_id))

    async def act_as(self, actor: Actor, post_id: str) -> HeldPost:
        """Choose the post this session acts in. Raises Forbidden ``identity.post_not_held``."""
        require_person(actor)
        async with self._units.begin(actor) as unit:
            held = await self._accounts.held_posts(unit, actor.account_id, local_date(unit.now))
            chosen = next((post for post in held if post.post_id == post_id), None)
            if chosen is None:
                raise Forbidden("identity.post_not_held", post=post_id)
            session_id = actor.request.session_id
            if not await self._store.choose_post(unit, session_id, actor.account_id, post_id):
                raise NotFound("identity.session_unknown")
            subject = Subject("account", actor.account_id, chosen.body_id)
            unit.record("identity.act_as", subject, detail={"post": post_id})
            return unit.answer(chosen)

    async def sessions_of(self, actor: Actor) -> list[Session]:
        """Return one's own sessions, the newest first."""
        now = self._units.now()
        return await self._store.sessions_of(
            self._units.reader, actor.account_id, now=now, idle_before=now - self._settings.idle
        )

    async def end(self, actor: Actor, session_id: str) -> None:
        """End one of one's own sessions. Raises NotFound ``identity.session_unknown``, Forbidden."""
        require_person(actor)
        async with self._units.begin(actor) as unit:
            if not await self._store.end(unit, session_id, actor.account_id):
                raise NotFound("identity.session_unknown")
            detail = {"session": session_id}
            unit.record("identity.end_session", Subject("account", actor.account_id), detail=detail)
            unit.answer(None)

    async def end_others(self, actor: Actor) -> int:
        """End one's own sessions but the present one; return how many. A machine may not."""
        require_person(actor)
        async with self._units.begin(actor) as unit:
            count = await self._store.end_all(unit, actor.account_id, keep=actor.request.session_id)
            detail = {"count": count}
            unit.record("identity.end_sessions", Subject("account", actor.account_id), detail=detail)
            return unit.answer(count)

    async def purge(self) -> None:
        """Delete what has ended by itself; called by a schedule, once an hour is enough."""
        now = self._units.now()
        await self._store.purge(self._units.reader, now=now, idle_before=now - self._settings.idle)
        await self._limits.purge()

    async def flush_seen(self) -> None:
        """Write when sessions were last seen; done by itself a few seconds after an act."""
        seen, self._seen = self._seen, {}
        if seen:
            await self._store.write_seen(self._units.reader, seen)

    async def close(self) -> None:
        """Write what was collected and stop."""
        if self._flush is not None:
            self._flush.cancel()
            await asyncio.gather(self._flush, return_exceptions=True)
        await self.flush_seen()

    async def _begin(
        self,
        account: Credentials,
        code: str,
        request: RequestContext,
        user_agent: str,
        previous: str,
        fresh_hash: str,
    ) -> str:
        token = sealing.new_token(sealing.SESSION_PREFIX)
        actor = Actor(account.id, account.full_name, None, request=replace(request, once=None))
        async with self._units.begin(actor) as unit:
            how = (
                await self._factor.use(unit, account, code) if account.totp_sealed is not None else "password"
            )
            if previous:
                await self._store.end_by_digest(unit, sealing.digest(previous))
            if fresh_hash:
                await self._accounts.rehash(unit, account.id, account.password_hash, fresh_hash)
            session_id = unit.new_id()
            await self._store.insert(
                unit,
                session_id=session_id,
                digest=sealing.digest(token),
                account_id=account.id,
                expires_at=unit.now + self._settings.absolute,
                address=request.address,
                # Headers may carry bytes that are no text.
                user_agent=user_agent[:USER_AGENT_MAX].encode("utf-8", "replace").decode(),
            )
            detail = {"session": session_id, "factor": how}
            unit.record("identity.sign_in", Subject("account", account.id), detail=detail)
        return token

    async def _failed(self, account: Credentials | None, request: RequestContext, *, rested: bool) -> None:
        # Unknown names leave no entry: people type passwords into the wrong field.
        if account is None:
            return
        actor = Actor("", "", None, request=replace(request, once=None))
        async with self._units.begin(actor) as unit:
            _record_failure(unit, account, rested=rested)

    async def _resume_token(self, token: str, post_id: str, context: RequestContext) -> Resumed | None:
        now = self._units.now()
        row = await self._store.resume_token(
            self._units.reader, sealing.digest(token), now=now, today=local_date(now)
        )
        if row is None:
            return None
        if post_id and row.post_id != post_id:
            raise Forbidden("identity.post_not_held", post=post_id)
        named = _named(row, _in_session(context, row.session_id))
        return Resumed(
            actor=MachineActor(**named, scopes=frozenset(row.scopes)),
            session_id=row.session_id,
            expires_at=row.expires_at,
            obligations=(),
            machine=True,
        )

    def _obligations(self, row: ResumedRow) -> tuple[str, ...]:
        found = []
        if row.must_change_password:
            found.append("password")
        if row.role in self._settings.totp_required and not row.totp_enabled:
            found.append("totp")
        return tuple(found)

    def _note_seen(self, row: ResumedRow, now: datetime) -> None:
        if now - row.last_seen_at < SEEN_EVERY:
            return
        self._seen[row.session_id] = now
        if self._flush is None or self._flush.done():
            self._flush = asyncio.get_running_loop().create_task(self._flush_soon())

    async def _flush_soon(self) -> None:
        await asyncio.sleep(SEEN_DELAY_SECONDS)
        await self.flush_seen()


def _record_failure(unit: Unit, account: Credentials, *, rested: bool) -> None:
    unit.record("identity.sign_in_failed", Subject("account", account.id))
    if rested:
        unit.record("identity.sign_in_rests", Subject("account", account.id))


def _in_session(context: RequestContext, session_id: str) -> RequestContext:
    # Written out: this runs in every request, and ``replace`` costs three times as much.
    return RequestContext(context.request_id, context.address, context.channel, session_id, context.once)


def _named(row: ResumedRow | TokenRow, request: RequestContext) -> dict[str, Any]:
    """Return the fields of Actor; their types are Actor's own, no common type can name them."""
    return {
        "account_id": row.account_id,
        "name": row.full_name,
        "role": row.role,
        "body_id": row.body_id,
        "body_name": row.body_name,
        "unit_id": row.unit_id,
        "post_id": row.post_id,
        "post_title": row.post_title,
        "on_behalf": row.on_behalf,
        "mandate_id": row.mandate_id,
        "request": request,
    }


def _actor(row: ResumedRow | TokenRow, request: RequestContext) -> Actor:
    return Actor(**_named(row, request))


def _obliged(actor: Actor, obligations: tuple[str, ...]) -> ObligedActor:
    """Take the role away, so that the permission table allows nothing."""
    kept = {field.name: getattr(actor, field.name) for field in fields(Actor)}
    return ObligedActor(**{**kept, "role": None}, obligations=obligations)

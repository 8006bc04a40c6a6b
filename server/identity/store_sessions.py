"""Rows of sessions and machine tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import msgspec

from server.identity.model import MachineToken, Session
from server.kernel.actor import Role
from server.kernel.clock import text
from server.unit import Unit
from storage.sql.protocol import Database, Params, Reader
from storage.sql.rows import Json
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True, slots=True)
class ResumedRow:
    """What ``resume`` reads."""

    session_id: str
    account_id: str
    last_seen_at: datetime
    expires_at: datetime
    full_name: str
    must_change_password: bool
    totp_enabled: bool
    post_id: str
    post_title: str
    role: Role | None
    unit_id: str
    body_id: str
    body_name: str
    on_behalf: str
    mandate_id: str


@dataclass(frozen=True, slots=True)
class TokenRow:
    """What ``resume_token`` reads."""

    session_id: str
    account_id: str
    scopes: Annotated[tuple[str, ...], Json]
    expires_at: datetime
    full_name: str
    post_id: str
    post_title: str
    role: Role | None
    unit_id: str
    body_id: str
    body_name: str
    on_behalf: str
    mandate_id: str


@dataclass(frozen=True, slots=True)
class _Token:
    id: str
    account_id: str
    post_id: str
    name: str
    scopes: Annotated[tuple[str, ...], Json]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


class SessionStore:
    """Statements over sessions and tokens."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def resume(
        self,
        reader: Reader,
        digest: bytes,
        *,
        now: datetime,
        idle_before: datetime,
        today: date,
        post_id: str,
    ) -> ResumedRow | None:
        """Return a session that is still good, with the post it acts in."""
        params: Params = {
            "digest": digest,
            "now": text(now),
            "idle_before": text(idle_before),
            "today": today.isoformat(),
            "post_id": post_id,
        }
        return await reader.fetch_one(self._statements["resume"], params, ResumedRow)

    async def resume_token(
        self, reader: Reader, digest: bytes, *, now: datetime, today: date
    ) -> TokenRow | None:
        """Return a machine token that is still good, with its post."""
        params: Params = {"digest": digest, "now": text(now), "today": today.isoformat()}
        return await reader.fetch_one(self._statements["resume_token"], params, TokenRow)

    async def insert(
        self,
        unit: Unit,
        *,
        session_id: str,
        digest: bytes,
        account_id: str,
        expires_at: datetime,
        address: str,
        user_agent: str,
    ) -> None:
        """Write a new session."""
        params: Params = {
            "id": session_id,
            "digest": digest,
            "account_id": account_id,
            "created_at": text(unit.now),
            "expires_at": text(expires_at),
            "address": address,
            "user_agent": user_agent,
        }
        await unit.execute(self._statements["insert_session"], params)

    async def sessions_of(
        self, reader: Reader, account_id: str, *, now: datetime, idle_before: datetime
    ) -> list[Session]:
        """Return the sessions of an account that are still good, the newest first."""
        params: Params = {"account_id": account_id, "now": text(now), "idle_before": text(idle_before)}
        return await reader.fetch(self._statements["sessions_of"], params, Session)

    async def choose_post(self, unit: Unit, session_id: str, account_id: str, post_id: str) -> bool:
        """Keep the post a session acts in."""
        params: Params = {"id": session_id, "account_id": account_id, "post_id": post_id}
        return await unit.execute(self._statements["choose_post"], params) == 1

    async def end(self, unit: Unit, session_id: str, account_id: str) -> bool:
        """End one session of an account; False when there is none."""
        params: Params = {"id": session_id, "account_id": account_id}
        return await unit.execute(self._statements["end_session"], params) == 1

    async def end_by_digest(self, unit: Unit, digest: bytes) -> bool:
        """End the session of a token; False when there is none."""
        return await unit.execute(self._statements["end_session_by_digest"], {"digest": digest}) == 1

    async def end_all(self, unit: Unit, account_id: str, *, keep: str = "") -> int:
        """End every session of an account but one; return how many."""
        return await unit.execute(self._statements["end_sessions"], {"account_id": account_id, "keep": keep})

    async def write_seen(self, database: Database, seen: Mapping[str, datetime]) -> None:
        """Write when sessions were last seen: no act, so no unit and no audit entry."""
        rows: list[Params] = [{"id": key, "at": text(at)} for key, at in sorted(seen.items())]
        async with database.transaction() as transaction:
            await transaction.execute_many(self._statements["seen"], rows)

    async def purge(self, database: Database, *, now: datetime, idle_before: datetime) -> None:
        """Delete what has ended by itself: sessions and links."""
        params: Params = {"now": text(now), "idle_before": text(idle_before)}
        async with database.transaction() as transaction:
            await transaction.execute(self._statements["purge_sessions"], params)
            await transaction.execute(self._statements["purge_links"], {"now": text(now)})

    async def insert_token(self, unit: Unit, token: MachineToken, digest: bytes) -> None:
        """Write a new machine token."""
        params: Params = {
            "id": token.id,
            "digest": digest,
            "account_id": token.account_id,
            "post_id": token.post_id,
            "name": token.name,
            "scopes": msgspec.json.encode(token.scopes).decode(),
            "created_at": text(token.created_at),
            "expires_at": text(token.expires_at),
        }
        await unit.execute(self._statements["insert_token"], params)

    async def tokens_of(self, reader: Reader, account_id: str) -> list[MachineToken]:
        """Return the machine tokens of an account, the newest first."""
        params: Params = {"account_id": account_id}
        rows = await reader.fetch(self._statements["tokens_of"], params, _Token)
        return [
            MachineToken(
                row.id,
                row.account_id,
                row.post_id,
                row.name,
                row.scopes,
                row.created_at,
                row.expires_at,
                row.revoked_at,
            )
            for row in rows
        ]

    async def revoke_token(self, unit: Unit, token_id: str, account_id: str) -> bool:
        """Revoke one token of an account; False when there is none in force."""
        params: Params = {"id": token_id, "account_id": account_id, "now": text(unit.now)}
        return await unit.execute(self._statements["revoke_token"], params) == 1

    async def revoke_tokens(self, unit: Unit, account_id: str) -> int:
        """Revoke every token of an account; return how many."""
        params: Params = {"account_id": account_id, "now": text(unit.now)}
        return await unit.execute(self._statements["revoke_tokens"], params)

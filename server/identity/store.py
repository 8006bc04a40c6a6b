"""Rows of accounts, their secrets and one-time links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import msgspec

from server.identity.model import Account, AccountState, HeldPost, LinkPurpose
from server.kernel.clock import text
from server.organisations.folding import fold, like
from server.unit import Unit
from storage.sql.protocol import Params, Reader
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its secrets: never leaves the room."""

    id: str
    username: str
    full_name: str
    state: AccountState
    password_hash: str
    must_change_password: bool
    totp_sealed: bytes | None
    totp_pending: bytes | None
    totp_step: int
    version: int


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link that is still good, and whose it is."""

    account_id: str
    purpose: LinkPurpose
    expires_at: datetime
    username: str
    full_name: str
    state: AccountState


@dataclass(frozen=True, slots=True)
class NewRow:
    """An account to be written."""

    id: str
    username: str
    full_name: str
    email: str = ""
    phone: str = ""
    state: AccountState = AccountState.INVITED
    password_hash: str = ""
    must_change_password: bool = False


@dataclass(frozen=True, slots=True)
class _Number:
    number: int


@dataclass(frozen=True, slots=True)
class _Name:
    id: str
    full_name: str


def names_param(names: Sequence[str]) -> str:
    """Return names as the JSON array that ``{{list:...}}`` reads."""
    return msgspec.json.encode(list(names)).decode()


class AccountStore:
    """Statements over accounts. Every method takes a reader or the open unit first."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def account(self, reader: Reader, account_id: str) -> Account | None:
        """Return one account without its secrets."""
        return await reader.fetch_one(self._statements["account"], {"id": account_id}, Account)

    async def by_usernames(self, reader: Reader, usernames: Sequence[str]) -> dict[str, Account]:
        """Return the accounts of these usernames that exist, by username."""
        params: Params = {"usernames": names_param(usernames)}
        rows = await reader.fetch(self._statements["accounts_by_username"], params, Account)
        return {account.username: account for account in rows}

    async def names(self, reader: Reader, ids: Sequence[str]) -> dict[str, str]:
        """Return full names by account id."""
        rows = await reader.fetch(self._statements["names_of"], {"ids": names_param(ids)}, _Name)
        return {row.id: row.full_name for row in rows}

    async def credentials(self, reader: Reader, account_id: str) -> Credentials | None:
        """Return an account with its secrets."""
        return await reader.fetch_one(self._statements["credentials"], {"id": account_id}, Credentials)

    async def credentials_by_username(self, reader: Reader, username: str) -> Credentials | None:
        """Return an account with its secrets."""
        params: Params = {"username": username}
        return await reader.fetch_one(self._statements["credentials_by_username"], params, Credentials)

    async def page(
        self, reader: Reader, *, after: str, limit: int, query: str, state: str, body_id: str, today: date
    ) -> list[Account]:
        """Return up to ``limit`` accounts after a username."""
        params: Params = {
            "after": after,
            "limit_rows": limit,
            "pattern": like(query),
            "state": state,
            "body_id": body_id,
            "today": today.isoformat(),
        }
        return await reader.fetch(self._statements["accounts_page"], params, Account)

    async def held_posts(self, reader: Reader, account_id: str, today: date) -> list[HeldPost]:
        """Return the posts an account may act in, own ones first."""
        params: Params = {"account_id": account_id, "today": today.isoformat()}
        return await reader.fetch(self._statements["held_posts"], params, HeldPost)

    async def administrators(self, reader: Reader, today: date) -> int:
        """Return how many accounts hold an administrator's post."""
        params: Params = {"today": today.isoformat()}
        row = await reader.fetch_one(self._statements["count_administrators"], params, _Number)
        return row.number if row else 0

    async def insert(self, unit: Unit, rows: Sequence[NewRow]) -> None:
        """Write new accounts in one statement."""
        await unit.execute_many(
            self._statements["insert_account"],
            [
                {
                    "id": row.id,
                    "username": row.username,
                    "full_name": row.full_name,
                    "email": row.email,
                    "phone": row.phone,
                    "state": row.state.value,
                    "search": _search(row.username, row.full_name),
                    "password_hash": row.password_hash,
                    "must_change_password": int(row.must_change_password),
                    "created_at": text(unit.now),
                }
                for row in rows
            ],
        )

    async def update(
        self, unit: Unit, account: Account, *, full_name: str, email: str, phone: str, version: int
    ) -> bool:
        """Write names and addresses; False when somebody was faster."""
        params: Params = {
            "id": account.id,
            "full_name": full_name,
            "email": email,
            "phone": phone,
            "search": _search(account.username, full_name),
            "version": version,
        }
        return await unit.execute(self._statements["update_account"], params) == 1

    async def set_state(self, unit: Unit, account_id: str, state: AccountState) -> bool:
        """Change the state; False when it is so already."""
        params: Params = {"id": account_id, "state": state.value}
        return await unit.execute(self._statements["set_state"], params) == 1

    async def set_password(
        self, unit: Unit, account_id: str, password_hash: str, *, must_change: bool
    ) -> None:
        """Write a new password; an invited account becomes active."""
        params: Params = {
            "id": account_id,
            "password_hash": password_hash,
            "must_change_password": int(must_change),
        }
        await unit.execute(self._statements["set_password"], params)

    async def rehash(self, unit: Unit, account_id: str, old_hash: str, password_hash: str) -> None:
        """Replace a hash by one of the same password at today's cost."""
        params: Params = {"id": account_id, "old_hash": old_hash, "password_hash": password_hash}
        await unit.execute(self._statements["rehash"], params)

    async def set_totp_pending(self, unit: Unit, account_id: str, sealed: bytes) -> None:
        """Keep a sealed TOTP secret that is not confirmed yet."""
        await unit.execute(self._statements["set_totp_pending"], {"id": account_id, "sealed": sealed})

    async def enable_totp(self, unit: Unit, account_id: str, sealed: bytes, step: int) -> bool:
        """Make the pending secret the one that counts; False when it is another one by now."""
        params: Params = {"id": account_id, "sealed": sealed, "step": step}
        return await unit.execute(self._statements["enable_totp"], params) == 1

    async def clear_totp(self, unit: Unit, account_id: str) -> None:
        """Take the second factor and its recovery codes away."""
        await unit.execute(self._statements["clear_totp"], {"id": account_id})
        await unit.execute(self._statements["delete_recovery_codes"], {"account_id": account_id})

    async def use_step(self, unit: Unit, account_id: str, step: int) -> bool:
        """Use a time step up; False when it, or a later one, was used before."""
        return await unit.execute(self._statements["use_step"], {"id": account_id, "step": step}) == 1

    async def set_recovery_codes(self, unit: Unit, account_id: str, digests: Sequence[bytes]) -> None:
        """Replace the recovery codes."""
        await unit.execute(self._statements["delete_recovery_codes"], {"account_id": account_id})
        await unit.execute_many(
            self._statements["insert_recovery_code"],
            [{"account_id": account_id, "digest": each} for each in digests],
        )

    async def use_recovery_code(self, unit: Unit, account_id: str, code_digest: bytes) -> bool:
        """Use a recovery code up; False when there is no such code (any more)."""
        params: Params = {"account_id": account_id, "digest": code_digest}
        return await unit.execute(self._statements["use_recovery_code"], params) == 1

    async def insert_link(
        self, unit: Unit, account_id: str, token_digest: bytes, purpose: LinkPurpose, expires_at: datetime
    ) -> None:
        """Write a one-time link; earlier ones of the account are worthless from now on."""
        await unit.execute(self._statements["delete_links"], {"account_id": account_id})
        params: Params = {
            "digest": token_digest,
            "account_id": account_id,
            "purpose": purpose.value,
            "expires_at": text(expires_at),
        }
        await unit.execute(self._statements["insert_link"], params)

    async def link(self, reader: Reader, token_digest: bytes, now: datetime) -> Link | None:
        """Return a link that is still good."""
        params: Params = {"digest": token_digest, "now": text(now)}
        return await reader.fetch_one(self._statements["link"], params, Link)

    async def use_link(self, unit: Unit, token_digest: bytes) -> bool:
        """Use a link up; False when somebody was faster."""
        return await unit.execute(self._statements["use_link"], {"digest": token_digest}) == 1

    async def delete_links(self, unit: Unit, account_id: str) -> None:
        """Make every link of an account worthless."""
        await unit.execute(self._statements["delete_links"], {"account_id": account_id})


def _search(username: str, full_name: str) -> str:
    return fold(f"{full_name} {username}")

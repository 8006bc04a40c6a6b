"""Rows of units, posts, holdings and authorities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path

from server.kernel.actor import Role
from server.organisations.model import Authority, Holder, Holding, Post, Unit
from server.organisations.store import ids_param, iso
from server.unit import Unit as Work
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.statements import Engine, load_all


class PostStore:
    """Statements over what stands inside bodies. Every method takes a reader or the open unit first."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def units_of(self, reader: Reader, body_id: str) -> list[Unit]:
        """Return the units of a body, closed ones too."""
        return await reader.fetch(self._statements["units_of"], {"body_id": body_id}, Unit)

    async def unit(self, reader: Reader, unit_id: str) -> Unit | None:
        """Return one unit."""
        return await reader.fetch_one(self._statements["unit"], {"id": unit_id}, Unit)

    async def all_units(self, reader: Reader) -> dict[str, Unit]:
        """Return every unit by id."""
        return {unit.id: unit for unit in await reader.fetch(self._statements["all_units"], {}, Unit)}

    async def posts_of(self, reader: Reader, body_id: str) -> list[Post]:
        """Return the posts of a body, abolished ones too."""
        return await reader.fetch(self._statements["posts_of"], {"body_id": body_id}, Post)

    async def posts(self, reader: Reader, ids: Sequence[str]) -> dict[str, Post]:
        """Return the posts of these ids that exist, by id."""
        rows = await reader.fetch(self._statements["posts_by_id"], {"ids": ids_param(ids)}, Post)
        return {post.id: post for post in rows}

    async def all_posts(self, reader: Reader) -> dict[str, Post]:
        """Return every post by id."""
        return {post.id: post for post in await reader.fetch(self._statements["all_posts"], {}, Post)}

    async def write_units(self, unit: Work, new: Sequence[Unit], changed: Sequence[Unit]) -> None:
        """Insert and update units, one statement each."""
        await unit.execute_many(self._statements["insert_unit"], [_dated(row) for row in new])
        await unit.execute_many(
            self._statements["update_unit"], [_without(row, "body_id") for row in changed]
        )

    async def write_posts(self, unit: Work, new: Sequence[Post], changed: Sequence[Post]) -> None:
        """Insert and update posts, one statement each."""
        await unit.execute_many(self._statements["insert_post"], [_dated(row) for row in new])
        await unit.execute_many(
            self._statements["update_post"], [_without(row, "body_id") for row in changed]
        )

    async def end_all_of(self, unit: Work, body_id: str, on: date) -> tuple[int, int, int]:
        """End units, posts, holdings and authorities of a body; return how many of the first three."""
        params: Params = {"body_id": body_id, "valid_to": iso(on)}
        units = await unit.execute(self._statements["end_units"], params)
        holdings = await unit.execute(self._statements["end_holdings_of_body"], params)
        await unit.execute(self._statements["end_authorities_of_body"], params)
        posts = await unit.execute(self._statements["end_posts"], params)
        return units, posts, holdings

    async def holders(self, reader: Reader, ids: Sequence[str], on: date) -> list[Holder]:
        """Return who holds these posts on a day, delegates too."""
        params: Params = {"ids": ids_param(ids), "on_day": iso(on)}
        return await reader.fetch(self._statements["holders"], params, Holder)

    async def role_holders(self, reader: Reader, body_id: str, role: Role, on: date) -> list[Holder]:
        """Return who holds posts of a role in a body on a day."""
        params: Params = {"body_id": body_id, "role": role.value, "on_day": iso(on)}
        return await reader.fetch(self._statements["role_holders"], params, Holder)

    async def holdings_of_posts(self, reader: Reader, ids: Sequence[str]) -> list[Holding]:
        """Return every holding of these posts, past ones too."""
        return await reader.fetch(self._statements["holdings_of_posts"], {"ids": ids_param(ids)}, Holding)

    async def holdings_of_account(self, reader: Reader, account_id: str) -> list[Holding]:
        """Return every holding of an account, past ones too."""
        params: Params = {"account_id": account_id}
        return await reader.fetch(self._statements["holdings_of_account"], params, Holding)

    async def insert_holdings(self, unit: Work, holdings: Sequence[Holding]) -> None:
        """Write holdings."""
        await unit.execute_many(self._statements["insert_holding"], [_dated(row) for row in holdings])

    async def end_holding(self, unit: Work, holding: Holding, on: date) -> None:
        """End a holding on a day; one that has not begun by then is taken out."""
        if on <= holding.valid_from:
            await unit.execute(self._statements["delete_holding"], {"id": holding.id})
        else:
            await unit.execute(self._statements["end_holding"], {"id": holding.id, "valid_to": iso(on)})

    async def authorities_of_post(self, reader: Reader, post_id: str, body_id: str = "") -> list[Authority]:
        """Return the authorities of a post (to sign for one body), past ones too."""
        params: Params = {"post_id": post_id, "body_id": body_id}
        return await reader.fetch(self._statements["authorities_of_post"], params, Authority)

    async def authority(self, reader: Reader, authority_id: str) -> Authority | None:
        """Return one authority."""
        return await reader.fetch_one(self._statements["authority"], {"id": authority_id}, Authority)

    async def all_authorities(self, reader: Reader) -> dict[str, Authority]:
        """Return every authority by id."""
        rows = await reader.fetch(self._statements["all_authorities"], {}, Authority)
        return {authority.id: authority for authority in rows}

    async def authorities_of_body(self, reader: Reader, body_id: str) -> list[Authority]:
        """Return who may or might sign for a body."""
        return await reader.fetch(self._statements["authorities_of_body"], {"body_id": body_id}, Authority)

    async def write_authorities(
        self, unit: Work, new: Sequence[Authority], changed: Sequence[Authority]
    ) -> None:
        """Insert and update authorities, one statement each."""
        await unit.execute_many(self._statements["insert_authority"], [_dated(row) for row in new])
        await unit.execute_many(
            self._statements["update_authority"],
            [_without(row, "post_id", "body_id", "mode") for row in changed],
        )


def _dated(row: Unit | Post | Holding | Authority) -> dict[str, SqlValue]:
    values: dict[str, SqlValue] = asdict(row)
    return values | {"valid_from": iso(row.valid_from), "valid_to": iso(row.valid_to)}


def _without(row: Unit | Post | Authority, *names: str) -> dict[str, SqlValue]:
    return {name: value for name, value in _dated(row).items() if name not in names}

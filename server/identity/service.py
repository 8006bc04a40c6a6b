"""Accounts: making them, passwords, posts, handing over work, leaving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from server.identity import sealing
from server.identity.access import Access, require_person
from server.identity.model import (
    Account,
    AccountDetail,
    AccountState,
    HandedOver,
    Left,
    LinkPurpose,
    NewAccount,
    OneTimeLink,
)
from server.identity.passwords import Passwords
from server.identity.rules import normal_username, password_faults
from server.identity.store import AccountStore, NewRow
from server.identity.store_sessions import SessionStore
from server.kernel.actor import SYSTEM, Actor, RequestContext
from server.kernel.clock import local_date
from server.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.kernel.page import Page, PageRequest
from server.kernel.record import Subject
from server.organisations.model import Holding, HoldingKind
from server.organisations.staffing import Staffing
from server.unit import Unit, Units
from storage.sql.protocol import Reader

__all__ = ["MANAGE", "Identity", "NewAccount"]

MANAGE = "identity.manage"
INVITATION_LIFE = timedelta(days=7)
"""How long an invitation is good: a week of leave must not waste it."""
RESET_LIFE = timedelta(hours=24)
"""How long a reset is good."""


class Identity:
    """Commands and look-ups over accounts. Sessions, second factors, tokens and mandates have their own."""

    def __init__(self, units: Units, access: Access, passwords: Passwords, staffing: Staffing) -> None:
        self._units = units
        self._access = access
        self._passwords = passwords
        self._staffing = staffing
        self._accounts = AccountStore(units.reader.engine)
        self._sessions = SessionStore(units.reader.engine)

    async def me(self, actor: Actor) -> AccountDetail:
        """Return one's own account and the posts one may act in today."""
        return await self._detail(actor.account_id)

    async def account(self, actor: Actor, account_id: str) -> AccountDetail:
        """Return an account (one's own, or any with ``identity.manage``). Raises NotFound, Forbidden."""
        if account_id != actor.account_id:
            self._access.require(actor, MANAGE)
        return await self._detail(account_id)

    async def accounts(
        self,
        actor: Actor,
        page: PageRequest,
        *,
        query: str = "",
        state: AccountState | None = None,
        body_id: str = "",
    ) -> Page[Account]:
        """Return accounts by username; ``body_id`` keeps those that hold a post in that body today."""
        self._access.require(actor, MANAGE)
        rows = await self._accounts.page(
            self._units.reader,
            after=page.after,
            limit=page.limit + 1,
            query=query,
            state=state.value if state else "",
            body_id=body_id,
            today=self._today(),
        )
        return Page(rows[: page.limit], rows[page.limit - 1].username if len(rows) > page.limit else None)

    async def names(self, ids: Sequence[str]) -> Mapping[str, str]:
        """Return full names by account id: for other rooms that show who did what."""
        return await self._accounts.names(self._units.reader, ids)

    async def create(self, actor: Actor, new: NewAccount) -> Account:
        """Make an account without a password (state invited); ``invite`` gives the way to set one.

        Raises Conflict ``identity.username_taken``, Invalid ``identity.name_missing``.
        """
        self._access.require(actor, MANAGE)
        username = normal_username(new.username)
        if not username or not new.full_name.strip():
            raise Invalid("identity.name_missing", field="/username" if not username else "/full_name")
        async with self._units.begin(actor) as unit:
            if await self._accounts.by_usernames(unit, [username]):
                raise Conflict("identity.username_taken", field="/username", username=username)
            row = NewRow(unit.new_id(), username, new.full_name.strip(), new.email, new.phone)
            await self._accounts.insert(unit, [row])
            unit.record("identity.create", Subject("account", row.id), new=row, detail={"username": username})
            return unit.answer(await self._account(unit, row.id))

    async def update(
        self, actor: Actor, account_id: str, *, full_name: str, email: str, phone: str, version: int
    ) -> Account:
        """Change names and addresses. Raises Conflict ``identity.changed_meanwhile``, NotFound."""
        self._access.require(actor, MANAGE)
        if not full_name.strip():
            raise Invalid("identity.name_missing", field="/full_name")
        async with self._units.begin(actor) as unit:
            old = await self._account(unit, account_id)
            if not await self._accounts.update(
                unit, old, full_name=full_name.strip(), email=email, phone=phone, version=version
            ):
                raise Conflict("identity.changed_meanwhile")
            new = await self._account(unit, account_id)
            unit.record("identity.update", Subject("account", account_id), old=old, new=new)
            return unit.answer(new)

    async def invite(self, actor: Actor, account_id: str) -> OneTimeLink:
        """Give a one-time link to set a password (first, or anew after a loss); shown this once.

        Earlier links of the account are worthless from now on. Raises Conflict ``identity.account_left``,
        NotFound.
        """
        self._access.require(actor, MANAGE)
        async with self._units.begin(actor) as unit:
            account = await self._account(unit, account_id)
            return await self._link(unit, account)

    async def accept_link(self, token: str, password: str, *, request: RequestContext) -> Account:
        """Set a password by a one-time link; the link is used up and every session of the account ends.

        Raises Unauthenticated ``identity.link_worthless``, Invalid ``identity.password_*``.
        """
        link = await self._accounts.link(self._units.reader, sealing.digest(token), self._units.now())
        if link is None or link.state not in (AccountState.INVITED, AccountState.ACTIVE):
            raise Unauthenticated("identity.link_worthless")
        if faults := password_faults(password, link.username):
            raise Invalid.of(faults)
        hashed = await self._passwords.hash(password)
        async with self._units.begin(Actor(link.account_id, link.full_name, None, request=request)) as unit:
            if not await self._accounts.use_link(unit, sealing.digest(token)):
                raise Unauthenticated("identity.link_worthless")
            await self._accounts.set_password(unit, link.account_id, hashed, must_change=False)
            await self._sessions.end_all(unit, link.account_id)
            detail = {"purpose": link.purpose.value}
            unit.record("identity.accept_link", Subject("account", link.account_id), detail=detail)
            return unit.answer(await self._account(unit, link.account_id))

    async def change_password(self, actor: Actor, old: str, new: str) -> None:
        """Change one's own password; one's other sessions end.

        Raises Unauthenticated ``identity.password_wrong``, Invalid ``identity.password_*``.
        """
        require_person(actor)
        account = await self._accounts.credentials(self._units.reader, actor.account_id)
        if account is None or not await self._passwords.verify(account.password_hash, old):
            raise Unauthenticated("identity.password_wrong", field="/old")
        if faults := password_faults(new, account.username, "/new"):
            raise Invalid.of(faults)
        hashed = await self._passwords.hash(new)
        async with self._units.begin(actor) as unit:
            await self._accounts.set_password(unit, account.id, hashed, must_change=False)
            await self._accounts.delete_links(unit, account.id)
            await self._sessions.end_all(unit, account.id, keep=actor.request.session_id)
            unit.record("identity.change_password", Subject("account", account.id))
            unit.answer(None)

    async def lock(self, actor: Actor, account_id: str, reason: str) -> Account:
        """Stop an account until it is unlocked: sessions end at once. Raises Conflict, Invalid, NotFound."""
        self._access.require(actor, MANAGE)
        if not reason.strip():
            raise Invalid("identity.reason_missing", field="/reason")
        async with self._units.begin(actor) as unit:
            old = await self._account(unit, account_id)
            if old.state is AccountState.LEFT:
                raise Conflict("identity.account_left")
            before = await self._administrators(unit)
            await self._accounts.set_state(unit, account_id, AccountState.LOCKED)
            await self._keep_administrator(unit, before)
            await self._sessions.end_all(unit, account_id)
            return unit.answer(await self._recorded(unit, "identity.lock", old, reason))

    async def unlock(self, actor: Actor, account_id: str, reason: str) -> Account:
        """Let a stopped account work again. Raises Conflict ``identity.account_not_locked``, NotFound."""
        self._access.require(actor, MANAGE)
        async with self._units.begin(actor) as unit:
            old = await self._account(unit, account_id)
            if old.state is not AccountState.LOCKED:
                raise Conflict("identity.account_not_locked")
            state = AccountState.ACTIVE if old.has_password else AccountState.INVITED
            await self._accounts.set_state(unit, account_id, state)
            return unit.answer(await self._recorded(unit, "identity.unlock", old, reason))

    async def appoint(
        self,
        actor: Actor,
        account_id: str,
        post_id: str,
        *,
        kind: HoldingKind,
        valid_from: date,
        valid_to: date | None = None,
        basis: str = "",
    ) -> Holding:
        """Put a person into a post: appointed, acting, or delegated for named days.

        Raises Invalid with every fault (``organisations.post_taken``, ...), Conflict, NotFound.
        """
        self._access.require(actor, MANAGE)
        async with self._units.begin(actor) as unit:
            await self._present(unit, account_id)
            moved = await self._staffing.place(
                unit,
                post_id=post_id,
                account_id=account_id,
                kind=kind,
                valid_from=valid_from,
                valid_to=valid_to,
                basis=basis,
            )
            return unit.answer(moved.began)

    async def release(self, actor: Actor, account_id: str, post_id: str, *, on: date, basis: str) -> None:
        """End what a person holds of one post on a day. Raises NotFound ``identity.post_not_held``."""
        self._access.require(actor, MANAGE)
        async with self._units.begin(actor) as unit:
            await self._account(unit, account_id)
            before = await self._administrators(unit)
            if not await self._staffing.end_holdings(unit, account_id, on, basis, only=[post_id]):
                raise NotFound("identity.post_not_held", post=post_id)
            await self._keep_administrator(unit, before)
            unit.answer(None)

    async def hand_over(
        self, actor: Actor, post_id: str, to_account_id: str, *, valid_from: date, basis: str
    ) -> HandedOver:
        """Give a post, with all its work, to another person from a day.

        Need to know names posts, so what the post handles stays with it. Raises Invalid
        ``identity.basis_missing``, Conflict ``identity.account_left``, NotFound.
        """
        self._access.require(actor, MANAGE)
        if not basis.strip():
            raise Invalid("identity.basis_missing", field="/basis")
        async with self._units.begin(actor) as unit:
            await self._present(unit, to_account_id)
            return unit.answer(await self._hand_over(unit, post_id, to_account_id, valid_from, basis))

    async def leave(
        self,
        actor: Actor,
        account_id: str,
        *,
        basis: str,
        hand_over: Mapping[str, str] | None = None,
    ) -> Left:
        """A person leaves today: sessions end at once, tokens are revoked, holdings end, the name stays.

        ``hand_over`` gives posts to others in the same act (post -> account). Posts that nobody gets are
        named in the answer; their work waits for the next holder. Raises Invalid ``identity.basis_missing``,
        Conflict ``identity.account_left``, ``identity.last_administrator``, NotFound.
        """
        self._access.require(actor, MANAGE)
        if not basis.strip():
            raise Invalid("identity.basis_missing", field="/basis")
        async with self._units.begin(actor) as unit:
            old = await self._present(unit, account_id)
            today = local_date(unit.now)
            before = await self._administrators(unit)
            moved = []
            for post_id, to_account_id in (hand_over or {}).items():
                await self._present(unit, to_account_id)
                moved.append(await self._hand_over(unit, post_id, to_account_id, today, basis))
            ended = await self._staffing.end_holdings(unit, account_id, today, basis)
            await self._accounts.set_state(unit, account_id, AccountState.LEFT)
            await self._keep_administrator(unit, before)
            sessions = await self._sessions.end_all(unit, account_id)
            tokens = await self._sessions.revoke_tokens(unit, account_id)
            await self._accounts.delete_links(unit, account_id)
            await self._accounts.clear_totp(unit, account_id)
            await self._recorded(unit, "identity.leave", old, basis)
            return unit.answer(
                Left(
                    account_id=account_id,
                    sessions_ended=sessions,
                    tokens_revoked=tokens,
                    holdings_ended=len(ended) + len(moved),
                    handed_over=tuple(moved),
                    left_vacant=tuple(sorted({row.post_id for row in ended})),
                )
            )

    async def create_first_administrator(self, username: str, full_name: str, post_id: str) -> OneTimeLink:
        """Make the administrator of an installation that has none; return the link to set the password.

        ``post_id`` is an administrator's post: ``Staffing.administrator_post`` finds or makes one.
        Raises Conflict ``identity.administrator_present``.
        """
        async with self._units.begin(SYSTEM) as unit:
            today = local_date(unit.now)
            name = normal_username(username)
            if await self._administrators(unit):
                raise Conflict("identity.administrator_present")
            known = await self._accounts.by_usernames(unit, [name])
            if name in known:
                raise Conflict("identity.username_taken", field="/username", username=name)
            row = NewRow(unit.new_id(), name, full_name.strip() or name)
            await self._accounts.insert(unit, [row])
            unit.record("identity.create", Subject("account", row.id), new=row, detail={"username": name})
            await self._staffing.place(
                unit,
                post_id=post_id,
                account_id=row.id,
                kind=HoldingKind.APPOINTED,
                valid_from=today,
                valid_to=None,
                basis="",
            )
            return await self._link(unit, await self._account(unit, row.id))

    async def _detail(self, account_id: str) -> AccountDetail:
        account = await self._account(self._units.reader, account_id)
        held = await self._accounts.held_posts(self._units.reader, account_id, self._today())
        return AccountDetail(account, tuple(held))

    async def _link(self, unit: Unit, account: Account) -> OneTimeLink:
        if account.state is AccountState.LEFT:
            raise Conflict("identity.account_left")
        purpose = LinkPurpose.RESET if account.has_password else LinkPurpose.INVITATION
        life = RESET_LIFE if account.has_password else INVITATION_LIFE
        token = sealing.new_token("")
        expires_at: datetime = unit.now + life
        await self._accounts.insert_link(unit, account.id, sealing.digest(token), purpose, expires_at)
        unit.record(f"identity.{purpose.value}", Subject("account", account.id))
        link = OneTimeLink(account.id, account.username, token, expires_at)
        # Shown once: a retry with the same Idempotency-Key gets the answer without the secret.
        unit.answer(replace(link, token=""))
        return link

    async def _hand_over(
        self, unit: Unit, post_id: str, to_account_id: str, valid_from: date, basis: str
    ) -> HandedOver:
        moved = await self._staffing.place(
            unit,
            post_id=post_id,
            account_id=to_account_id,
            kind=HoldingKind.APPOINTED,
            valid_from=valid_from,
            valid_to=None,
            basis=basis,
            replacing=True,
        )
        before = tuple(row.account_id for row in moved.ended)
        detail = {"post": post_id, "to": to_account_id, "from": valid_from.isoformat(), "basis": basis}
        unit.record(
            "identity.hand_over", Subject("post", post_id), old=before, new=to_account_id, detail=detail
        )
        return HandedOver(post_id, before, to_account_id, valid_from)

    async def _recorded(self, unit: Unit, action: str, old: Account, reason: str) -> Account:
        new = await self._account(unit, old.id)
        detail = {"reason": reason, "state": new.state.value}
        unit.record(action, Subject("account", old.id), old=old, new=new, detail=detail)
        return new

    async def _administrators(self, unit: Unit) -> int:
        return await self._accounts.administrators(unit, local_date(unit.now))

    async def _keep_administrator(self, unit: Unit, before: int) -> None:
        """Undo an act that would leave the installation without anybody who can mend it."""
        if before and not await self._administrators(unit):
            raise Conflict("identity.last_administrator")

    async def _present(self, unit: Unit, account_id: str) -> Account:
        account = await self._account(unit, account_id)
        if account.state is AccountState.LEFT:
            raise Conflict("identity.account_left")
        return account

    async def _account(self, reader: Reader, account_id: str) -> Account:
        found = await self._accounts.account(reader, account_id)
        if found is None:
            raise NotFound("identity.account_unknown")
        return found

    def _today(self) -> date:
        return local_date(self._units.now())

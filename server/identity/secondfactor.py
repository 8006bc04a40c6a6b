"""The second factor: TOTP (RFC 6238), recovery codes, and what happens when it is lost."""

from __future__ import annotations

import pyotp

from server.identity import sealing
from server.identity.access import Access, require_person
from server.identity.model import RecoveryCodes, TotpSetup
from server.identity.passwords import Passwords
from server.identity.rules import TOTP_STEP_SECONDS, steps_to_try
from server.identity.store import AccountStore, Credentials
from server.identity.store_sessions import SessionStore
from server.kernel.actor import Actor
from server.kernel.errors import Conflict, Invalid, NotFound, Unauthenticated
from server.kernel.record import Subject
from server.unit import Unit, Units

ISSUER = "Liên Thông"
RECOVERY_CODES = 10
CODE_DIGITS = 6


class SecondFactor:
    """Sets up, confirms, uses and takes away second factors."""

    def __init__(self, units: Units, access: Access, passwords: Passwords, sealer: sealing.Sealer) -> None:
        self._units = units
        self._access = access
        self._passwords = passwords
        self._sealer = sealer
        self._accounts = AccountStore(units.reader.engine)
        self._sessions = SessionStore(units.reader.engine)

    async def begin(self, actor: Actor, password: str) -> TotpSetup:
        """Make a new secret, shown this once; it counts after ``confirm``.

        Raises Unauthenticated ``identity.password_wrong``, Conflict ``identity.totp_present``.
        """
        account = await self._with_password(actor, password)
        if account.totp_sealed is not None:
            raise Conflict("identity.totp_present")
        secret = pyotp.random_base32()
        async with self._units.begin(actor) as unit:
            await self._accounts.set_totp_pending(unit, account.id, self._sealer.seal(secret, account.id))
            unit.record("identity.begin_totp", Subject("account", account.id))
        uri = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=ISSUER)
        return TotpSetup(secret=secret, uri=uri)

    async def confirm(self, actor: Actor, code: str) -> RecoveryCodes:
        """Put the new secret in force by a code of it; return recovery codes, shown this once.

        Raises Conflict ``identity.totp_not_begun``, Invalid ``identity.code_wrong``.
        """
        account = await self._account(actor.account_id)
        if account.totp_pending is None:
            raise Conflict("identity.totp_not_begun")
        secret = self._sealer.open(account.totp_pending, account.id)
        step = _matching_step(secret, code, steps_to_try(self._units.now(), 0))
        if step is None:
            raise Invalid("identity.code_wrong", field="/code")
        codes = sealing.recovery_codes(RECOVERY_CODES)
        async with self._units.begin(actor) as unit:
            if not await self._accounts.enable_totp(unit, account.id, account.totp_pending, step):
                raise Conflict("identity.totp_not_begun")
            await self._accounts.set_recovery_codes(unit, account.id, [_digest(each) for each in codes])
            unit.record("identity.enable_totp", Subject("account", account.id))
        return RecoveryCodes(codes)

    async def renew_recovery_codes(self, actor: Actor, password: str, code: str) -> RecoveryCodes:
        """Replace the recovery codes. Raises Unauthenticated ``identity.password_wrong``, ``.code_wrong``."""
        account = await self._with_password(actor, password)
        codes = sealing.recovery_codes(RECOVERY_CODES)
        async with self._units.begin(actor) as unit:
            await self.use(unit, account, code)
            await self._accounts.set_recovery_codes(unit, account.id, [_digest(each) for each in codes])
            unit.record("identity.renew_recovery_codes", Subject("account", account.id))
        return RecoveryCodes(codes)

    async def remove(self, actor: Actor, password: str, code: str) -> None:
        """Take one's own second factor away. Raises Unauthenticated as above, Conflict when there is none."""
        account = await self._with_password(actor, password)
        async with self._units.begin(actor) as unit:
            await self.use(unit, account, code)
            await self._accounts.clear_totp(unit, account.id)
            unit.record("identity.remove_totp", Subject("account", account.id))
            unit.answer(None)

    async def reset(self, actor: Actor, account_id: str, reason: str) -> None:
        """Take a lost second factor away (administrator); the person signs in and sets up a new one.

        Every session of the account ends. Raises Invalid ``identity.reason_missing``, NotFound, Forbidden.
        """
        self._access.require(actor, "identity.manage")
        if not reason.strip():
            raise Invalid("identity.reason_missing", field="/reason")
        account = await self._account(account_id)
        async with self._units.begin(actor) as unit:
            await self._accounts.clear_totp(unit, account.id)
            await self._sessions.end_all(unit, account.id)
            unit.record(
                "identity.reset_totp",
                Subject("account", account.id),
                old={"totp": account.totp_sealed is not None},
                new={"totp": False},
                detail={"reason": reason},
            )
            unit.answer(None)

    async def use(self, unit: Unit, account: Credentials, code: str) -> str:
        """Use a TOTP or recovery code up inside the caller's unit; return ``totp`` or ``recovery``.

        Raises Unauthenticated ``identity.code_wrong`` (wrong, too old, or used before), Conflict
        ``identity.totp_absent``.
        """
        if account.totp_sealed is None:
            raise Conflict("identity.totp_absent")
        given = code.replace(" ", "")
        if len(given) == CODE_DIGITS:
            secret = self._sealer.open(account.totp_sealed, account.id)
            step = _matching_step(secret, given, steps_to_try(unit.now, account.totp_step))
            if step is not None and await self._accounts.use_step(unit, account.id, step):
                return "totp"
        elif await self._accounts.use_recovery_code(unit, account.id, _digest(given)):
            unit.record("identity.use_recovery_code", Subject("account", account.id))
            return "recovery"
        raise Unauthenticated("identity.code_wrong", field="/code")

    async def _account(self, account_id: str) -> Credentials:
        account = await self._accounts.credentials(self._units.reader, account_id)
        if account is None:
            raise NotFound("identity.account_unknown")
        return account

    async def _with_password(self, actor: Actor, password: str) -> Credentials:
        require_person(actor)
        account = await self._account(actor.account_id)
        if not await self._passwords.verify(account.password_hash, password):
            raise Unauthenticated("identity.password_wrong", field="/password")
        return account


def _matching_step(secret: str, code: str, steps: list[int]) -> int | None:
    """Return the newest step whose code it is; None = of none."""
    totp = pyotp.TOTP(secret, digits=CODE_DIGITS, interval=TOTP_STEP_SECONDS)
    found = None
    for step in steps:
        if pyotp.utils.strings_equal(totp.generate_otp(step), code):
            found = step
    return found


def _digest(code: str) -> bytes:
    return sealing.digest(code.replace("-", "").lower())

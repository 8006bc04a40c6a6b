"""What is allowed with passwords, attempts, codes and mandates. Pure: time is a parameter."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from server.kernel.errors import Fault

PASSWORD_MIN = 10
"""Characters; length does more than character classes (NIST SP 800-63B, 5.1.1.2)."""
PASSWORD_MAX = 200
_COMMON = frozenset(
    {"1234567890", "0123456789", "qwertyuiop", "password12", "password123", "matkhau123", "abcd123456"}
)
TOTP_STEP_SECONDS = 30
"""RFC 6238: length of a time step."""
TOTP_STEPS_AROUND = 1
"""Steps before and after the present one that count: clocks differ."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts in which time, and how long the rest after too many."""

    attempts: int
    """Attempts that a window allows; the last of them begins the rest."""
    window_seconds: int
    """Length of a window; it begins with the first attempt that finds none."""
    rest_seconds: int
    """How long nothing is tried after the last attempt."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Attempts counted under one key, as the row keeps them."""

    count: int
    """Attempts in the window."""
    window_start: datetime
    """When the window began."""
    locked_until: datetime | None
    """End of the rest; None = no rest."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether an attempt may be made, and what the row becomes."""

    allowed: bool
    """It may be made."""
    bucket: Bucket
    """The row after it; unchanged when it was refused."""
    retry_after_seconds: int
    """When refused: seconds until the next may be made, at least 1; else 0."""
    last: bool
    """It was allowed and it was the last one before a rest."""


def attempt(bucket: Bucket | None, limit: Limit, now: datetime) -> Decision:
    """Count one attempt before it is made.

    Counting first makes the limit exact when many attempts run at once; a success gives its count back
    (``refunded``) or clears the row.
    """
    if bucket is not None and bucket.locked_until is not None and now < bucket.locked_until:
        wait = math.ceil((bucket.locked_until - now).total_seconds())
        return Decision(allowed=False, bucket=bucket, retry_after_seconds=max(wait, 1), last=False)
    rested = bucket is not None and bucket.locked_until is not None
    window = timedelta(seconds=limit.window_seconds)
    if bucket is None or rested or now >= bucket.window_start + window:
        bucket = Bucket(count=0, window_start=now, locked_until=None)
    count = bucket.count + 1
    last = count >= limit.attempts
    until = now + timedelta(seconds=limit.rest_seconds) if last else None
    return Decision(
        allowed=True, bucket=Bucket(count, bucket.window_start, until), retry_after_seconds=0, last=last
    )


def refunded(bucket: Bucket) -> Bucket:
    """Give one attempt back: it was a success. A rest that this attempt began ends with it."""
    return replace(bucket, count=max(bucket.count - 1, 0), locked_until=None)


def normal_password(password: str) -> str:
    """Return the one form in which a password is hashed: keyboards type Vietnamese marks differently."""
    return unicodedata.normalize("NFC", password)


def password_faults(password: str, username: str, field: str = "/password") -> list[Fault]:
    """Return what is wrong with a new password."""
    plain = normal_password(password)
    if len(plain) < PASSWORD_MIN:
        return [Fault("identity.password_short", field, {"min": PASSWORD_MIN})]
    if len(plain) > PASSWORD_MAX:
        return [Fault("identity.password_long", field, {"max": PASSWORD_MAX})]
    lowered = plain.casefold()
    if len(set(lowered)) < 5 or lowered in _COMMON or (username and username in lowered):
        return [Fault("identity.password_weak", field)]
    return []


def normal_username(username: str) -> str:
    """Return the form in which usernames are kept and compared."""
    return username.strip().casefold()


def totp_step(now: datetime) -> int:
    """Return the time step of an instant (RFC 6238, T)."""
    return int(now.timestamp()) // TOTP_STEP_SECONDS


def steps_to_try(now: datetime, last_used: int) -> list[int]:
    """Return the steps whose code counts now: near the present and after the last one used."""
    present = totp_step(now)
    steps = range(present - TOTP_STEPS_AROUND, present + TOTP_STEPS_AROUND + 1)
    return [step for step in steps if step > last_used]


def mandate_faults(body_ids: tuple[str, ...], valid_from: date, valid_to: date, basis: str) -> list[Fault]:
    """Return what is wrong with a new mandate: it names bodies, days and a basis."""
    faults = []
    if not body_ids:
        faults.append(Fault("identity.mandate_without_bodies", "/body_ids"))
    if len(set(body_ids)) != len(body_ids):
        faults.append(Fault("identity.mandate_body_twice", "/body_ids"))
    if valid_to <= valid_from:
        faults.append(Fault("identity.mandate_empty", "/valid_to"))
    if not basis.strip():
        faults.append(Fault("identity.basis_missing", "/basis"))
    return faults

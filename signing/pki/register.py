"""The register of an authority: every serial issued, every revocation, the numbers of its lists.

One JSON file, replaced as a whole (written beside, flushed to disk, renamed), so that a crash leaves the
old or the new one and never a half. A lock file lets several threads and processes take turns.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from signing.errors import PkiFault
from signing.pki.crl import Reason, Revocation


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate issued."""

    serial: str
    """Hexadecimal, lower case."""
    issuer: str
    """``root`` or ``issuing``."""
    kind: str
    name: str
    organ_id: str | None
    issued_at: str
    """RFC 3339, UTC."""
    not_after: str
    revoked_at: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Register:
    """The whole register as a value."""

    base_url: str
    entries: tuple[Entry, ...] = ()
    crl_numbers: dict[str, int] = field(default_factory=dict)
    ocsp: bool = False
    """Whether certificates name the responder (see :class:`signing.pki.profiles.Urls`)."""

    def add(self, entry: Entry) -> Register:
        """Return a register with one more entry; a serial is never used twice."""
        if any(e.serial == entry.serial for e in self.entries):
            raise PkiFault(f"serial {entry.serial} is already in the register")
        return replace(self, entries=(*self.entries, entry))

    def revoke(self, serial: str, reason: Reason, now: datetime) -> Register:
        """Return a register in which the certificate is revoked. Raises PkiFault if unknown or revoked."""
        wanted = serial.strip().lower().replace(":", "").lstrip("0")
        found = next((e for e in self.entries if e.serial.lstrip("0") == wanted), None)
        if found is None:
            raise PkiFault(f"no certificate with serial {serial} in this register", code="signing.pki_serial")
        if found.revoked_at is not None:
            raise PkiFault(f"serial {serial} was revoked at {found.revoked_at}", code="signing.pki_revoked")
        revoked = replace(found, revoked_at=now.isoformat(), reason=reason.value)
        return replace(self, entries=tuple(revoked if e is found else e for e in self.entries))

    def next_crl(self, issuer: str) -> tuple[Register, int]:
        """Return a register that remembers one more list of the issuer, and the number of that list."""
        number = self.crl_numbers.get(issuer, 0) + 1
        return replace(self, crl_numbers={**self.crl_numbers, issuer: number}), number

    def revocations(self, issuer: str, ended: datetime) -> list[Revocation]:
        """Return what the issuer's list must name: all but certificates that ended before ``ended``.

        An entry stays on at least one list made after the certificate's end (RFC 5280, 3.3), so ``ended``
        lies one list's life before now. The responder knows it for ever.
        """
        return [
            Revocation(
                int(e.serial, 16),
                datetime.fromisoformat(e.revoked_at),
                Reason(e.reason or Reason.UNSPECIFIED),
            )
            for e in self.entries
            if e.issuer == issuer
            and e.revoked_at is not None
            and datetime.fromisoformat(e.not_after) >= ended
        ]


def write_atomically(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Replace a file by ``data`` such that a crash leaves the old or the new content."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.{id(data)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def load(path: Path) -> Register:
    """Read the register. Raises PkiFault when it is missing or damaged."""
    try:
        raw = json.loads(path.read_bytes())
        entries = tuple(Entry(**e) for e in raw["entries"])
        numbers = {str(k): int(v) for k, v in raw["crl_numbers"].items()}
        ocsp = bool(raw.get("ocsp", False))
        return Register(base_url=str(raw["base_url"]), entries=entries, crl_numbers=numbers, ocsp=ocsp)
    except OSError as error:
        raise PkiFault(f"{path.parent} is no PKI folder: make it with 'lienthong pki init'") from error
    except (ValueError, KeyError, TypeError) as error:
        raise PkiFault(f"the register {path} is damaged: restore it from a backup") from error


def save(path: Path, register: Register) -> None:
    """Write the register atomically."""
    text = json.dumps(asdict(register), ensure_ascii=False, indent=1)
    write_atomically(path, text.encode() + b"\n")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of the register; others (threads or processes) wait."""
    with path.with_name(path.name + ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield

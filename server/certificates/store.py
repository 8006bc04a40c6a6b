"""Rows of certificates and requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from server.certificates.model import (
    Certificate,
    CertificateRequest,
    CertificateState,
    Ending,
    NewRequest,
    RequestState,
)
from server.kernel.clock import text
from server.unit import Unit
from storage.sql.protocol import Params, Reader
from storage.sql.statements import Engine, load_all


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which certificates of the inventory."""

    body_id: str = ""
    """Of this body; "" = of all."""
    until: datetime | None = None
    """Ending at latest then."""
    state: CertificateState | None = None
    """In this state."""


@dataclass(frozen=True, slots=True)
class _Home:
    body_id: str


class CertificateStore:
    """Reads and writes the rows."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine)

    async def certificate(self, reader: Reader, id_: str, body_id: str = "") -> Certificate | None:
        """Return one certificate; with ``body_id`` only one of that body."""
        return await reader.fetch_one(
            self._statements["certificate"], {"id": id_, "body": body_id}, Certificate
        )

    async def by_fingerprint(self, reader: Reader, fingerprint: str) -> Certificate | None:
        """Return the certificate with these bytes."""
        params: Params = {"fingerprint": fingerprint}
        return await reader.fetch_one(self._statements["by_fingerprint"], params, Certificate)

    async def page(self, reader: Reader, wanted: Wanted, after: str, limit: int) -> list[Certificate]:
        """Return certificates, those that end first before others; ``after`` is ``cursor`` of the last."""
        at, _, id_ = after.partition("~")
        params: Params = {
            "after_at": at,
            "after_id": id_,
            "until": text(wanted.until) if wanted.until else "",
            "state": wanted.state.value if wanted.state else "",
            "limit_rows": limit,
        }
        if not wanted.body_id:
            return await reader.fetch(self._statements["page_all"], params, Certificate)
        params = {**params, "body": wanted.body_id}
        return await reader.fetch(self._statements["page_of_body"], params, Certificate)

    async def insert(self, unit: Unit, new: Certificate) -> None:
        """Write a certificate that is in use."""
        await unit.execute(
            self._statements["insert"],
            {
                "id": new.id,
                "owner_kind": new.owner_kind.value,
                "owner_id": new.owner_id,
                "body_id": new.body_id,
                "subject": new.subject,
                "organ_id": new.organ_id,
                "serial": new.serial,
                "issuer": new.issuer,
                "not_before": text(new.not_before),
                "not_after": text(new.not_after),
                "fingerprint": new.fingerprint,
                "pem": new.pem,
                "provider": new.provider,
                "keeper": new.keeper.value,
                "device": new.device,
                "now": text(unit.now),
            },
        )

    async def move(self, unit: Unit, old: Certificate, state: CertificateState, reason: str) -> bool:
        """Change the state; False when somebody else did before."""
        params: Params = {
            "id": old.id,
            "before": old.state.value,
            "state": state.value,
            "reason": reason,
            "now": text(unit.now),
        }
        return await unit.execute(self._statements["move"], params) == 1

    async def ending_soon(
        self, reader: Reader, now: datetime, until: datetime, after: str, limit: int
    ) -> list[Certificate]:
        """Return certificates in use that end between two instants, by id."""
        params: Params = {"now": text(now), "until": text(until), "after": after, "limit_rows": limit}
        return await reader.fetch(self._statements["ending_soon"], params, Certificate)

    async def warned(self, unit: Unit, id_: str, days: int) -> None:
        """Keep which warning was sent."""
        await unit.execute(self._statements["warned"], {"id": id_, "days": days})

    async def orphaned(self, reader: Reader, today: date, now: datetime, limit: int) -> list[Ending]:
        """Return certificates in use whose owner or body is gone."""
        params: Params = {"today": today.isoformat(), "now": text(now), "limit_rows": limit}
        return await reader.fetch(self._statements["orphaned"], params, Ending)

    async def home_body(self, reader: Reader, account_id: str, today: date) -> str:
        """Return the body in which an account holds its first appointed post; "" = none."""
        params: Params = {"account": account_id, "today": today.isoformat()}
        found = await reader.fetch_one(self._statements["home_body"], params, _Home)
        return found.body_id if found else ""

    async def request(self, reader: Reader, id_: str, body_id: str = "") -> CertificateRequest | None:
        """Return one request; with ``body_id`` only one of that body."""
        params: Params = {"id": id_, "body": body_id}
        return await reader.fetch_one(self._statements["request"], params, CertificateRequest)

    async def requests(
        self, reader: Reader, *, body_id: str, state: RequestState | None, after: str, limit: int
    ) -> list[CertificateRequest]:
        """Return requests, the newest first."""
        params: Params = {
            "body": body_id,
            "state": state.value if state else "",
            "after": after,
            "limit_rows": limit,
        }
        return await reader.fetch(self._statements["requests_page"], params, CertificateRequest)

    async def insert_request(self, unit: Unit, id_: str, new: NewRequest, made_by: str) -> None:
        """Write a prepared request."""
        await unit.execute(
            self._statements["insert_request"],
            {
                "id": id_,
                "purpose": new.purpose.value,
                "owner_kind": new.owner_kind.value,
                "owner_id": new.owner_id,
                "body_id": new.body_id,
                "subject": new.subject,
                "organ_id": new.organ_id,
                "provider": new.provider,
                "certificate_id": new.certificate_id,
                "csr": new.csr,
                "note": new.note,
                "now": text(unit.now),
                "made_by": made_by,
            },
        )

    async def move_request(
        self, unit: Unit, old: CertificateRequest, state: RequestState, certificate_id: str
    ) -> bool:
        """Change the state of a request; False when somebody else did before."""
        closed = state in (RequestState.DONE, RequestState.WITHDRAWN)
        params: Params = {
            "id": old.id,
            "version": old.version,
            "state": state.value,
            "certificate_id": certificate_id,
            "closed_at": text(unit.now) if closed else None,
        }
        return await unit.execute(self._statements["move_request"], params) == 1


def cursor(one: Certificate) -> str:
    """Return the cursor that continues after a certificate."""
    return f"{text(one.not_after)}~{one.id}"

"""Signed results through the HTTP API: the one-stop centre prepares, its director signs, its clerk seals.

Anybody can then look the printed codes up at ``/tra-cuu``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from server.demo.client import Person, StepFailed

CENTRE = "z02-20"
PENSION, ANNOUNCEMENT = "Z.000101", "Z.000103"
OFFICER, DIRECTOR, CLERK = "quay1.hcc", "giamdoc.hcc", "vanthu.hcc"
ASK_SECONDS = 0.1
RUN_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Issued:
    """An issued result, as the demo prints it."""

    id: str
    """Id."""
    batch_id: str
    """Its batch."""
    code: str
    """Look-up code, without hyphens."""
    number: str
    """Number and notation."""
    holder: str
    """Applicant."""


class ResultsJob:
    """Plays one batch; ``say`` is told each step as it is done."""

    def __init__(self, url: str, password: str, say: Callable[[str], None]) -> None:
        self._url = url
        self._password = password
        self._say = say

    async def play(self, rows: Sequence[dict[str, object]] = ()) -> list[Issued]:
        """Issue the rows (default: three pensions). Raises StepFailed naming the step and the answer."""
        async with AsyncExitStack() as stack:
            people = [
                await stack.enter_async_context(Person(self._url, username, self._password))
                for username in (OFFICER, DIRECTOR, CLERK)
            ]
            officer, director, clerk = people
            made = await officer.post(
                "/result-batches",
                {
                    "procedure": PENSION,
                    "title": "Trợ cấp hưu trí xã hội, đợt 1 tháng 12/2026",
                    "signer_post": f"{CENTRE}.giam-doc",
                    "rows": list(rows) or [pension(n) for n in range(1, 4)],
                },
            )
            batch = await self._run(officer, made, "make")
            self._say(
                f"     {OFFICER:<18} lập lô kết quả, dựng PDF/A có mã QR · prepares results with their QR"
            )
            batch = await self._run(director, batch, "sign")
            self._say(f"     {DIRECTOR:<18} ký cả lô trong một lần · signs the batch in one act")
            await self._run(clerk, batch, "seal")
            self._say(f"     {CLERK:<18} cấp số, đóng dấu cả lô · numbers and seals the batch")
            found = await officer.get(f"/result-batches/{made['id']}/results?limit=200")
            issued = [
                Issued(one["id"], one["batch_id"], one["code"], one["number_text"], one["holder"])
                for one in found["items"]
                if one["state"] == "issued"
            ]
            if len(issued) != len(found["items"]):
                raise StepFailed(f"{CLERK}: not every result was issued: {found}")
            return issued

    async def _run(self, who: Person, batch: Any, act: str) -> Any:
        """Do an act on the batch and wait until it has run."""
        await who.post(f"/result-batches/{batch['id']}/{act}", {"version": batch["version"]})
        async with asyncio.timeout(RUN_SECONDS):
            while True:
                seen = (await who.get(f"/result-batches/{batch['id']}"))["batch"]
                if not seen["work"]:
                    return seen
                await asyncio.sleep(ASK_SECONDS)


def pension(n: int) -> dict[str, object]:
    """Return a row of the pension procedure, every value invented."""
    return {
        "holder": f"Nguyễn Văn Mẫu {n}",
        "dossier": f"Z02.20-261201-{n:04d}",
        "fields": {
            "identity": f"00105000{n:04d}",
            "born": f"{n % 27 + 1:02d}/03/1950",
            "address": f"Thôn {n}, xã Bến Mẫu, tỉnh Sông Mẫu",
            "amount": "500.000",
            "from": "01/12/2026",
        },
    }

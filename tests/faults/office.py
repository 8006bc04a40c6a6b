"""What the clients do while the server dies: ten of them, each with its own kind of work."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pikepdf

from tests.data.pdf_pieces import blank, saved
from tests.faults.journal import Line, Person

PEOPLE = (
    "chuyenvien.vptu",
    "chanhvp.vptu",
    "phochanhvp.vptu",
    "phobithu.tu",
    "vanthu.vptu",
    "chuyenvien.syt",
    "chanhvp.syt",
    "giamdoc.syt",
    "vanthu.syt",
    "vanthu.xa1",
    "vanthu.xa2",
)
COMMUNES = {"z03-01": "vanthu.xa1", "z03-02": "vanthu.xa2"}
"""Bodies whose clerks take in what arrives."""
BY_PARTY = ["z02-05", "z03-01", "z03-02", "z02-06", "z02-07"]
BY_DEPARTMENT = ["z01", "z03-01", "z03-02", "z02-06", "z02-07"]
"""Five recipients of each of the two senders."""
REFUSED_SHARE, REJECTED_SHARE = 0.1, 0.3


class Office:
    """The clients of one installation; ``run`` ends when the line is closing and all work is finished."""

    def __init__(self, line: Line, people: dict[str, Person], chance: random.Random) -> None:
        self._line = line
        self._people = people
        self._chance = chance
        self._arrived: dict[str, asyncio.Queue[str]] = {body: asyncio.Queue() for body in COMMUNES}
        self._serial = 0

    async def run(self) -> None:
        """Work until the line is closing; then take in what is still to be taken in."""
        async with asyncio.TaskGroup() as takers:
            for body in COMMUNES:
                takers.create_task(self._take_in(body))
            async with asyncio.TaskGroup() as makers:
                for work in (
                    self._party_document,
                    self._party_document,
                    self._department_document,
                    self._department_document,
                    self._hand_in_of_the_party,
                    self._hand_in_of_the_department,
                    self._paper,
                    self._numbers,
                ):
                    makers.create_task(self._repeat(work))
            for queue in self._arrived.values():
                queue.put_nowait("")

    async def _repeat(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self._line.closing:
            await work()

    def _subject(self, what: str) -> str:
        self._serial += 1
        return f"{what} số {self._serial}"

    def _pdf(self, subject: str) -> bytes:
        """A PDF that no other is equal to, of 1 KB to 200 KB."""
        pdf = blank()
        pdf.Root.Note = pikepdf.String(subject)
        pdf.Root.Ballast = pikepdf.Stream(
            pdf, self._chance.randbytes(self._chance.choice((10, 20_000, 200_000)))
        )
        return saved(pdf)

    # --- the main job -----------------------------------------------------------------------------

    async def _party_document(self) -> None:
        people = self._people
        document = await self._drafted(people["chuyenvien.vptu"], _party(self._subject("Rà soát trạm y tế")))
        passed = {"version": document["version"], "passed": True}
        document = await people["chanhvp.vptu"].post(
            "check", f"/documents/{document['id']}/form-check", passed
        )
        document = await self._act("phochanhvp.vptu", document, "approve")
        document = await self._act("phobithu.tu", document, "sign")
        await self._numbered_and_sent("vanthu.vptu", document, BY_PARTY)

    async def _department_document(self) -> None:
        people = self._people
        document = await self._drafted(people["chuyenvien.syt"], _department(self._subject("Báo cáo")))
        passed = {"version": document["version"], "passed": True}
        document = await people["chanhvp.syt"].post(
            "check", f"/documents/{document['id']}/form-check", passed
        )
        document = await self._act("giamdoc.syt", document, "sign")
        if self._chance.random() < REJECTED_SHARE:
            document = await self._act("vanthu.syt", document, "number")
            wrong = {"version": document["version"], "reason": "Sai thể thức."}
            await people["vanthu.syt"].post("reject", f"/documents/{document['id']}/reject", wrong)
            return
        await self._numbered_and_sent("vanthu.syt", document, BY_DEPARTMENT)

    async def _drafted(self, author: Person, fields: dict[str, object]) -> Any:
        document = await author.post("create", "/documents", {"fields": fields})
        for kind in ("render", "submit"):
            document = await author.post(
                kind, f"/documents/{document['id']}/{kind}", {"version": document["version"]}
            )
        return document

    async def _act(self, username: str, document: Any, act: str) -> Any:
        path = f"/documents/{document['id']}/{act}"
        return await self._people[username].post(act, path, {"version": document["version"]})

    async def _numbered_and_sent(self, clerk: str, document: Any, to: list[str]) -> None:
        for act in ("number", "seal", "issue"):
            document = await self._act(clerk, document, act)
        sending = {"document_id": document["id"], "to": to}
        self._note(await self._people[clerk].post("send", "/dispatches", sending))

    # --- documents signed outside -----------------------------------------------------------------

    async def _hand_in_of_the_party(self) -> None:
        await self._hand_in("vanthu.vptu", "z01", BY_PARTY)

    async def _hand_in_of_the_department(self) -> None:
        await self._hand_in("vanthu.syt", "z02-05", BY_DEPARTMENT)

    async def _hand_in(self, clerk: str, body: str, to: list[str]) -> None:
        person, subject = self._people[clerk], self._subject("Văn bản ký ngoài")
        digest = await person.upload(self._pdf(subject), "van-ban.pdf")
        document = {
            "body_id": body,
            "type_code": "cong-van",
            "subject": subject,
            "secrecy": "none",
            "main": {"digest": digest},
        }
        sending = {"document": document, "addressees": {"to": to}}
        self._note(await person.post("hand_in", "/dispatches/hand-in", sending))

    # --- the other side -----------------------------------------------------------------------------

    def _note(self, dispatch: Any) -> None:
        for arrival in dispatch["arrivals"]:
            if arrival["body_id"] in COMMUNES:
                self._arrived[arrival["body_id"]].put_nowait(arrival["arrival_id"])

    async def _take_in(self, body: str) -> None:
        clerk = self._people[COMMUNES[body]]
        while arrival := await self._arrived[body].get():
            if self._chance.random() < REFUSED_SHARE:
                await clerk.post("refuse", f"/arrivals/{arrival}/refuse", {"reason": "Gửi nhầm."})
            else:
                await clerk.post("accept", f"/arrivals/{arrival}/accept", {"working_days": 5})

    async def _paper(self) -> None:
        clerk, subject = self._people["vanthu.xa1"], self._subject("Thư giấy")
        letter: dict[str, object] = {"sender_name": "Công ty Thử", "subject": subject, "secrecy": "none"}
        letter["files"] = [await clerk.upload(self._pdf(subject), "scan.pdf")]
        await clerk.post("paper", "/arrivals", letter)

    async def _numbers(self) -> None:
        clerk = self._people["vanthu.xa2"]
        taking = {"type_code": "cong-van", "subject": self._subject("Văn bản giấy")}
        taken = await clerk.post("take", "/numbers", taking)
        if self._chance.random() < 0.5:
            await clerk.post("void", f"/numbers/{taken['id']}/void", {"reason": "Ghi nhầm."})


def _paragraph(text: str) -> dict[str, object]:
    return {"kind": "paragraph", "runs": [{"text": text}]}


def _party(subject: str) -> dict[str, object]:
    return {
        "body_id": "z01",
        "type_code": "cong-van",
        "subject": subject,
        "secrecy": "none",
        "recipients": BY_PARTY,
        "signer_post": "z01.pho-bi-thu",
        "chain": ["z01-01.pho-chanh-van-phong"],
        "blocks": [_paragraph("Đề nghị các cơ quan báo cáo kết quả thực hiện.")],
    }


def _department(subject: str) -> dict[str, object]:
    return {
        "body_id": "z02-05",
        "type_code": "cong-van",
        "subject": subject,
        "secrecy": "none",
        "recipients": BY_DEPARTMENT,
        "signer_post": "z02-05.giam-doc",
        "blocks": [_paragraph("Sở Y tế báo cáo kết quả thực hiện.")],
    }

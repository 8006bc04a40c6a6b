"""The main job through the HTTP API: one document of the party office goes all the way and is answered.

A specialist drafts, the chief of office checks the form, a deputy approves, a leader signs, the clerk
numbers, seals, issues and sends it to a department and two communes; they accept; the department assigns,
answers in the form of state bodies and finishes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from server.demo.client import Person, StepFailed

PARTY, DEPARTMENT, COMMUNES = "z01", "z02-05", ("z03-01", "z03-02")
CAST = {
    "drafter": "chuyenvien.vptu",
    "chief": "chanhvp.vptu",
    "approver": "phochanhvp.vptu",
    "leader": "phobithu.tu",
    "clerk": "vanthu.vptu",
    "syt_chief": "chanhvp.syt",
    "syt_clerk": "vanthu.syt",
    "syt_director": "giamdoc.syt",
    "syt_specialist": "chuyenvien.syt",
    "xa1_clerk": "vanthu.xa1",
    "xa2_clerk": "vanthu.xa2",
}
"""Who plays whom: the usernames of the demo province."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the job left behind."""

    issued_pdf: bytes
    """The party document, signed by a person and sealed by the body."""
    answer_pdf: bytes
    """The department's answer, likewise."""
    registers_pdf: bytes
    """The outgoing book of the party committee as it is printed."""
    document_id: str
    """The party document."""
    answer_id: str
    """The answer."""


class Job:
    """Plays the job; ``say`` is told each step as it is done."""

    def __init__(self, url: str, password: str, say: Callable[[str], None]) -> None:
        self._url = url
        self._password = password
        self._say = say
        self._people: dict[str, Person] = {}
        self._step = 0

    async def play(self) -> Outcome:
        """Run every step. Raises StepFailed, naming the step and the answer."""
        async with AsyncExitStack() as stack:
            for role, username in CAST.items():
                person = Person(self._url, username, self._password)
                self._people[role] = await stack.enter_async_context(person)
            document = await self._draft("drafter", _party_document())
            document = await self._check_and_sign(document, "chief", "approver", "leader")
            document = await self._number_and_seal("clerk", document)
            await self._send("clerk", document, [DEPARTMENT, *COMMUNES])
            arrival = await self._receive(document)
            answer = await self._answer(arrival)
            people = self._people
            return Outcome(
                issued_pdf=await self._pdf(people["drafter"], document),
                answer_pdf=await self._pdf(people["syt_specialist"], answer),
                registers_pdf=await people["clerk"].download(f"/books/print?book=outgoing&body_id={PARTY}"),
                document_id=document["id"],
                answer_id=answer["id"],
            )

    def _done(self, who: str, what: str) -> None:
        self._step += 1
        self._say(f"{self._step:3}. {CAST[who]:<18} {what}")

    async def _draft(self, who: str, fields: Mapping[str, object]) -> Any:
        person = self._people[who]
        document = await person.post("/documents", {"fields": fields})
        self._done(who, f"soạn dự thảo · drafts: {fields['subject']}")
        document = await person.post(f"/documents/{document['id']}/render", {"version": document["version"]})
        self._done(who, "dựng PDF/A theo thể thức · renders the form of the bloc")
        document = await person.post(f"/documents/{document['id']}/submit", {"version": document["version"]})
        self._done(who, "trình văn bản · submits")
        return document

    async def _check_and_sign(self, document: Any, chief: str, approver: str, leader: str) -> Any:
        document = await self._people[chief].post(
            f"/documents/{document['id']}/form-check", {"version": document["version"], "passed": True}
        )
        self._done(chief, "thẩm định thể thức: đạt · checks the form: passed")
        if document["state"] == "approval":
            document = await self._act(approver, document, "approve")
            self._done(approver, "duyệt · approves")
        document = await self._act(leader, document, "sign")
        self._done(leader, "ký số · signs digitally")
        return document

    async def _number_and_seal(self, clerk: str, document: Any) -> Any:
        document = await self._act(clerk, document, "number")
        self._done(clerk, f"cấp số · takes the number: {document['number_text']}")
        document = await self._act(clerk, document, "seal")
        self._done(clerk, "đóng dấu · seals")
        document = await self._act(clerk, document, "issue")
        self._done(clerk, "phát hành · issues")
        return document

    async def _act(self, who: str, document: Any, act: str) -> Any:
        return await self._people[who].post(
            f"/documents/{document['id']}/{act}", {"version": document["version"]}
        )

    async def _send(self, who: str, document: Any, to: Sequence[str]) -> None:
        await self._people[who].post("/dispatches", {"document_id": document["id"], "to": list(to)})
        self._done(who, f"gửi đến {len(to)} cơ quan; mỗi nơi nhận «đã đến» (01) · sends to {len(to)} bodies")

    async def _arrival(self, who: str, document: Any) -> Any:
        """Find the document among what waits for a clerk."""
        found = await self._people[who].get("/arrivals?waiting=true")
        for row in found["items"]:
            if row["number_text"] == document["number_text"]:
                return row
        raise StepFailed(f"{CAST[who]}: {document['number_text']} has not arrived")

    async def _accept(self, who: str, arrival: Any) -> None:
        answer = await self._people[who].post(f"/arrivals/{arrival['id']}/accept", {})
        self._done(who, f"tiếp nhận, vào sổ đến số {answer['incoming_text']} (03) · accepts into the book")

    async def _receive(self, document: Any) -> Any:
        arrival = await self._arrival("syt_clerk", document)
        await self._accept("syt_clerk", arrival)
        for commune in ("xa1_clerk", "xa2_clerk"):
            await self._accept(commune, await self._arrival(commune, document))
        clerk = self._people["syt_clerk"]
        director = f"{DEPARTMENT}.giam-doc"
        await clerk.post(f"/arrivals/{arrival['id']}/submit", {"posts": [director]})
        self._done("syt_clerk", "trình lãnh đạo · puts it before the director")
        await self._people["syt_director"].post(
            f"/arrivals/{arrival['id']}/assign",
            {
                "targets": [{"post_id": f"{DEPARTMENT}.chuyen-vien", "part": "lead"}],
                "instruction": "Tham mưu văn bản trả lời.",
                "working_days": 5,
            },
        )
        self._done("syt_director", "bút phê, giao việc (04) · instructs and assigns")
        await self._people["syt_specialist"].post(f"/arrivals/{arrival['id']}/start", {})
        self._done("syt_specialist", "bắt đầu xử lý (05) · starts")
        return arrival

    async def _answer(self, arrival: Any) -> Any:
        document = await self._draft("syt_specialist", _answer_document(arrival))
        document = await self._check_and_sign(document, "syt_chief", "", "syt_director")
        document = await self._number_and_seal("syt_clerk", document)
        await self._send("syt_clerk", document, [PARTY])
        specialist = self._people["syt_specialist"]
        await specialist.post(
            f"/arrivals/{arrival['id']}/finish",
            {"result": "Đã có văn bản trả lời.", "reply_document": document["id"]},
        )
        self._done("syt_specialist", "hoàn thành (06) · finishes")
        await self._accept("clerk", await self._arrival("clerk", document))
        return document

    async def _pdf(self, person: Person, document: Any) -> bytes:
        return await person.download(f"/documents/{document['id']}/files/{document['main_digest']}")


def _paragraph(text: str) -> dict[str, object]:
    return {"kind": "paragraph", "runs": [{"text": text}]}


def _party_document() -> dict[str, object]:
    return {
        "body_id": PARTY,
        "type_code": "cong-van",
        "subject": "Rà soát, đề xuất bố trí cơ sở vật chất trạm y tế xã sau sắp xếp",
        "secrecy": "none",
        "recipients": [DEPARTMENT, *COMMUNES],
        "signer_post": "z01.pho-bi-thu",
        "chain": ["z01-01.pho-chanh-van-phong"],
        "blocks": [
            _paragraph(
                "Thực hiện Chương trình làm việc năm 2026, Ban Thường vụ Tỉnh ủy đề nghị Sở Y tế "
                "chủ trì, phối hợp với Ủy ban nhân dân các xã rà soát cơ sở vật chất, trang thiết bị "
                "và nhân lực của các trạm y tế xã sau sắp xếp đơn vị hành chính."
            ),
            _paragraph(
                "Báo cáo nêu rõ hiện trạng, khó khăn và đề xuất bố trí, gửi về Tỉnh ủy "
                "(qua Văn phòng Tỉnh ủy) trong thời hạn 05 ngày làm việc kể từ ngày nhận được văn bản này."
            ),
        ],
    }


def _answer_document(arrival: Any) -> dict[str, object]:
    return {
        "body_id": DEPARTMENT,
        "type_code": "cong-van",
        "subject": f"Trả lời Công văn số {arrival['number_text']} về cơ sở vật chất trạm y tế xã",
        "secrecy": "none",
        "recipients": [PARTY],
        "signer_post": f"{DEPARTMENT}.giam-doc",
        "reply_to": arrival["id"],
        "blocks": [
            _paragraph(
                "Sở Y tế báo cáo: toàn bộ trạm y tế xã trên địa bàn đã được rà soát; các trạm "
                "sau sắp xếp bảo đảm phòng khám, phòng tiêm chủng và trang thiết bị thiết yếu theo quy định."
            ),
            _paragraph("Sở Y tế kính đề nghị Tỉnh ủy xem xét, cho ý kiến chỉ đạo."),
        ],
    }

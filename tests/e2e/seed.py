"""Fills a built province with an office's week, through the API alone, as its people would do it.

``python -m tests.e2e.seed URL PASSWORD`` fills what ``lienthong demo --serve`` serves.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from server.demo.results import PENSION, ResultsJob, pension
from server.kernel.clock import UTC, local_date
from tests.e2e.letters import BODY, DRAFTS, HEALTH, LETTERS, PAPER, Letter, pdf
from tests.factories.province import sign_in
from tests.factories.server import Client

DIRECTOR, SPECIALIST, SECOND = f"{HEALTH}.giam-doc", f"{HEALTH}.chuyen-vien", f"{HEALTH}.chuyen-vien-2"
LATE = timedelta(days=10)
"""How much later than their deadline late ones are entered: the API takes no deadline of the past."""


@dataclass
class Seeded:
    """Ids of what was made, by what it is."""

    arrivals: dict[str, str] = field(default_factory=dict)
    """Subject (fate for the Department of Health) -> arrival there; ``paper``, ``citizen`` likewise."""
    documents: dict[str, str] = field(default_factory=dict)
    """How far it went -> document; also ``restricted``."""
    dispatches: dict[str, str] = field(default_factory=dict)
    """``mixed`` = many states, ``posted`` = with copies by post."""
    numbers: dict[str, str] = field(default_factory=dict)
    """``allocated``, ``voided``, ``outside`` -> number."""
    series: str = ""
    """Outgoing series of the Department of Health."""
    batches: dict[str, str] = field(default_factory=dict)
    """What a batch of results waits for -> batch: ``draft``, ``to_sign``, ``issued``."""
    results: dict[str, str] = field(default_factory=dict)
    """Fate -> result: ``issued``, ``revoked``, ``replaced``, ``made``."""
    codes: dict[str, str] = field(default_factory=dict)
    """Fate -> its look-up code."""
    late: list[str] = field(default_factory=list)
    """Arrivals whose deadline has still to be moved into the past."""


class Seeding:
    """Plays the week. One client for each person, kept for the whole of it."""

    def __init__(self, url: str, password: str, stack: AsyncExitStack) -> None:
        self._url = url
        self._password = password
        self._stack = stack
        self._people: dict[str, Client] = {}
        self._today = local_date(datetime.now(UTC))
        self.made = Seeded()

    async def person(self, username: str) -> Client:
        """Return a person's client, signed in."""
        if username not in self._people:
            client = await self._stack.enter_async_context(Client(self._url))
            await sign_in(client, username, self._password)
            self._people[username] = client
        return self._people[username]

    async def act(self, username: str, path: str, body: object = None) -> Any:
        """POST as a person."""
        return await (await self.person(username)).post(f"/api/v1{path}", body)

    async def upload(self, username: str, name: str, data: bytes) -> dict[str, str]:
        """Upload a PDF; return it as commands name it."""
        answer = await (await self.person(username)).call(
            "POST",
            f"/api/v1/files?secrecy=none&name={name}",
            data=data,
            headers={"Content-Type": "application/pdf"},
        )
        return {"digest": answer.ok()["digest"], "name": name}

    async def play(self) -> Seeded:
        """Do it all."""
        for n, letter in enumerate(LETTERS, 1):
            await self._send(n, letter)
        for n, (book, author, number, subject, urgency) in enumerate(PAPER, 1):
            await self._paper(n, book, author, number, subject, urgency)
        for stage, kind, subject in DRAFTS:
            self.made.documents[stage] = await self._document(stage, kind, subject)
        await self._restricted()
        await self._restricted_issued()
        await self._uploaded()
        await self._dispatch()
        await self._numbers()
        await self._results()
        return self.made

    async def _results(self) -> None:
        """Results of the one-stop centre: issued, revoked, replaced, waiting, in preparation."""
        rows = [pension(n) for n in range(1, 5)]
        issued = await ResultsJob(self._url, self._password, lambda _: None).play(rows)
        made = self.made
        made.batches["issued"] = issued[0].batch_id
        for fate, one in zip(("issued", "revoked", "replaced"), issued, strict=False):
            made.results[fate], made.codes[fate] = one.id, one.code
        director = await self.person("giamdoc.hcc")
        for act, fate, more in (
            ("revoke", "revoked", {}),
            ("replace", "replaced", {"by_code": issued[3].code}),
        ):
            path = f"/api/v1/results/{made.results[fate]}"
            seen = (await director.get(path))["version"]
            reason = "Thông tin trong hồ sơ không đúng với dữ liệu dân cư."
            await director.post(f"{path}/{act}", {"version": seen, "reason": reason, **more})
        for stage, source in (("draft", "files"), ("to_sign", "form")):
            batch = {
                "procedure": PENSION,
                "title": f"Trợ cấp hưu trí xã hội, đợt bổ sung ({len(made.batches)})",
                "signer_post": "z02-20.giam-doc",
                "source": source,
                "rows": [{**pension(n), "file_name": f"{n}.pdf"} for n in (11, 12)],
            }
            created = await self.act("quay1.hcc", "/result-batches", batch)
            made.batches[stage] = created["id"]
        waiting = made.batches["to_sign"]
        await self.act("quay1.hcc", f"/result-batches/{waiting}/make", {"version": 1})
        officer = await self.person("quay1.hcc")
        while (await officer.get(f"/api/v1/result-batches/{waiting}"))["batch"]["work"]:
            await asyncio.sleep(0.1)
        page = await officer.get(f"/api/v1/result-batches/{waiting}/results")
        made.results["made"] = page["items"][0]["id"]

    async def _send(self, n: int, letter: Letter) -> None:
        page = await asyncio.to_thread(pdf, letter.place, "", letter.subject, self._today)
        main = await self.upload(letter.clerk, f"vb-{n}.pdf", page)
        addressees: dict[str, object] = {"to": letter.to, "urgency": letter.urgency}
        if letter.days is not None:
            due = self._today + timedelta(days=letter.days)
            addressees["due_date"] = str(due + LATE if letter.days < 0 else due)
        document = {
            "body_id": letter.body,
            "type_code": letter.kind,
            "subject": letter.subject,
            "secrecy": "none",
            "main": main,
            "urgency": letter.urgency,
            "recipients": letter.to,
        }
        sent = await self.act(
            letter.clerk, "/dispatches/hand-in", {"document": document, "addressees": addressees}
        )
        there = {one["body_id"]: one["arrival_id"] for one in sent["arrivals"]}
        arrival = there[HEALTH]
        self.made.arrivals[letter.fate] = arrival
        if letter.fate == "late":
            self.made.late.append(arrival)
        await self.handle(arrival, letter)
        if "z03-01" in there and n % 3:
            await self.act("vanthu.xa1", f"/arrivals/{there['z03-01']}/accept", {})
        if "z01" in there and n % 2:
            await self.act("vanthu.vptu", f"/arrivals/{there['z01']}/accept", {})
        if letter.fate == "given_back":
            self.made.dispatches["given_back"] = sent["id"]

    async def handle(self, arrival: str, letter: Letter) -> None:
        """Take an arrival at the Department of Health as far as its fate says."""
        at, fate = f"/arrivals/{arrival}", letter.fate
        clerk, director, specialist = "vanthu.syt", "giamdoc.syt", "chuyenvien.syt"
        if fate == "new":
            return
        if fate == "refused":
            reason = "Văn bản gửi nhầm cơ quan: nội dung thuộc thẩm quyền của Sở Tài chính."
            await self.act(clerk, f"{at}/refuse", {"reason": reason})
            return
        if fate != "given_back":
            await self.act(clerk, f"{at}/accept", {})
        if fate in ("asked_back", "given_back"):
            await self.act(
                letter.clerk, f"{at}/recall", {"reason": "Có sai sót ở phụ lục, xin thu hồi để gửi lại."}
            )
            if fate == "given_back":
                await self.act(clerk, f"{at}/answer-recall", {"agreed": True})
            return
        if fate == "accepted":
            return
        await self.act(
            clerk, f"{at}/submit", {"posts": [DIRECTOR], "note": "Kính trình Giám đốc cho ý kiến chỉ đạo."}
        )
        if fate == "submitted":
            return
        targets = [{"post_id": SPECIALIST, "part": "lead"}, {"post_id": SECOND, "part": "join"}]
        await self.act(
            director,
            f"{at}/assign",
            {"targets": targets, "instruction": "Phòng Nghiệp vụ tham mưu, trình trước thời hạn một ngày."},
        )
        if fate == "assigned":
            return
        await self.act(specialist, f"{at}/start")
        if fate == "finished":
            await self.act(
                specialist, f"{at}/finish", {"result": "Đã phổ biến đến các đơn vị trực thuộc để thực hiện."}
            )

    async def _paper(self, n: int, book: str, author: str, number: str, subject: str, urgency: str) -> None:
        page = await asyncio.to_thread(pdf, author.upper(), number, subject, self._today)
        scan = await self.upload("vanthu.syt", f"scan-{n}.pdf", page)
        letter = {
            "sender_name": author,
            "number_text": number,
            "subject": subject,
            "secrecy": "none",
            "urgency": urgency,
            "book": book,
            "files": [scan["digest"]],
            "document_date": str(self._today - timedelta(days=n)),
            "type_name": "Đơn" if book == "citizen" else "Công văn",
        }
        entered = await self.act("vanthu.syt", "/arrivals", letter)
        self.made.arrivals["paper" if book == "incoming" else "citizen"] = entered["id"]

    async def _document(self, stage: str, kind: str, subject: str, **more: object) -> str:
        """Take a document of the Department of Health as far as ``stage``; return its id."""
        author, chief, director, clerk = "chuyenvien.syt", "chanhvp.syt", "giamdoc.syt", "vanthu.syt"
        fields = {
            "body_id": HEALTH,
            "type_code": kind,
            "subject": subject,
            "secrecy": "none",
            "recipients": ["z02", "z03-01", "z03-02", "z06-01"],
            "outside": ["Hội Đông y tỉnh"],
            "signer_post": DIRECTOR,
            "chain": [f"{HEALTH}.truong-phong"],
            "blocks": [{"kind": "paragraph", "runs": [{"text": text}]} for text in BODY],
            **more,
        }
        document = await self.act(author, "/documents", {"fields": fields})
        path = f"/documents/{document['id']}"
        steps: list[tuple[str, str, dict[str, object]]] = [
            (author, "render", {}),
            (author, "submit", {}),
            (chief, "form-check", {"passed": True}),
            ("truongphong.syt", "approve", {}),
            (director, "sign", {}),
            (clerk, "number", {}),
            (clerk, "seal", {}),
            (clerk, "issue", {}),
        ]
        reach = [
            "draft",
            "rendered",
            "form_check",
            "approval",
            "to_sign",
            "signed",
            "numbered",
            "sealed",
            "issued",
        ]
        wanted = {"returned": "form_check", "withdrawn": "rendered"}.get(stage, stage)
        for who, verb, body in steps[: reach.index(wanted)]:
            document = await self.act(who, f"{path}/{verb}", {"version": document["version"], **body})
        if stage == "returned":
            body = {
                "version": document["version"],
                "passed": False,
                "reason": "Thiếu phần căn cứ pháp lý; nơi nhận ghi chưa đúng tên cơ quan sau sắp xếp.",
            }
            await self.act(chief, f"{path}/form-check", body)
        if stage == "withdrawn":
            body = {"version": document["version"], "reason": "Trùng nội dung với báo cáo đã ban hành."}
            await self.act(author, f"{path}/withdraw", body)
        if stage == "approval":
            words = {
                "text": "Đề nghị bổ sung mốc thời gian kiểm tra từng đơn vị.",
                "stance": "agree_with_changes",
            }
            await self.act("truongphong.syt", f"{path}/comments", words)
        return str(document["id"])

    async def _restricted(self) -> None:
        """A document of personnel: need to know only."""
        self.made.documents["restricted"] = await self._document(
            "form_check",
            "quyet-dinh",
            "Điều động, bổ nhiệm viên chức quản lý Trung tâm Y tế khu vực 2",
            restricted=True,
            outside=[],
            recipients=["z06-01"],
            clerk_post=f"{HEALTH}.van-thu",
        )

    async def _restricted_issued(self) -> None:
        """The same kind, issued and not sent yet: the sender names who gets it."""
        self.made.documents["restricted_issued"] = await self._document(
            "issued",
            "quyet-dinh",
            "Kỷ luật viên chức (chỉ gửi đích danh)",
            restricted=True,
            outside=[],
            recipients=["z06-01", "z03-01"],
            clerk_post=f"{HEALTH}.van-thu",
        )

    async def _uploaded(self) -> None:
        """A PDF of the author's own, revised once: its fields can be placed, its versions compared."""
        subject = "Quy chế phối hợp phòng, chống dịch bệnh giữa ngành y tế và các xã"
        fields = {
            "body_id": HEALTH,
            "type_code": "ke-hoach",
            "subject": subject,
            "secrecy": "none",
            "signer_post": DIRECTOR,
            "recipients": ["z03-01"],
        }
        author = "chuyenvien.syt"
        document = await self.act(author, "/documents", {"fields": fields})
        for n, words in enumerate((subject, f"{subject} (bản tiếp thu ý kiến)"), 1):
            page = await asyncio.to_thread(pdf, "SỞ Y TẾ", "", words, self._today)
            main = await self.upload(author, f"quy-che-{n}.pdf", page)
            command = {"fields": fields, "main": main, "version": document["version"]}
            document = await self.act(author, f"/documents/{document['id']}/versions", command)
        self.made.documents["uploaded"] = document["id"]

    async def _dispatch(self) -> None:
        """Send the issued one to bodies that each come another way with it, and to one by post."""
        to = ["z02", "z03-01", "z03-02", "z03-03", "z06-01"]
        outside = [{"name": "Hội Đông y tỉnh", "address": "Số 12 đường Bờ Kè, phường Trung Mẫu"}]
        body = {
            "document_id": self.made.documents["issued"],
            "to": to,
            "outside": outside,
            "due_date": str(self._today + timedelta(days=6)),
        }
        sent = await self.act("vanthu.syt", "/dispatches", body)
        self.made.dispatches["mixed"] = sent["id"]
        there = {one["body_id"]: one["arrival_id"] for one in sent["arrivals"]}
        await self.act("vanthu.xa1", f"/arrivals/{there['z03-01']}/accept", {})
        await self.act(
            "vanthu.xa2", f"/arrivals/{there['z03-02']}/refuse", {"reason": "Thiếu phụ lục kèm theo."}
        )
        await self.act("vanthu.vpub", f"/arrivals/{there['z02']}/accept", {})
        await self.act(
            "vanthu.syt",
            f"/arrivals/{there['z02']}/recall",
            {"reason": "Sai số liệu tại mục 2, sẽ gửi bản thay thế."},
        )

    async def _numbers(self) -> None:
        """Numbers of papers outside the system: one waits, one is voided, one has no content."""
        take = {"type_code": "cong-van", "subject": "Giấy giới thiệu công tác (bản giấy)"}
        for state in ("allocated", "voided"):
            number = await self.act("vanthu.syt", "/numbers", take)
            self.made.numbers[state] = number["id"]
        reason = {"reason": "Cấp nhầm sổ; văn bản thuộc thẩm quyền của Văn phòng UBND tỉnh."}
        await self.act("vanthu.syt", f"/numbers/{self.made.numbers['voided']}/void", reason)
        self.made.series = number["series_id"]
        outside = {"reason": "Dùng cho văn bản quản lý ngoài hệ thống.", "type_code": "cong-van"}
        used = await self.act("vanthu.syt", f"/series/{self.made.series}/outside", outside)
        self.made.numbers["outside"] = used["id"]


async def seed(url: str, password: str) -> Seeded:
    """Fill a served province. Fails with the answer that was not a success."""
    async with AsyncExitStack() as stack:
        return await Seeding(url, password, stack).play()


def let_days_pass(database: Path, arrivals: list[str]) -> None:
    """Move deadlines of arrivals as far back as days would have (SQLite; the server may run)."""
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        for arrival in arrivals:
            (due,) = connection.execute("SELECT due_date FROM arrivals WHERE id = ?", (arrival,)).fetchone()
            past = date.fromisoformat(due) - LATE
            connection.execute("UPDATE arrivals SET due_date = ? WHERE id = ?", (str(past), arrival))
        connection.commit()


def main() -> None:
    """Seed from the command line and print what was made."""
    if len(sys.argv) != 3:
        sys.exit("usage: python -m tests.e2e.seed URL PASSWORD")
    made = asyncio.run(seed(sys.argv[1].rstrip("/"), sys.argv[2]))
    sys.stdout.write(json.dumps(made.__dict__, indent=2) + "\n")


if __name__ == "__main__":
    main()

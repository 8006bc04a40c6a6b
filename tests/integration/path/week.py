"""An office week through the API alone: arrivals, a third of them on paper, issues of two blocs, mistakes.

Whoever reads only ``/api/v1/openapi.json`` does it this way. Each act tells the oracle what the books must
say; the registers are read back line by line at the end.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pikepdf

from tests.data.pdf_pieces import blank, saved
from tests.factories.server import Client
from tests.integration.path.oracle import PARTY, STATE, Came, Oracle, Sent

ISSUERS = {
    "z01": ("vanthu.vptu", PARTY),
    "z01-01": ("vanthu.vptu", {"thong-bao": "TB", "ke-hoach": "KH"}),
    "z02": ("vanthu.vpub", {"quyet-dinh": "QĐ", "ke-hoach": "KH"}),
    "z02-05": ("vanthu.syt", STATE),
    "z03-01": ("vanthu.xa1", STATE),
}
"""Issuing body -> its clerk and types: twelve series (six, two, two, one, one)."""
CLERKS = {"z01": "vanthu.vptu", "z01-01": "vanthu.vptu", "z02-05": "vanthu.syt"}
"""Bodies whose incoming books are lived through, and who keeps them: one clerk keeps two."""
LEADERS = {"z01": "chanhvp.vptu", "z01-01": "chanhvp.vptu", "z02-05": "giamdoc.syt"}
WORKERS = {"z01": "chuyenvien.vptu", "z01-01": "chuyenvien.vptu", "z02-05": "chuyenvien.syt"}
OTHERS = {"z01": "truongphong.vptu", "z01-01": "truongphong.vptu", "z02-05": "truongphong.syt"}
"""Who is named rightly, and who by mistake."""
PEOPLE = sorted(
    {one for one, _ in ISSUERS.values()}
    | set(CLERKS.values())
    | set(LEADERS.values())
    | set(WORKERS.values())
    | set(OTHERS.values())
    | {"vanthu.xa2"}
)
"""Who signs in."""


@dataclass
class Held:
    """An arrival the week knows of."""

    id: str
    body: str
    book: str
    key: str
    paper: bool
    sender: str
    state: str = "01"
    line: str = ""
    """Key of its line in the oracle's book; "" = not in the book."""
    times: int = 0


@dataclass
class Week:
    """The week: people signed in, names of bodies, each person's post and name, titles of posts."""

    people: Mapping[str, Client]
    bodies: Mapping[str, str]
    posts: Mapping[str, str]
    titles: Mapping[str, str]
    names: Mapping[str, str]
    chance: random.Random
    oracle: Oracle = field(default_factory=Oracle)
    held: list[Held] = field(default_factory=list)
    documents: list[dict[str, Any]] = field(default_factory=list)
    serial: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def upload(self, who: str) -> str:
        """Upload a PDF that no other is equal to."""
        pdf = blank()
        pdf.Root.Note = pikepdf.String(f"{next(self.serial)} {self.chance.random()}")
        answer = await self.people[who].call(
            "POST",
            "/api/v1/files?name=van-ban.pdf&secrecy=none",
            data=saved(pdf),
            headers={"Content-Type": "application/pdf"},
        )
        return str(answer.ok()["digest"])

    # --- outgoing -------------------------------------------------------------------------------------

    async def issue(self, body: str, kind: str, to: list[str]) -> dict[str, Any]:
        """Register a document that was signed outside, and send it."""
        who = ISSUERS[body][0]
        subject = f"Về việc số {next(self.serial)} của tuần làm việc"
        text = self.oracle.number(body, kind)
        sent: dict[str, Any] = await self.people[who].post(
            "/api/v1/dispatches/hand-in",
            {
                "document": {
                    "body_id": body,
                    "type_code": kind,
                    "subject": subject,
                    "secrecy": "none",
                    "main": {"digest": await self.upload(who)},
                    "signer_name": "Người ký",
                },
                "addressees": {"to": to},
            },
        )
        recipients = "; ".join(self.bodies[one] for one in to)
        self.oracle.sent[body][text] = Sent(text, "issued", subject, recipients)
        sent |= {"text": text, "subject": subject, "body": body, "to": to}
        self.documents.append(sent)
        for arrival in sent["arrivals"]:
            target = arrival["body_id"]
            if target in CLERKS:
                self.held.append(
                    Held(
                        arrival["arrival_id"],
                        target,
                        "incoming",
                        f"{body} {text} {target}",
                        paper=False,
                        sender=body,
                    )
                )
        return sent

    async def take_and_void(self, body: str, kind: str) -> str:
        """Take a number by mistake and void it: it stays in the book with the reason."""
        client = self.people[ISSUERS[body][0]]
        text = self.oracle.number(body, kind)
        subject = f"Số lấy nhầm {next(self.serial)}"
        number = await client.post(
            "/api/v1/numbers", {"body_id": body, "type_code": kind, "subject": subject}
        )
        assert number["text"] == text
        await client.post(f"/api/v1/numbers/{number['id']}/void", {"reason": "Lấy nhầm loại văn bản"})
        self.oracle.sent[body][text] = Sent(text, "voided", subject, reason="Lấy nhầm loại văn bản")
        return text

    # --- incoming -------------------------------------------------------------------------------------

    async def paper(self, body: str, book: str = "incoming", **wrong: str) -> Held:
        """Scan a letter on paper and enter it."""
        who, serial = CLERKS[body], next(self.serial)
        words = {
            "sender_name": f"Công ty Mẫu {serial}",
            "subject": f"Thư giấy {serial}",
            "number_text": f"{serial}/CTM",
        }
        words |= wrong
        scan = await self.upload(who)
        entered = await self.people[who].post(
            "/api/v1/arrivals", {**words, "secrecy": "none", "body_id": body, "book": book, "files": [scan]}
        )
        held = Held(entered["id"], body, book, f"paper {serial}", paper=True, sender="", state="03")
        line = Came("", "registered", "paper", words["sender_name"], words["number_text"], words["subject"])
        assert self.enter(held, line) == entered["incoming_text"]
        self.held.append(held)
        return held

    async def accept(self, held: Held) -> None:
        """Take an electronic arrival into the book."""
        document = next(one for one in self.documents if held.key.startswith(f"{one['body']} {one['text']} "))
        standing = await self.people[CLERKS[held.body]].post(f"/api/v1/arrivals/{held.id}/accept")
        line = Came(
            "", "registered", "electronic", self.bodies[held.sender], document["text"], document["subject"]
        )
        assert self.enter(held, line) == standing["incoming_text"]
        held.state = "03"

    def enter(self, held: Held, line: Came) -> str:
        """Let the oracle write the next line for an arrival; return its number."""
        held.times += 1
        held.line = f"{held.key} ({held.times})"
        return self.oracle.enters(held.body, held.book, held.line, line)

    def line(self, held: Held) -> Came:
        """The line as it ought to be now."""
        return self.oracle.came[held.body, held.book][held.line]

    def amend(self, held: Held, **words: object) -> None:
        """Change the line as it ought to be."""
        self.oracle.amend(held.body, held.book, held.line, **words)

    async def act(self, who: str, held: Held, verb: str, **body: object) -> Any:
        """Act on an arrival."""
        return await self.people[who].post(f"/api/v1/arrivals/{held.id}/{verb}", body)

    async def assign(self, held: Held, post: str, part: str = "lead") -> None:
        """Submit to the leader, who names a post."""
        leader = LEADERS[held.body]
        if held.state == "03":
            await self.act(CLERKS[held.body], held, "submit", posts=[self.posts[leader]])
        target = {"post_id": post, "part": part}
        await self.act(leader, held, "assign", targets=[target], instruction="Chủ trì, báo cáo")
        held.state = "04"
        names = "; ".join(filter(None, [self.line(held).receiver, self.titles[post]]))
        self.amend(held, receiver=names, forwarded=True)

    async def finish(self, held: Held, who: str) -> None:
        """The named specialist takes it over and finishes."""
        await self.act(who, held, "start")
        await self.act(who, held, "finish", result="Đã xem, lưu")
        held.state = "06"
        self.amend(held, signed_for=self.names[who])

    # --- reading back ---------------------------------------------------------------------------------

    async def book(self, body: str, book: str, who: str) -> list[Any]:
        """Every line of an incoming book, as it is printed."""
        return await self._all(
            who, f"/api/v1/books/incoming?body_id={body}&book={book}&order=oldest&limit=100"
        )

    async def numbers(self, body: str) -> list[Any]:
        """Every line of the outgoing book of a body."""
        return await self._all(
            ISSUERS[body][0], f"/api/v1/books/outgoing?body_id={body}&order=oldest&limit=100"
        )

    async def _all(self, who: str, path: str) -> list[Any]:
        lines: list[Any] = []
        after: str | None = ""
        while after is not None:
            page = await self.people[who].get(f"{path}&after={after}")
            lines += page["items"]
            after = page["next"]
        return lines

    async def compare(self) -> int:
        """Compare both registers with the oracle line by line; return how many lines there are."""
        count = 0
        for (body, book), expected in self.oracle.came.items():
            shown = [came(line) for line in await self.book(body, book, CLERKS[body])]
            assert shown == list(expected.values()), (body, book)
            count += len(shown)
        for body, lines in self.oracle.sent.items():
            found = {line["text"]: sent(line) for line in await self.numbers(body)}
            assert found == lines, body
            count += len(found)
        return count

    async def complete(self) -> int:
        """Ask each series whether it is complete; return how many series were used."""
        used = 0
        for body, (who, _) in ISSUERS.items():
            for series in await self._all(who, f"/api/v1/series?body_id={body}&limit=100"):
                report = await self.people[who].get(f"/api/v1/series/{series['id']}/complete")
                assert report["missing"] == []
                numbers = [line["number"] for line in report["lines"]]
                assert numbers == list(range(series["start_number"], series["next_number"]))
                used += series["book"] == "outgoing" and len(numbers) > 0
        return used


def came(line: Mapping[str, Any]) -> Came:
    """A line of an incoming book as the oracle writes it."""
    return Came(
        line["text"],
        line["state"],
        line["origin"],
        line["author"],
        line["notation"],
        line["subject"],
        line["receiver"],
        line["forwarded_on"] is not None,
        line["signed_for"],
        line["note"],
        line["reason"],
    )


def sent(line: Mapping[str, Any]) -> Sent:
    """A line of the outgoing book as the oracle writes it."""
    return Sent(
        line["text"], line["state"], line["subject"], line["recipients"], line["note"], line["reason"]
    )

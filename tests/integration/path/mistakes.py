"""Mistakes of the week and how each is undone through the API; the oracle learns what must remain."""

from __future__ import annotations

from tests.integration.path.oracle import Came
from tests.integration.path.week import CLERKS, ISSUERS, LEADERS, OTHERS, WORKERS, Held, Week

Line = tuple[str, str, str]


async def wrong_acceptance(week: Week, held: Held) -> None:
    """Accepted by mistake: taken out of the book, then accepted anew under the next number."""
    await week.accept(held)
    reason = "Tiếp nhận nhầm"
    standing = await week.act(CLERKS[held.body], held, "undo-accept", reason=reason)
    assert (standing["status"], standing["incoming_text"]) == ("01", "")
    week.amend(held, state="voided", reason=reason)
    await week.accept(held)


async def wrong_acceptance_in_work(week: Week, held: Held) -> None:
    """Accepted, assigned, and only then seen to be for somebody else: out of the book, and refused."""
    await week.accept(held)
    await week.assign(held, week.posts[WORKERS[held.body]])
    reason = "Văn bản gửi nhầm nơi nhận"
    await week.act(CLERKS[held.body], held, "undo-accept", reason=reason)
    week.amend(held, state="voided", reason=reason)
    await week.act(CLERKS[held.body], held, "refuse", reason=reason)
    held.state = "02"


async def wrong_refusal(week: Week, held: Held) -> None:
    """Refused by mistake: the refusal is taken back."""
    await week.act(CLERKS[held.body], held, "refuse", reason="Sai nơi nhận")
    await week.act(CLERKS[held.body], held, "undo-refuse", reason="Bấm nhầm")
    await week.accept(held)


async def wrong_book(week: Week, body: str) -> None:
    """A citizen's letter entered in the incoming book goes to its own book."""
    held = await week.paper(body)
    reason = "Đơn của công dân"
    old = week.line(held)
    moved = await week.act(CLERKS[body], held, "rebook", book="citizen", reason=reason)
    week.amend(held, state="voided", reason=reason)
    held.book = "citizen"
    assert week.enter(held, _again(old, reason)) == moved["incoming_text"]


async def wrong_body(week: Week, wrong: str, right: str) -> None:
    """A letter entered in the book of the other body that the same clerk keeps."""
    held = await week.paper(wrong)
    reason = "Thư gửi cơ quan khác"
    old = week.line(held)
    moved = await week.act(CLERKS[wrong], held, "rebook", body_id=right, reason=reason)
    week.amend(held, state="voided", reason=reason)
    held.body = right
    assert week.enter(held, _again(old, reason)) == moved["incoming_text"]
    await week.assign(held, week.posts[WORKERS[right]])


async def wrong_paper_entry(week: Week, body: str) -> None:
    """One letter is mistyped and corrected, another was entered twice and is taken out of the book."""
    mistyped = await week.paper(body, subject="Trích yếu ghi nhầm", sender_name="Tên ghi nhầm")
    client = week.people[CLERKS[body]]
    entry = (await week.book(body, "incoming", CLERKS[body]))[-1]
    right = {"subject": "Trích yếu đúng", "author": "Công ty Mẫu đúng"}
    await client.post(f"/api/v1/books/incoming/{entry['id']}/correct", {**right, "reason": "Ghi nhầm"})
    week.amend(mistyped, subject=right["subject"], author=right["author"], note="Đính chính: Ghi nhầm")
    (kept,) = await client.get(f"/api/v1/books/lines/{entry['id']}/corrections")
    assert kept["before"] == {"author": "Tên ghi nhầm", "note": "", "subject": "Trích yếu ghi nhầm"}
    assert (kept["after"]["subject"], kept["reason"]) == ("Trích yếu đúng", "Ghi nhầm")
    twice = await week.paper(body)
    closed = await week.act(CLERKS[body], twice, "undo-accept", reason="Vào sổ hai lần")
    assert closed["status"] == "02"
    twice.state = "02"
    week.amend(twice, state="voided", reason="Vào sổ hai lần")


async def wrong_assignment(week: Week, held: Held) -> None:
    """Given to the wrong post: withdrawn, and given to the right one."""
    wrong, right = OTHERS[held.body], WORKERS[held.body]
    await week.assign(held, week.posts[wrong])
    assert (await week.people[wrong].call("GET", f"/api/v1/arrivals/{held.id}")).status == 200
    taken = {"post_id": week.posts[wrong], "reason": "Giao nhầm đơn vị"}
    back = await week.act(LEADERS[held.body], held, "unassign", **taken)
    assert back["status"] == "03"
    week.amend(held, receiver="", forwarded=False)
    assert (await week.people[wrong].call("GET", f"/api/v1/arrivals/{held.id}")).status == 404
    held.state = "04"
    await week.assign(held, week.posts[right])
    await week.finish(held, right)
    await week.act(right, held, "reopen", reason="Hoàn thành nhầm")
    await week.act(right, held, "finish", result="Đã xử lý xong")


async def wrong_recipient(week: Week, body: str, kind: str, wrong: str, right: str) -> None:
    """Sent to the wrong body: asked back, given back, and sent to the right one."""
    sent = await week.issue(body, kind, [wrong])
    (arrival,) = sent["arrivals"]
    clerk = week.people[ISSUERS[body][0]]
    week.held = [one for one in week.held if one.id != arrival["arrival_id"]]
    await clerk.post(f"/api/v1/arrivals/{arrival['arrival_id']}/recall", {"reason": "Gửi nhầm nơi nhận"})
    other = week.people["vanthu.xa2"]
    given = await other.post(f"/api/v1/arrivals/{arrival['arrival_id']}/answer-recall", {"agreed": True})
    assert given["status"] == "15"
    again = await clerk.post("/api/v1/dispatches", {"document_id": sent["document_id"], "to": [right]})
    assert [one["body_id"] for one in again["arrivals"]] == [right]
    number = next(line for line in await week.numbers(body) if line["text"] == sent["text"])
    right_name = week.bodies[right]
    await clerk.post(
        f"/api/v1/numbers/{number['id']}/correct", {"recipients": right_name, "reason": "Gửi nhầm nơi nhận"}
    )
    note = "Đính chính: Gửi nhầm nơi nhận"
    week.oracle.amend_sent(body, sent["text"], recipients=right_name, note=note)


def _again(old: Came, reason: str) -> Came:
    """The same letter as a new line, with why it moved."""
    return Came(
        "", "registered", old.origin, old.author, old.notation, old.subject, note=f"Chuyển sổ: {reason}"
    )

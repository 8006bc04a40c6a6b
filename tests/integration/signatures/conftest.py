"""Documents of the Department of Health on their way, and tokens of its people."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from server.kernel.actor import SYSTEM
from server.signatures.model import OwnerKind
from tests.data.pdf_pieces import typeset
from tests.factories.province import Office
from tests.factories.server import Answered, Client
from tests.factories.tokens import Token, token_for

AUTHOR, CHIEF, DIRECTOR, CLERK = "chuyenvien.syt", "chanhvp.syt", "giamdoc.syt", "vanthu.syt"
HEALTH = "z02-05"


@dataclass
class Desks:
    """The people of the department at their desks."""

    office: Office
    stack: AsyncExitStack
    people: dict[str, Client] = field(default_factory=dict)

    @property
    def pki(self) -> Path:
        """The development authority of the province."""
        return self.office.services.settings.data / "pki"

    async def at(self, username: str) -> Client:
        """Return somebody's client, signed in."""
        if username not in self.people:
            client = await self.office.sign_in(username)
            self.people[username] = await self.stack.enter_async_context(client)
        return self.people[username]

    async def post(self, username: str, path: str, body: object = None, **more: Any) -> Any:
        """POST to the API as somebody, and fail unless it succeeds."""
        return await (await self.at(username)).post(f"/api/v1{path}", body, **more)

    async def tried(self, username: str, path: str, body: object = None, **more: Any) -> Answered:
        """POST to the API as somebody; return whatever is answered."""
        return await (await self.at(username)).call("POST", f"/api/v1{path}", body=body or {}, **more)

    async def get(self, username: str, path: str) -> Any:
        """GET from the API as somebody."""
        return await (await self.at(username)).get(f"/api/v1{path}")

    async def draft(self, subject: str = "Thử ký", **fields: object) -> Any:
        """A rendered draft of the department."""
        whole = {
            "body_id": HEALTH,
            "type_code": "cong-van",
            "subject": subject,
            "secrecy": "none",
            "recipients": ["z03-01"],
            "signer_post": f"{HEALTH}.giam-doc",
            "blocks": [{"kind": "paragraph", "runs": [{"text": f"Nội dung {subject}."}]}],
            **fields,
        }
        moved = await self.post(AUTHOR, "/documents", {"fields": whole})
        return await self.act(AUTHOR, moved, "render")

    async def to_sign(self, subject: str = "Thử ký", **fields: object) -> Any:
        """A document that waits for the director."""
        moved = await self.act(AUTHOR, await self.draft(subject, **fields), "submit")
        body = {"version": moved["version"], "passed": True}
        return await self.post(CHIEF, f"/documents/{moved['id']}/form-check", body)

    async def signed(self, subject: str = "Thử ký", **fields: object) -> Any:
        """A document signed by the director with the key held by the server."""
        return await self.act(DIRECTOR, await self.to_sign(subject, **fields), "sign")

    async def numbered(self, subject: str = "Thử ký", **fields: object) -> Any:
        """A document with its number, that waits for the seal."""
        return await self.act(CLERK, await self.signed(subject, **fields), "number")

    async def numbered_with(self, attachment: str) -> Any:
        """A document with an attachment, that waits for the seal."""
        moved = await self.draft()
        view = await self.get(AUTHOR, f"/documents/{moved['id']}")
        fields = _again(view["document"]["fields"])
        content = {
            "version": moved["version"],
            "fields": fields,
            "attachments": [{"digest": attachment, "name": "kem.pdf"}],
        }
        moved = await self.post(AUTHOR, f"/documents/{moved['id']}/versions", content)
        moved = await self.act(AUTHOR, await self.act(AUTHOR, moved, "render"), "submit")
        body = {"version": moved["version"], "passed": True}
        moved = await self.post(CHIEF, f"/documents/{moved['id']}/form-check", body)
        return await self.act(CLERK, await self.act(DIRECTOR, moved, "sign"), "number")

    async def act(self, username: str, moved: Any, act: str) -> Any:
        """Do a plain act on a document as it was last seen."""
        return await self.post(username, f"/documents/{moved['id']}/{act}", {"version": moved["version"]})

    async def document(self, username: str, document_id: str) -> Any:
        """Return a document as somebody sees it."""
        return (await self.get(username, f"/documents/{document_id}"))["document"]

    async def file(self, username: str, document_id: str) -> bytes:
        """Return the newest main file."""
        digest = (await self.document(username, document_id))["main_digest"]
        client = await self.at(username)
        answer = await client.call("GET", f"/api/v1/documents/{document_id}/files/{digest}")
        assert answer.status == 200
        return answer.body

    async def upload(self, username: str, data: bytes, name: str = "kem.pdf") -> str:
        """Upload a file; return its digest."""
        client = await self.at(username)
        answer = await client.call(
            "POST",
            f"/api/v1/files?name={name}&secrecy=none",
            data=data,
            headers={"Content-Type": "application/pdf"},
        )
        return str(answer.ok()["digest"])

    async def account(self, username: str) -> str:
        """Return somebody's account."""
        return str((await self.get(username, "/session"))["account"]["id"])

    async def person_token(self, username: str = DIRECTOR, name: str = "Giám đốc Sở Y tế") -> Token:
        """Issue and register a token for a person."""
        token = await asyncio.to_thread(token_for, self.pki, name)
        await self.register("person", await self.account(username), token)
        return token

    async def body_token(self, body_id: str = HEALTH) -> Token:
        """Issue and register a token for a body."""
        token = await asyncio.to_thread(token_for, self.pki, "Sở Y tế", body=True)
        await self.register("body", body_id, token)
        return token

    async def register(self, kind: str, owner_id: str, token: Token) -> None:
        """Register a token as the installation does."""
        signatures = self.office.services.signatures
        await signatures.add_token(SYSTEM, OwnerKind(kind), owner_id, token.certificates)


@pytest.fixture
async def desks(sqlite_office: Office) -> AsyncIterator[Desks]:
    """The department on SQLite."""
    async with AsyncExitStack() as stack:
        yield Desks(sqlite_office, stack)


@pytest.fixture
async def any_desks(office: Office) -> AsyncIterator[Desks]:
    """The department on each engine in turn."""
    async with AsyncExitStack() as stack:
        yield Desks(office, stack)


@pytest.fixture(scope="session")
def annex() -> bytes:
    """An attachment."""
    return typeset(pages=1)


def _again(fields: Any) -> dict[str, object]:
    """Return fields as a save takes them."""
    return {
        "body_id": fields["body"]["id"],
        "type_code": fields["type_code"],
        "subject": fields["subject"],
        "secrecy": "none",
        "recipients": [one["id"] for one in fields["recipients"]],
        "signer_post": fields["signer"]["id"],
        "blocks": fields["blocks"],
    }

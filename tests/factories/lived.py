"""A province that has worked: the main job done, drafts, restricted papers, mail, everybody signed in.

Built once a run on SQLite and copied for each test, sessions included, so that a test begins with people at
their desks instead of with hashing passwords.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import shutil
import struct
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from server.demo.job import Job
from server.demo.results import CENTRE, PENSION, pension
from server.kernel.clock import local_date
from server.settings import Settings
from tests.data.pdf_pieces import plain
from tests.factories.province import PASSWORD, Built, Office, open_office, settings_of, sign_in
from tests.factories.server import Client

DEPARTMENT, OTHER = "z02-05", "z02-06"
"""The body the story is told in, and one that none of it was sent to."""
PEOPLE: dict[str, str] = {
    "clerk": "vanthu.syt",
    "chief": "chanhvp.syt",
    "leader": "giamdoc.syt",
    "deputy": "phogiamdoc.syt",
    "head": "truongphong.syt",
    "colleague": "chuyenvien2.syt",
    "former": "chuyenvien.syt",
    "sender_clerk": "vanthu.vptu",
    "sender_chief": "chanhvp.vptu",
    "sender_leader": "phobithu.tu",
    "sender_specialist": "chuyenvien.vptu",
    "commune_clerk": "vanthu.xa1",
    "commune_leader": "chutich.xa1",
    "commune2_clerk": "vanthu.xa2",
    "administrator": "quantri",
    "supervisor": "thanhtra",
}
"""Who sits at which desk: name in tests -> username."""
STRANGERS = {
    "stranger_clerk": "records_clerk",
    "stranger_chief": "chief_of_office",
    "stranger_leader": "leader",
    "stranger_head": "head_of_unit",
    "stranger_specialist": "specialist",
}
"""People of the other body, by the role of their post."""
NEW_SPECIALIST = "chuyenvienmoi.syt"


@dataclass(frozen=True)
class Person:
    """Somebody who can make requests at once."""

    name: str
    """Name in tests."""
    account_id: str
    role: str
    """Role of the post; "" = none."""
    headers: dict[str, str] = field(default_factory=dict)
    """What proves who it is: cookie and CSRF token, or a bearer token."""


@dataclass(frozen=True)
class Lived:
    """What was built: where it lies, who is there, what there is."""

    folder: Path
    people: dict[str, Person]
    objects: dict[str, str]
    """Name -> id."""


@dataclass
class LivedOffice:
    """An open copy of it, served."""

    office: Office
    people: dict[str, Person]
    objects: dict[str, str]

    def client(self, name: str) -> Client:
        """Return a client in the hands of somebody ("nobody" = without a session)."""
        client = self.office.client()
        if name != "nobody":
            client.headers.update(self.people[name].headers)
        return client

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.office.services.settings.data / "lienthong.db"


def totp(secret: str, at: float, step: int = 30) -> str:
    """Return the RFC 6238 code of a base32 secret at an instant (seconds)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(at) // step), hashlib.sha1).digest()
    start = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[start : start + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


class _Story:
    """Plays what happens before a test begins."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.people: dict[str, Person] = {}
        self.objects: dict[str, str] = {}
        self.clients: dict[str, Client] = {}

    async def enter(self, name: str, username: str) -> Client:
        client = self.office.client()
        await sign_in(client, username)
        self.clients[name] = client
        if username == "quantri":
            await self._second_factor(client)
        view = await client.get("/api/v1/session")
        posts = {post["post_id"]: post["role"] for post in view["posts"]}
        cookies = client._session.cookie_jar.filter_cookies(URL(client.url))
        headers = {
            "Cookie": f"session={cookies['session'].value}",
            "X-CSRF-Token": view["csrf_token"],
        }
        role = posts.get(view["post_id"], "")
        self.people[name] = Person(name, view["account"]["id"], role, headers)
        return client

    async def _second_factor(self, client: Client) -> None:
        begun = await client.post("/api/v1/session/totp", {"password": PASSWORD})
        code = totp(begun["secret"], time.time())
        answer = await client.call("PUT", "/api/v1/session/totp", body={"code": code})
        answer.ok()

    async def play(self) -> None:
        outcome = await Job(self.office.url, PASSWORD, lambda _: None).play()
        self.objects |= {"document_issued": outcome.document_id, "document_answer": outcome.answer_id}
        for name, username in PEOPLE.items():
            await self.enter(name, username)
        await self._enter_strangers()
        await self._hand_over()
        await self._drafts()
        await self._mail()
        await self._tokens()
        await self._books()
        await self._results()
        await self.office.services.jobs.drain()
        await self.office.services.audit.sequencer.run()
        await self._small_things()

    async def _enter_strangers(self) -> None:
        administrator = self.clients["administrator"]
        held = await administrator.get(f"/api/v1/accounts?limit=200&body_id={OTHER}")
        posts = await administrator.get(f"/api/v1/bodies/{OTHER}/posts")
        holders = await administrator.get(
            "/api/v1/holders?" + "&".join(f"ids={post['id']}" for post in posts)
        )
        usernames = {account["id"]: account["username"] for account in held["items"]}
        roles = {post["id"]: post["role"] for post in posts}
        for name, role in STRANGERS.items():
            found = next(item for item in holders if roles[item["post_id"]] == role)
            await self.enter(name, usernames[found["account_id"]])
        counter = await administrator.get("/api/v1/accounts?limit=200&q=quay1")
        await self.enter("counter", counter["items"][0]["username"])

    async def _hand_over(self) -> None:
        """The specialist's post goes to somebody new; the old holder stays without a post."""
        token = await self._token(
            "former", f"{DEPARTMENT}.chuyen-vien", ["documents.read", "circulation.read"]
        )
        self.people["former_machine"] = token
        administrator = self.clients["administrator"]
        account = await administrator.post(
            "/api/v1/accounts", {"username": NEW_SPECIALIST, "full_name": "Chuyên viên 2 Sở Y tế"}
        )
        link = await administrator.post(f"/api/v1/accounts/{account['id']}/invitation")
        nobody = self.office.client()
        await nobody.post("/api/v1/invitations", {"token": link["token"], "password": PASSWORD})
        await nobody.__aexit__(None, None, None)
        day = local_date(datetime.now(UTC))
        today = day.isoformat()
        await administrator.post(
            f"/api/v1/posts/{DEPARTMENT}.chuyen-vien/hand-over",
            {"to_account_id": account["id"], "valid_from": today, "basis": "Quyết định mẫu"},
        )
        await self.enter("specialist", NEW_SPECIALIST)
        # The head of unit stands in for the director, for ten days.
        head = self.people["head"]
        until = (day + timedelta(days=10)).isoformat()
        await administrator.post(
            f"/api/v1/accounts/{head.account_id}/posts",
            {
                "post_id": f"{DEPARTMENT}.giam-doc",
                "kind": "delegated",
                "valid_from": today,
                "valid_to": until,
                "basis": "Giấy ủy quyền mẫu",
            },
        )
        acting = {**head.headers, "Lien-Thong-Post": f"{DEPARTMENT}.giam-doc"}
        self.people["delegate"] = replace(head, name="delegate", role="leader", headers=acting)
        own = {**head.headers, "Lien-Thong-Post": f"{DEPARTMENT}.truong-phong"}
        self.people["head"] = replace(head, headers=own)

    async def _token(self, name: str, post_id: str, scopes: list[str]) -> Person:
        until = (datetime.now(UTC) + timedelta(days=30)).isoformat()
        issued = await self.clients[name].post(
            "/api/v1/tokens",
            {"post_id": post_id, "name": "máy", "scopes": scopes, "expires_at": until},
        )
        self.objects[f"token_{name}"] = issued["token"]["id"]
        person = self.people[name]
        headers = {"Authorization": f"Bearer {issued['secret']}"}
        return Person(f"{name}_machine", person.account_id, person.role, headers)

    async def _tokens(self) -> None:
        machine = await self._token(
            "clerk", f"{DEPARTMENT}.van-thu", ["circulation.read", "circulation.accept"]
        )
        self.people["machine"] = machine
        scopes = ["organisations.read"]
        self.people["machine_unscoped"] = await self._token("sender_clerk", "z01-01.van-thu", scopes)

    async def _draft(self, name: str, who: str, **fields: object) -> Any:
        whole = {
            "body_id": DEPARTMENT,
            "type_code": "cong-van",
            "subject": f"Dự thảo thử {name}",
            "secrecy": "none",
            "recipients": ["z03-01"],
            "signer_post": f"{DEPARTMENT}.giam-doc",
            "blocks": [{"kind": "paragraph", "runs": [{"text": "Nội dung thử."}]}],
            **fields,
        }
        moved = await self.clients[who].post("/api/v1/documents", {"fields": whole})
        self.objects[name] = moved["id"]
        return moved

    async def _drafts(self) -> None:
        await self._draft("document_draft", "specialist")
        await self._draft(
            "document_restricted", "specialist", restricted=True, clerk_post=f"{DEPARTMENT}.van-thu"
        )
        moved = await self._draft("document_submitted", "specialist")
        one = f"/api/v1/documents/{moved['id']}"
        moved = await self.clients["specialist"].post(f"{one}/render", {"version": moved["version"]})
        await self.clients["specialist"].post(f"{one}/submit", {"version": moved["version"]})

    async def upload(self, who: str, data: bytes, name: str = "thu.pdf") -> str:
        answer = await self.clients[who].call(
            "POST",
            f"/api/v1/files?name={name}&secrecy=none",
            data=data,
            headers={"Content-Type": "application/pdf"},
        )
        return str(answer.ok()["digest"])

    async def _mail(self) -> None:
        """Mail that waits, mail that is restricted, mail on paper."""
        digest = await self.upload("sender_clerk", plain())
        for name, restricted, to in (
            ("open", False, [DEPARTMENT, "z03-01", "z03-02"]),
            ("secret", True, [DEPARTMENT]),
        ):
            document = {
                "body_id": "z01",
                "type_code": "cong-van",
                "subject": f"Văn bản ký ngoài {name}",
                "secrecy": "none",
                "main": {"digest": digest, "name": "thu.pdf"},
                "restricted": restricted,
            }
            attention = {DEPARTMENT: f"{DEPARTMENT}.van-thu"} if restricted else {}
            sent = await self.clients["sender_clerk"].post(
                "/api/v1/dispatches/hand-in",
                {
                    "document": document,
                    "addressees": {
                        "to": to,
                        "attention": attention,
                        "outside": [{"name": "Ông A", "address": "Phố B"}],
                    },
                },
            )
            self.objects[f"dispatch_{name}"] = sent["id"]
            self.objects[f"document_{name}"] = sent["document_id"]
        await self._find_arrivals()
        scan = await self.upload("commune_clerk", plain())
        standing = await self.clients["commune_clerk"].post(
            "/api/v1/arrivals",
            {"sender_name": "Công ty mẫu", "subject": "Thư giấy", "secrecy": "none", "files": [scan]},
        )
        self.objects["arrival_paper"] = standing["id"]

    async def _find_arrivals(self) -> None:
        for who, suffix in (("clerk", ""), ("commune_clerk", "_commune")):
            rows = (await self.clients[who].get("/api/v1/arrivals?limit=200"))["items"]
            for row in rows:
                subject = row["subject"]
                word = "open" if subject.endswith("open") else "done"
                word = "secret" if subject.endswith("secret") else word
                self.objects[f"arrival_{word}{suffix}"] = row["id"]
        done = await self.clients["clerk"].get(f"/api/v1/arrivals/{self.objects['arrival_done']}")
        self.objects["digest_arrival"] = done["main_digest"]

    async def _books(self) -> None:
        clerk = self.clients["clerk"]
        number = await clerk.post("/api/v1/numbers", {"type_code": "cong-van", "subject": "Ngoài hệ thống"})
        self.objects |= {"number": number["id"], "series": number["series_id"]}
        letter = await clerk.post("/api/v1/books/citizen", {"author": "Bà C", "subject": "Đơn"})
        self.objects["incoming_entry"] = letter["id"]
        posted = await clerk.post(
            "/api/v1/books/postal", {"recipient": "Ông A", "notation": "1/CV", "address": "Phố B"}
        )
        self.objects["postal_entry"] = posted["id"]

    async def _results(self) -> None:
        """A batch of results in preparation, of the counter officer's centre."""
        rows = [pension(1), pension(2)]
        body = {"procedure": PENSION, "title": "Lô thử", "signer_post": f"{CENTRE}.giam-doc", "rows": rows}
        made = await self.clients["counter"].post("/api/v1/result-batches", body)
        self.objects["batch"] = made["id"]
        await self.clients["counter"].post(
            f"/api/v1/result-batches/{made['id']}/make", {"version": made["version"]}
        )
        await self.office.services.jobs.drain()
        page = await self.clients["counter"].get(f"/api/v1/result-batches/{made['id']}/results")
        self.objects["result"] = page["items"][0]["id"]

    async def _small_things(self) -> None:
        administrator = self.clients["administrator"]
        mandates = await administrator.get("/api/v1/mandates")
        self.objects["mandate"] = mandates["items"][0]["id"]
        entries = await administrator.get("/api/v1/audit/entries?limit=5")
        self.objects["entry"] = entries["items"][-1]["id"]
        sessions = await self.clients["clerk"].get("/api/v1/sessions")
        self.objects["session"] = sessions[0]["id"]
        document = await self.clients["specialist"].get(
            f"/api/v1/documents/{self.objects['document_answer']}"
        )
        self.objects["digest_document"] = document["document"]["main_digest"]
        detail = await administrator.get(f"/api/v1/bodies/{DEPARTMENT}")
        self.objects["authority"] = detail["authorities"][0]["id"]
        upload = await self.clients["clerk"].call(
            "POST",
            "/api/v1/uploads",
            headers={
                "Tus-Resumable": "1.0.0",
                "Upload-Length": "1000",
                "Upload-Metadata": "filename dGh1LnBkZg==,secrecy bm9uZQ==",
            },
        )
        self.objects["upload"] = upload.ok()["id"]
        self.objects |= {"account": self.people["deputy"].account_id, "body": DEPARTMENT}


async def _build(settings: Settings) -> Lived:
    async with aclosing(open_office(settings)) as opening:
        story = _Story(await anext(opening))
        try:
            await story.play()
        finally:
            for client in story.clients.values():
                await client.__aexit__(None, None, None)
        return Lived(settings.data, story.people, story.objects)


@pytest.fixture(scope="session")
def lived(sqlite_province: Built, tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The province that has worked: to be copied, not opened."""
    folder = tmp_path_factory.mktemp("lived") / "data"
    shutil.copytree(sqlite_province.folder, folder)
    return asyncio.run(_build(settings_of(folder)))


@pytest.fixture
def lived_settings(lived: Lived, tmp_path: Path) -> Settings:
    """Settings of a fresh copy of it."""
    folder = tmp_path / "data"
    shutil.copytree(lived.folder, folder)
    return settings_of(folder)


@pytest.fixture
async def lived_office(lived: Lived, lived_settings: Settings) -> AsyncIterator[LivedOffice]:
    """A fresh copy of it, open and served."""
    async for office in open_office(lived_settings):
        yield LivedOffice(office, lived.people, lived.objects)

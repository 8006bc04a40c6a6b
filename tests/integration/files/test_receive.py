"""What comes in: declared, judged, kept once, answered once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from server.files.model import StoredFile
from server.kernel.actor import Actor, Channel, Once, RequestContext, Role
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused, TooLarge
from server.kernel.record import Subject
from server.unit import Replayed
from storage.sql.protocol import Statement
from tests.integration.files.conftest import LIMIT_BYTES, Setting

CLERK = Actor(
    account_id="account-vt",
    name="Văn thư",
    role=Role.RECORDS_CLERK,
    body_id="z02-05",
    post_id="z02-05.vt",
    request=RequestContext(channel=Channel.API),
)
PDF = b"%PDF-1.7 Bao cao thang 11"


class Stream:
    """An upload that tells whether anybody read it."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = parts
        self.read = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            self.read += 1
            yield part


@dataclass
class Count:
    n: int


@dataclass
class Act:
    action: str
    detail: str


async def count(setting: Setting, table: str) -> int:
    found = await setting.units.reader.fetch_one(
        Statement("test.count", f"SELECT COUNT(*) AS n FROM {table}"), {}, Count
    )
    return found.n if found else 0


async def acts(setting: Setting) -> list[Act]:
    return await setting.units.reader.fetch(
        Statement("test.acts", "SELECT action, detail FROM audit_entries ORDER BY id"), {}, Act
    )


async def receive(
    setting: Setting,
    stream: Stream,
    *,
    actor: Actor = CLERK,
    name: str = "bc.pdf",
    secrecy: str | None = "none",
) -> StoredFile:
    return await setting.files.receive(actor, stream, name=name, secrecy=secrecy)


async def test_an_upload_is_kept_with_what_the_guard_found(setting: Setting) -> None:
    stored = await receive(setting, Stream(PDF[:7], PDF[7:]), name="../Báo cáo.pdf")
    assert (stored.name, stored.pages, stored.size_bytes) == ("Báo cáo.pdf", 3, len(PDF))
    view = await setting.files.open(CLERK, Subject("document", "d1", "z02-05"), stored.digest, stored.name)
    assert b"".join([part async for part in setting.files.read(view.info)]) == PDF


async def test_a_part_of_a_file_can_be_read(setting: Setting) -> None:
    data = b"%PDF" + bytes(range(256)) * 8192
    stored = await receive(setting, Stream(data))
    info = await setting.files.info(stored.digest)
    part = b"".join([piece async for piece in setting.files.read(info, 1_048_570, 1_048_600)])
    assert part == data[1_048_570:1_048_600]


@pytest.mark.parametrize("level", ["mat", "toi_mat", "tuyet_mat"])
async def test_a_state_secret_is_refused_before_a_byte_is_read_and_audited(
    setting: Setting, level: str
) -> None:
    stream = Stream(PDF)
    with pytest.raises(Refused) as caught:
        await receive(setting, stream, secrecy=level)
    assert caught.value.code == "files.state_secret"
    assert stream.read == 0
    assert [act.action for act in await acts(setting)] == ["files.secret_refused"]
    assert await count(setting, "objects") == 0


async def test_a_missing_level_is_refused_before_a_byte_is_read(setting: Setting) -> None:
    stream = Stream(PDF)
    with pytest.raises(Invalid) as caught:
        await receive(setting, stream, secrecy=None)
    assert caught.value.code == "files.secrecy_missing"
    assert stream.read == 0


async def test_an_administrator_uploads_nothing(setting: Setting) -> None:
    stream = Stream(PDF)
    with pytest.raises(Forbidden):
        await receive(setting, stream, actor=replace(CLERK, role=Role.ADMINISTRATOR))
    assert stream.read == 0


async def test_a_file_beyond_the_limit_is_not_read_to_its_end(setting: Setting) -> None:
    stream = Stream(*[b"%PDF" + b"x" * (LIMIT_BYTES // 2)] * 10)
    with pytest.raises(TooLarge) as caught:
        await receive(setting, stream)
    assert caught.value.code == "files.too_large"
    assert stream.read < 5
    assert list(setting.spool.iterdir()) == []


async def test_what_the_guard_refuses_leaves_nothing(setting: Setting) -> None:
    with pytest.raises(Refused):
        await receive(setting, Stream(b"MZ not a pdf"))
    assert await count(setting, "objects") == 0
    assert list(setting.spool.iterdir()) == []


async def test_what_the_scanner_finds_leaves_nothing(setting: Setting) -> None:
    setting.scanner.finding = "files.infected"
    with pytest.raises(Refused):
        await receive(setting, Stream(PDF))
    assert await count(setting, "object_holdings") == 0


async def test_a_broken_connection_leaves_nothing(setting: Setting) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield PDF
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await setting.files.receive(CLERK, broken(), name="bc.pdf", secrecy="none")
    assert await count(setting, "objects") == 0
    assert list(setting.spool.iterdir()) == []


async def test_the_same_bytes_twice_are_one_object_with_two_holdings(setting: Setting) -> None:
    one = await receive(setting, Stream(PDF), name="a.pdf")
    other = await receive(setting, Stream(PDF), name="b.pdf", actor=replace(CLERK, body_id="z03-01"))
    assert one.digest == other.digest
    assert await count(setting, "objects") == 1
    held = await setting.files.require_held(setting.units.reader, "z03-01", [one.digest])
    assert held[one.digest].name == "b.pdf"


def keyed(key: str) -> Actor:
    request = replace(CLERK.request, once=Once("POST /api/v1/files", key, ""))
    return replace(CLERK, request=request)


async def test_a_retry_gets_the_stored_answer(setting: Setting) -> None:
    await receive(setting, Stream(PDF), actor=keyed("k1"))
    with pytest.raises(Replayed) as replayed:
        await receive(setting, Stream(PDF), actor=keyed("k1"))
    assert b'"pages":3' in replayed.value.answer
    assert [act.action for act in await acts(setting)] == ["files.receive"]


async def test_the_same_key_for_other_bytes_is_a_conflict(setting: Setting) -> None:
    await receive(setting, Stream(PDF), actor=keyed("k1"))
    with pytest.raises(Conflict) as caught:
        await receive(setting, Stream(PDF + b" sua"), actor=keyed("k1"))
    assert caught.value.code == "unit.key_reused"


async def test_a_body_may_use_only_what_it_holds(setting: Setting) -> None:
    stored = await receive(setting, Stream(PDF))
    digests = [stored.digest, "sha256:" + "0" * 64]
    with pytest.raises(Invalid) as caught:
        await setting.files.require_held(
            setting.units.reader, "z03-01", digests, fields=["/main/digest", "/attachments/0/digest"]
        )
    assert [fault.field for fault in caught.value.faults] == ["/main/digest", "/attachments/0/digest"]


async def test_sharing_gives_recipients_the_file_under_its_name(setting: Setting) -> None:
    stored = await receive(setting, Stream(PDF), name="bc.pdf")
    async with setting.units.begin(CLERK) as unit:
        await setting.files.share(unit, [stored.digest], ["z03-01", "z03-02", "z02-05"])
        unit.record("circulation.send", Subject("dispatch", "s1"))
    held = await setting.files.require_held(setting.units.reader, "z03-02", [stored.digest])
    assert held[stored.digest].name == "bc.pdf"
    assert await count(setting, "object_holdings") == 3


async def test_bytes_that_the_system_made_are_kept_in_the_callers_unit(setting: Setting) -> None:
    made = await setting.files.store_bytes(b"%PDF signed", pages=2, name="signed.pdf")
    with pytest.raises(NotFound):
        await setting.files.info(made.info.digest)
    async with setting.units.begin(CLERK) as unit:
        held = await setting.files.keep(unit, made, "z02-05")
        unit.record("documents.sign", Subject("document", "d1"))
    assert held.pages == 2
    assert await setting.files.read_bytes(made.info.digest) == b"%PDF signed"


async def test_a_supervisors_view_of_a_file_is_audited(setting: Setting) -> None:
    stored = await receive(setting, Stream(PDF))
    supervisor = replace(CLERK, account_id="account-tt", role=Role.SUPERVISOR, mandate_id="m1")
    await setting.files.open(supervisor, Subject("document", "d1", "z02-05"), stored.digest, "bc.pdf")
    last = (await acts(setting))[-1]
    assert last.action == "identity.supervised_view"
    assert stored.digest in last.detail

"""Uploads over a line that breaks."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from server.files.model import Upload
from server.files.resumable import UNDER_WAY_MAX, Resumable
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Invalid, NotFound, Refused, TooLarge, TooMany
from tests.integration.files.conftest import LIMIT_BYTES, Setting
from tests.integration.files.test_receive import CLERK, count

PDF = b"%PDF" + os.urandom(2_000_000)


async def stream(data: bytes, *, breaks: bool = False) -> AsyncIterator[bytes]:
    for at in range(0, len(data), 100_000):
        yield data[at : at + 100_000]
    if breaks:
        raise ConnectionResetError


@pytest.fixture
def resumable(setting: Setting) -> Resumable:
    return setting.files.uploads


async def begin(resumable: Resumable, data: bytes = PDF) -> Upload:
    return await resumable.begin(CLERK, name="Phụ lục.pdf", secrecy="none", size_bytes=len(data))


async def test_an_upload_goes_on_where_the_line_broke(setting: Setting, resumable: Resumable) -> None:
    upload = await begin(resumable)
    with pytest.raises(ConnectionResetError):
        await resumable.append(CLERK, upload.id, 0, stream(PDF[:1_300_000], breaks=True))
    at = (await resumable.state(CLERK, upload.id)).offset
    assert at == 1_300_000
    done = await resumable.append(CLERK, upload.id, at, stream(PDF[at:]))
    assert done.file is not None
    assert await setting.files.read_bytes(done.file.digest) == PDF
    assert [path.name for path in setting.spool.iterdir()] == []


async def test_a_part_at_the_wrong_place_is_a_conflict(resumable: Resumable) -> None:
    upload = await begin(resumable)
    await resumable.append(CLERK, upload.id, 0, stream(PDF[:500]))
    with pytest.raises(Conflict) as caught:
        await resumable.append(CLERK, upload.id, 0, stream(PDF[:500]))
    assert caught.value.faults[0].params == {"offset": 500}


async def test_bytes_that_a_crash_left_unsafe_are_cut_off(setting: Setting, resumable: Resumable) -> None:
    upload = await begin(resumable)
    await resumable.append(CLERK, upload.id, 0, stream(PDF[:500]))
    with (setting.spool / f"{upload.id}.part").open("ab") as file:
        file.write(b"\x00" * 77)
    assert (await resumable.state(CLERK, upload.id)).offset == 500
    done = await resumable.append(CLERK, upload.id, 500, stream(PDF[500:]))
    assert done.file is not None
    assert done.file.size_bytes == len(PDF)


async def test_a_repeated_last_part_gets_the_same_file(setting: Setting, resumable: Resumable) -> None:
    upload = await begin(resumable)
    first = await resumable.append(CLERK, upload.id, 0, stream(PDF))
    again = await resumable.append(CLERK, upload.id, 0, stream(PDF))
    assert again.file == first.file
    assert await count(setting, "objects") == 1


async def test_more_than_was_announced_is_refused(resumable: Resumable) -> None:
    upload = await begin(resumable, PDF[:1000])
    with pytest.raises(TooLarge) as caught:
        await resumable.append(CLERK, upload.id, 0, stream(PDF[:1001]))
    assert caught.value.code == "files.upload_too_long"


async def test_what_the_guard_refuses_is_removed(setting: Setting, resumable: Resumable) -> None:
    upload = await begin(resumable, b"MZ program")
    with pytest.raises(Refused):
        await resumable.append(CLERK, upload.id, 0, stream(b"MZ program"))
    assert list(setting.spool.iterdir()) == []


async def test_another_persons_upload_is_not_known(resumable: Resumable) -> None:
    upload = await begin(resumable)
    with pytest.raises(NotFound):
        await resumable.state(replace(CLERK, account_id="account-khac"), upload.id)


async def test_an_upload_that_nobody_continued_is_gone(
    setting: Setting, resumable: Resumable, clock: FixedClock
) -> None:
    upload = await begin(resumable)
    await resumable.append(CLERK, upload.id, 0, stream(PDF[:500]))
    stamp = clock.now().timestamp()
    for path in setting.spool.iterdir():
        os.utime(path, (stamp, stamp))
    clock.advance(timedelta(days=1, seconds=1))
    with pytest.raises(NotFound):
        await resumable.state(CLERK, upload.id)
    await setting.files.sweep()
    assert list(setting.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("secrecy", "size", "kind"),
    [("none", 0, Invalid), ("none", LIMIT_BYTES + 1, TooLarge), (None, 10, Invalid), ("mat", 10, Refused)],
)
async def test_what_may_not_come_in_does_not_begin(
    resumable: Resumable, secrecy: str | None, size: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        await resumable.begin(CLERK, name="a.pdf", secrecy=secrecy, size_bytes=size)


async def test_one_person_does_not_fill_the_disk(resumable: Resumable) -> None:
    for _ in range(UNDER_WAY_MAX):
        await begin(resumable)
    with pytest.raises(TooMany):
        await begin(resumable)

"""The guard judges a file by what it is: each refusal beside its honest twin."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
import tomllib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest

from server.files.guard import Guard, GuardLimits, Inspection
from server.kernel.errors import Refused, Unavailable
from tests.data import make_pdfs, pdf_pieces
from tests.data.make_pdfs import ACCEPTED, REFUSED

_LOCALE = Path(__file__).parents[3] / "web" / "locale" / "files.toml"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file of the corpus."""
    folder = tmp_path_factory.mktemp("corpus")
    make_pdfs.main(folder)
    return folder


@pytest.fixture
async def guard() -> AsyncIterator[Guard]:
    made = Guard(workers=1)
    yield made
    await made.close()


async def refusal(guard: Guard, path: Path, limits: GuardLimits | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        await guard.inspect(path, limits)
    return caught.value


async def test_each_honest_file_is_accepted(corpus: Path, guard: Guard) -> None:
    judged = {name: await guard.inspect(corpus / f"{name}.pdf") for name in ACCEPTED}
    assert {one.media_type for one in judged.values()} == {"application/pdf"}
    assert judged["two_thousand_pages"].pages == 2000
    assert judged["linearized"].pages == 3


async def test_each_other_file_is_refused_with_its_reason_and_no_other(corpus: Path, guard: Guard) -> None:
    found = {}
    for name in REFUSED:
        error = await refusal(guard, corpus / f"{name}.pdf")
        found[name] = [fault.code for fault in error.faults]
    assert found == {name: [code] for name, (code, _) in REFUSED.items()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("word", "DOCX"),
        ("old_word", "DOC"),
        ("excel", "XLSX"),
        ("zip", "ZIP"),
        ("png", "PNG"),
        ("html", "HTML"),
        ("text", "TXT"),
        ("exe_named_pdf", "EXE"),
        ("elf", "ELF"),
        ("shell_script", "script"),
        ("zip_after_pdf", "ZIP"),
    ],
)
async def test_a_refusal_names_what_was_sent(corpus: Path, guard: Guard, name: str, kind: str) -> None:
    error = await refusal(guard, corpus / f"{name}.pdf")
    assert error.faults[0].params["kind"] == kind


async def test_the_name_of_a_file_decides_nothing(tmp_path: Path, guard: Guard) -> None:
    (tmp_path / "setup.exe").write_bytes(pdf_pieces.plain())
    (tmp_path / "cong-van.pdf").write_bytes(REFUSED["exe_named_pdf"][1]())
    assert (await guard.inspect(tmp_path / "setup.exe")).kind == "pdf"
    assert (await refusal(guard, tmp_path / "cong-van.pdf")).code == "files.executable"


async def test_everything_wrong_is_named_at_once(tmp_path: Path, guard: Guard) -> None:
    pdf = pdf_pieces.form()
    pdf.Root.OpenAction = pdf_pieces.script()
    pdf.Root.AcroForm.XFA = pikepdf.String("xfa")
    pdf.attachments["a.txt"] = pdf_pieces.file_within(pdf)
    (tmp_path / "a.pdf").write_bytes(pdf_pieces.saved(pdf))
    error = await refusal(guard, tmp_path / "a.pdf")
    assert [fault.code for fault in error.faults] == [
        "files.javascript",
        "files.xfa",
        "files.embedded_files",
    ]


async def test_signatures_are_counted(corpus: Path, guard: Guard) -> None:
    counted = {
        name: (await guard.inspect(corpus / f"{name}.pdf")).signatures
        for name in ("typeset", "form_without_javascript", "signed", "signed_twice")
    }
    assert counted == {"typeset": 0, "form_without_javascript": 0, "signed": 1, "signed_twice": 2}
    assert (await guard.inspect(corpus / "signed.pdf")).signed


async def test_the_claim_of_pdfa_is_read(corpus: Path, guard: Guard) -> None:
    assert (await guard.inspect(corpus / "typeset_pdfa_2b.pdf")).pdfa == "2b"
    assert (await guard.inspect(corpus / "typeset.pdf")).pdfa is None


async def test_a_page_with_text_has_fonts_and_an_empty_one_has_none(corpus: Path, guard: Guard) -> None:
    assert (await guard.inspect(corpus / "typeset.pdf")).has_fonts
    assert not (await guard.inspect(corpus / "plain.pdf")).has_fonts


@pytest.mark.parametrize(
    ("box", "entries", "size"),
    [
        ((0, 0, 595, 842), {}, (595.0, 842.0)),
        ((0, 0, 595, 842), {"Rotate": 90}, (842.0, 595.0)),
        ((0, 0, 595, 842), {"Rotate": -180}, (595.0, 842.0)),
        ((10, 10, 305, 430), {}, (295.0, 420.0)),
        ((0, 0, 200.5, 300), {"UserUnit": 2}, (401.0, 600.0)),
    ],
)
async def test_the_first_page_is_measured_as_it_is_shown(
    tmp_path: Path,
    guard: Guard,
    box: tuple[float, float, float, float],
    entries: dict[str, int],
    size: tuple[float, float],
) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_pieces.sized(box, **entries))
    found = await guard.inspect(tmp_path / "a.pdf")
    assert (found.first_page_width_points, found.first_page_height_points) == size


async def test_the_version_of_the_catalog_counts_where_it_is_newer(tmp_path: Path, guard: Guard) -> None:
    (tmp_path / "a.pdf").write_bytes(
        pdf_pieces.plain_raw().replace(b"/Type /Catalog", b"/Version/2.0 /Type/Catalog")
    )
    assert (await refusal(guard, tmp_path / "a.pdf")).code == "files.broken"  # the offsets moved
    (tmp_path / "b.pdf").write_bytes(
        pdf_pieces.updated(pdf_pieces.plain_raw(), 1, b"<< /Type /Catalog /Version /2.0 /Pages 2 0 R >>")
    )
    assert (await guard.inspect(tmp_path / "b.pdf")).pdf_version == "2.0"


async def test_the_limit_of_pages_is_the_callers(corpus: Path, guard: Guard) -> None:
    limits = GuardLimits(max_pages=3)
    assert (await guard.inspect(corpus / "linearized.pdf", limits)).pages == 3
    error = await refusal(guard, corpus / "linearized.pdf", replace(limits, max_pages=2))
    assert (error.code, error.faults[0].params) == ("files.too_many_pages", {"limit": 2})


async def test_a_bomb_ends_in_time(corpus: Path, guard: Guard) -> None:
    began = time.monotonic()
    await refusal(guard, corpus / "object_stream_bomb.pdf")
    await guard.inspect(corpus / "content_bomb.pdf")
    assert time.monotonic() - began < 5


async def test_a_file_that_takes_too_long_is_refused_and_the_next_one_is_judged(
    corpus: Path, guard: Guard
) -> None:
    await guard.start()
    hasty = GuardLimits(timeout_seconds=0.05)
    error = await refusal(guard, corpus / "hundred_thousand_objects.pdf", hasty)
    assert (error.code, error.faults[0].params) == ("files.takes_too_long", {"seconds": 1})
    assert (await guard.inspect(corpus / "plain.pdf")).pages == 1


def worker_pid(guard: Guard) -> int:
    process = guard._workers[0].process
    assert process is not None
    return process.pid


async def test_a_worker_that_died_is_replaced_without_blaming_the_file(corpus: Path, guard: Guard) -> None:
    await guard.start()
    os.kill(worker_pid(guard), signal.SIGKILL)
    assert (await guard.inspect(corpus / "plain.pdf")).pages == 1


async def test_a_file_that_kills_every_worker_is_refused(
    corpus: Path, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.files.guard.pool._WORKER", "tests.unit.files.dying_worker")
    error = await refusal(guard, corpus / "plain.pdf")
    assert error.code == "files.broken"


async def test_a_worker_that_used_up_its_processor_time_took_too_long(
    corpus: Path, guard: Guard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.files.guard.pool._WORKER", "tests.unit.files.busy_worker")
    error = await refusal(guard, corpus / "plain.pdf")
    assert error.code == "files.takes_too_long"


async def test_a_caller_who_leaves_does_not_leave_his_answer_to_the_next(corpus: Path, guard: Guard) -> None:
    await guard.start()
    first = asyncio.create_task(guard.inspect(corpus / "hundred_thousand_objects.pdf"))
    await asyncio.sleep(0.05)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await guard.inspect(corpus / "linearized.pdf")).pages == 3


async def test_too_many_waiting_are_sent_away(corpus: Path) -> None:
    guard = Guard(workers=1, waiting=2)
    try:
        path = corpus / "linearized.pdf"
        answers = await asyncio.gather(*(guard.inspect(path) for _ in range(6)), return_exceptions=True)
    finally:
        await guard.close()
    assert sum(isinstance(answer, Inspection) for answer in answers) == 3
    busy = [answer for answer in answers if isinstance(answer, Unavailable)]
    assert [error.code for error in busy] == ["files.guard_busy"] * 3


async def test_a_file_that_is_gone_is_not_called_broken(tmp_path: Path, guard: Guard) -> None:
    with pytest.raises(Unavailable) as caught:
        await guard.inspect(tmp_path / "gone.pdf")
    assert caught.value.code == "files.unreadable"


async def test_a_closed_guard_says_so_and_leaves_no_process(corpus: Path) -> None:
    guard = Guard(workers=2)
    await guard.start()
    pid = worker_pid(guard)
    await guard.close()
    assert not Path(f"/proc/{pid}").exists()
    with pytest.raises(Unavailable) as caught:
        await guard.inspect(corpus / "plain.pdf")
    assert caught.value.code == "files.guard_unavailable"


async def test_a_worker_is_confined_and_knows_nothing_of_the_servers_environment(
    guard: Guard, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIENTHONG_SECRET", "not for the worker")
    await guard.start()
    await guard.inspect(corpus / "plain.pdf")
    process = Path(f"/proc/{worker_pid(guard)}")
    limits = {
        match[1]: match[2]
        for match in re.finditer(r"^(Max [a-z ]+?) {2,}(\S+)", (process / "limits").read_text(), re.MULTILINE)
    }
    assert limits["Max address space"] == str(512 * 1024 * 1024)
    assert limits["Max file size"] == "0"
    assert limits["Max processes"] == "0"
    assert limits["Max open files"] == "32"
    assert limits["Max core file size"] == "0"
    assert int(limits["Max cpu time"]) <= 20
    assert b"LIENTHONG" not in (process / "environ").read_bytes()


async def test_a_usual_document_takes_a_few_milliseconds(tmp_path: Path, guard: Guard) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf_pieces.typeset(pages=130))
    assert (tmp_path / "a.pdf").stat().st_size > 90_000
    await guard.inspect(tmp_path / "a.pdf")
    taken = []
    for _ in range(10):
        began = time.perf_counter()
        await guard.inspect(tmp_path / "a.pdf")
        taken.append(time.perf_counter() - began)
    # The aim is 15 ms; the fastest of ten does not depend on what else the machine does.
    assert min(taken) < 0.015


def test_every_code_of_guard_and_scanner_has_its_message_in_both_languages() -> None:
    messages = tomllib.loads(_LOCALE.read_text())["errors"]
    room = Path(__file__).parents[3] / "server" / "files"
    sources = [*(room / "guard").glob("*.py"), room / "scanner.py"]
    codes = {code for path in sources for code in re.findall(r'"(files\.[a-z_]+)"', path.read_text())}
    assert len(codes) > 20
    for code in sorted(codes):
        assert {"vi", "en"} <= set(messages[code]), code
        placeholders = [set(re.findall(r"{\w+}", messages[code][language])) for language in ("vi", "en")]
        assert placeholders[0] == placeholders[1], code


async def test_text_is_read_page_by_page(corpus: Path, guard: Guard) -> None:
    """For comparing versions; a page without text is empty; what is no PDF is refused."""
    assert len(await guard.text(corpus / "linearized.pdf", 2)) == 2
    with pytest.raises(Refused) as caught:
        await guard.text(corpus / "html.pdf", 2)
    assert caught.value.code == "files.broken"

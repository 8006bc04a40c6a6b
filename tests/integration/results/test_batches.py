"""A batch goes all the way: made, signed by the responsible person, numbered and sealed by the clerk."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp

from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from server.kernel.page import PageRequest
from server.lookup.model import Standing
from server.registers.model import BookQuery
from server.registers.series import NumberState
from server.results.codes import shown
from server.results.model import Handed, ResultFilter, Row, RunRequest, Source, Stage, State
from signing.validate.report import Verdict
from tests.data.pdf_pieces import plain
from tests.integration.results.conftest import CENTRE, CONFIRMATION, SIGNER, STRANGER, Centre, row


def codes_on(pdf: bytes) -> list[str]:
    """Return what the QRs on the last page say, read from the page as it is shown."""
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[len(document) - 1].render(scale=3).to_pil()
    return [one.text for one in zxingcpp.read_barcodes(image)]


async def test_a_batch_is_signed_in_one_act_and_sealed_in_one_act(any_centre: Centre) -> None:
    centre = any_centre
    batch = await centre.create([row(n) for n in (1, 2, 3)])
    assert (await centre.run("make", batch.id)).batch.stage is Stage.TO_SIGN
    assert (await centre.run("sign", batch.id)).batch.stage is Stage.TO_SEAL
    view = await centre.run("seal", batch.id)
    assert (view.batch.stage, view.count(State.ISSUED), view.problems) == (Stage.ISSUED, 3, 0)
    results = await centre.results(batch.id)
    assert [one.number_text for one in results] == [f"0{n}/QĐ-TTPVHCC" for n in (1, 2, 3)]
    assert len({one.code for one in results}) == 3
    pdf = await centre.bytes_of(results[0])
    report = await centre.services.signatures.check(pdf)
    assert report.verdict is Verdict.VALID
    assert [one.signer for one in report.signatures] == [centre.director.name, view.batch.body_name]
    address = f"https://tra-cuu.songmau.example/tra-cuu/{results[0].code}"
    assert await asyncio.to_thread(codes_on, pdf) == [address]
    query = BookQuery(body_id=CENTRE, oldest_first=True)
    book = await centre.services.registers.outgoing_book(centre.clerk, query, PageRequest())
    assert [(one.text, one.state) for one in book.items] == [
        (one.number_text, NumberState.ISSUED) for one in results
    ]
    trail = await centre.services.audit.trail(results[0].id, PageRequest())
    assert sorted(entry.action for entry in trail.items) == [
        "results.issue",
        "results.make",
        "results.number",
        "results.sign",
    ]
    signed = next(entry for entry in trail.items if entry.action == "results.sign")
    assert (signed.account_id, signed.post_id) == (centre.director.account_id, SIGNER)


async def test_a_result_without_a_number_bears_its_date_alone(centre: Centre) -> None:
    fields = {"born": "05/03/1950", "content": "đang cư trú tại xã Bến Mẫu"}
    (issued,) = await centre.issued([Row("Bà Mẫu", "HS-1", fields=fields)], CONFIRMATION)
    assert (issued.state, issued.number_text) == (State.ISSUED, "")
    assert issued.number_date is not None
    report = await centre.services.signatures.check(await centre.bytes_of(issued))
    assert report.verdict is Verdict.VALID


async def test_a_run_goes_on_after_a_fault_and_signs_nothing_twice(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await centre.create([row(n) for n in range(1, 7)])
    await centre.run("make", batch.id)
    acts, signed = centre.services.results.rooms.acts, list[bytes]()
    real = type(acts).sign

    async def falters(self: object, pdf: bytes, *rest: str) -> bytes:
        signed.append(pdf)
        if len(signed) == 3:
            raise Unavailable("signatures.busy")
        return await real(acts, pdf, *rest)

    monkeypatch.setattr(type(acts), "sign", falters)
    view = await centre.run("sign", batch.id)
    assert view.batch.work == "sign"
    assert view.count(State.SIGNED) == 3
    again = RunRequest(batch.id, view.batch.work_id, 0)
    results = centre.services.results
    await asyncio.gather(results.on_run(again, "1"), results.on_run(again, "2"))  # delivered twice
    view = await centre.view(batch.id)
    assert (view.batch.stage, view.batch.work, view.count(State.SIGNED)) == (Stage.TO_SEAL, "", 6)
    for one in await centre.results(batch.id):
        trail = await centre.services.audit.trail(one.id, PageRequest())
        assert [entry.action for entry in trail.items].count("results.sign") == 1
        pdf = await centre.services.files.read_bytes(one.signed_digest)
        assert len((await centre.services.signatures.check(pdf)).signatures) == 1
    await results.on_run(again, "3")  # the run is over: nothing happens
    assert (await centre.view(batch.id)).batch.version == view.batch.version


async def test_each_result_has_its_own_outcome_and_is_tried_anew(centre: Centre) -> None:
    rows = [replace(row(n), file_name=f"{n}.pdf", fields=row(n).fields) for n in (1, 2, 3)]
    batch = await centre.create(rows, source=Source.FILES)
    services, actor = centre.services, centre.officer

    async def bring(name: str, data: bytes) -> None:
        async def chunks() -> object:
            yield data

        stored = await services.files.receive(actor, chunks(), name=name, secrecy="none")  # type: ignore[arg-type]  # an async generator
        await services.results.attach(actor, batch.id, name=name, digest=stored.digest)

    await bring("1.pdf", plain())
    signed = await services.results.rooms.acts.prepare(plain(), [])
    with pytest.raises(NotFound, match=r"results\.no_row_for_file"):
        await bring("4.pdf", plain())
    await bring("2.pdf", signed)
    view = await centre.run("make", batch.id)
    assert (view.batch.stage, view.count(State.MADE), view.problems) == (Stage.DRAFT, 2, 1)
    (failed,) = await centre.results(batch.id, ResultFilter(problems=True))
    assert (failed.n, failed.problem) == (3, "results.file_missing")
    await bring("3.pdf", plain())
    view = await centre.run("make", batch.id)
    assert (view.batch.stage, view.count(State.MADE), view.problems) == (Stage.TO_SIGN, 3, 0)
    for work in ("sign", "seal"):
        await centre.run(work, batch.id)
    first = (await centre.results(batch.id))[0]
    with (
        pypdfium2.PdfDocument(plain()) as source,
        pypdfium2.PdfDocument(await centre.bytes_of(first)) as done,
    ):
        assert len(done) == len(source) + 1 == first.pages
    pdf = await centre.bytes_of(first)
    assert (await services.signatures.check(pdf)).verdict is Verdict.VALID
    assert await asyncio.to_thread(codes_on, pdf) == [services.results.address(first.code)]


async def test_an_upload_that_is_signed_is_refused_and_stops_no_other(centre: Centre) -> None:
    (issued,) = await centre.issued([row(9)])
    batch = await centre.create([replace(row(1), file_name="a.pdf")], source=Source.FILES)
    await centre.services.results.attach(centre.officer, batch.id, name="a.pdf", digest=issued.digest)
    await centre.run("make", batch.id)
    (failed,) = await centre.results(batch.id)
    assert (failed.state, failed.problem) == (State.NEW, "results.file_signed")


async def test_only_the_person_named_on_the_results_signs_and_only_once_at_a_time(centre: Centre) -> None:
    results = centre.services.results
    batch = await centre.create([row(1)])
    with pytest.raises(Conflict, match=r"results\.nothing_to_do"):
        await results.sign(centre.director, batch.id, version=batch.version)
    view = await centre.run("make", batch.id)
    version = view.batch.version
    somebody = replace(centre.director, account_id="somebody", name="Ai đó")
    with pytest.raises(Forbidden, match=r"results\.not_signer"):
        await results.sign(somebody, batch.id, version=version)
    with pytest.raises(Forbidden, match=r"identity\.not_allowed"):
        await results.sign(centre.clerk, batch.id, version=version)
    with pytest.raises(Conflict, match=r"results\.changed"):
        await results.sign(centre.director, batch.id, version=version - 1)
    begun = await results.sign(centre.director, batch.id, version=version)
    with pytest.raises(Conflict, match=r"results\.busy"):
        await results.sign(centre.director, batch.id, version=begun.version)


async def test_a_signer_without_authority_or_rows_with_faults_begin_no_batch(centre: Centre) -> None:
    results = centre.services.results
    for post, code in ((f"{CENTRE}.quay-1", "no_authority"), ("nobody", "no_authority")):
        with pytest.raises(Invalid, match=code):
            await results.create(
                centre.officer,
                procedure="Z.000101",
                title="Lô",
                source=Source.FORM,
                signer_post=post,
                rows=[row()],
            )
    with pytest.raises(Invalid) as refused:
        await centre.create([row(1, born="hôm qua"), Row("", fields={"x": "y"})])
    assert {fault.code for fault in refused.value.faults} >= {
        "results.cell_not_date",
        "results.cell_missing",
        "results.field_unknown",
    }
    assert [one.post_id for one in await results.signers(centre.officer)] == [SIGNER]


async def test_a_result_taken_out_gives_its_number_back_with_the_reason(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = await centre.create([row(1), row(2)])
    for work in ("make", "sign"):
        await centre.run(work, batch.id)
    acts = centre.services.results.rooms.acts

    async def fails(*_: object) -> bytes:
        raise Conflict("signatures.failed", reason="mẫu")

    with monkeypatch.context() as patched:
        patched.setattr(type(acts), "number_and_seal", fails)
        view = await centre.run("seal", batch.id)
    assert (view.count(State.NUMBERED), view.problems) == (2, 2)
    first, second = await centre.results(batch.id)
    results = centre.services.results
    await results.drop(centre.clerk, first.id, version=first.version, reason="Sai thông tin")
    view = await centre.run("seal", batch.id)
    assert (view.count(State.ISSUED), view.count(State.DROPPED), view.batch.stage) == (1, 1, Stage.ISSUED)
    number = await centre.services.registers.number(centre.clerk, first.number_id)
    assert (number.state, number.reason) == (NumberState.VOIDED, "Sai thông tin")
    kept = await results.result(centre.officer, second.id)
    assert (kept.number_id, kept.state) == (second.number_id, State.ISSUED)
    with pytest.raises(Conflict, match=r"results\.issued_already"):
        await results.drop(centre.clerk, kept.id, version=kept.version, reason="Muộn rồi")


async def test_a_revoked_or_replaced_result_stays_and_its_code_tells(centre: Centre) -> None:
    old, new, other = await centre.issued([row(n) for n in (1, 2, 3)])
    results, lookup = centre.services.results, centre.services.lookup
    with pytest.raises(Forbidden):
        await results.revoke(centre.officer, old.id, version=old.version, reason="Tôi muốn")
    with pytest.raises(Invalid, match=r"results\.reason_missing"):
        await results.revoke(centre.director, old.id, version=old.version, reason="  ")
    with pytest.raises(Invalid, match=r"results\.replacement_unknown"):
        await results.replace_with(
            centre.director, old.id, version=old.version, by_code=old.code, reason="Nhầm"
        )
    await results.replace_with(
        centre.director, old.id, version=old.version, by_code=shown(new.code), reason="Sai ngày sinh"
    )
    await results.revoke(centre.director, other.id, version=other.version, reason="Hồ sơ không đúng")
    seen = await lookup.code(STRANGER, old.code)
    assert (seen.standing, seen.ended_reason) == (Standing.REPLACED, "Sai ngày sinh")
    assert seen.replacement is not None
    assert (seen.replacement.code, seen.replacement.number_text) == (shown(new.code), new.number_text)
    seen = await lookup.code(STRANGER, other.code)
    assert (seen.standing, seen.replacement) == (Standing.REVOKED, None)
    for gone in (old, other):
        with pytest.raises(NotFound, match=r"lookup\.not_in_force"):
            await lookup.file(STRANGER, gone.code, "0001")
        with pytest.raises(Conflict):
            await results.revoke(centre.director, gone.id, version=gone.version + 1, reason="Lần nữa")
    trail = await centre.services.audit.trail(old.id, PageRequest())
    assert "results.replace" in [entry.action for entry in trail.items]


async def test_a_result_is_handed_over_once(centre: Centre) -> None:
    (issued,) = await centre.issued([row(1)])
    results = centre.services.results
    done = await results.hand_over(centre.officer, issued.id, version=issued.version, how=Handed.PRINTED)
    kept = await results.result(centre.officer, issued.id)
    assert (kept.handed_how, kept.state) == ("printed", State.ISSUED)
    with pytest.raises(Conflict, match=r"results\.handed_already"):
        await results.hand_over(centre.officer, issued.id, version=done.version, how=Handed.LINK)

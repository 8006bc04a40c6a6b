"""A code: what anybody learns of it, what only the applicant gets, and what a guesser meets."""

from __future__ import annotations

import secrets
from dataclasses import replace

import msgspec
import pytest

from server.kernel.actor import RequestContext
from server.kernel.errors import Forbidden, NotFound, TooMany
from server.lookup.model import Standing
from server.results.codes import SPACE, make_code, shown
from server.results.model import State
from tests.integration.lookup.conftest import Desk
from tests.integration.lookup.test_files import limited
from tests.integration.results.conftest import STRANGER, row


async def test_anybody_reads_whether_it_is_genuine_by_whom_and_when(desk: Desk) -> None:
    result = desk.pension
    found = await desk.centre.services.lookup.code(STRANGER, shown(result.code).lower())
    assert found.standing is Standing.IN_FORCE
    assert (found.number_text, found.issued_at) == (result.number_text, result.issued_at)
    assert (found.signer, found.sealed_by) == (
        desk.centre.director.name,
        "Trung tâm Phục vụ hành chính công tỉnh Sông Mẫu",
    )
    assert found.check is not None
    assert [one.indication for one in found.check.signatures] == ["TOTAL_PASSED", "TOTAL_PASSED"]


async def test_the_page_of_a_person_gives_no_more_than_is_needed(desk: Desk) -> None:
    found = await desk.centre.services.lookup.code(STRANGER, desk.pension.code)
    said = msgspec.json.encode(found).decode()
    assert found.holder == "Nguyễn V** M** 1**"
    for private in (desk.pension.holder, *row(1).fields.values(), desk.pension.dossier, desk.pension.id):
        assert private not in said
    public = await desk.centre.services.lookup.code(STRANGER, desk.public.code)
    assert (public.holder, public.file) == (desk.public.holder, "open")


async def test_a_result_that_was_not_issued_has_no_public_code(desk: Desk) -> None:
    batch = await desk.centre.create([row(7)])
    await desk.centre.run("make", batch.id)
    (made,) = await desk.centre.results(batch.id)
    assert made.state is State.MADE
    with pytest.raises(NotFound, match=r"lookup\.unknown"):
        await desk.centre.services.lookup.code(STRANGER, made.code)


async def test_the_file_opens_with_the_second_fact_or_for_public_results_at_once(desk: Desk) -> None:
    lookup = desk.centre.services.lookup
    view = await lookup.file(STRANGER, desk.pension.code, "0001")
    assert view.info.digest == desk.pension.digest
    assert desk.pension.holder not in view.name
    assert (await lookup.file(STRANGER, desk.public.code, "")).info.digest == desk.public.digest
    for wrong in ("0003", "", "2", "00020"):
        with pytest.raises(Forbidden, match=r"lookup\.fact_wrong"):
            await lookup.file(STRANGER, desk.other.code, wrong)


async def test_a_second_fact_cannot_be_tried_out_from_many_addresses(desk: Desk) -> None:
    lookup = desk.centre.services.lookup
    for n in range(5):
        guesser = replace(STRANGER, request=RequestContext(address=f"203.0.113.{n}"))
        with pytest.raises(Forbidden):
            await lookup.file(guesser, desk.pension.code, f"99{n:02d}")
    with pytest.raises(TooMany) as refused:
        await lookup.file(STRANGER, desk.pension.code, "0001")  # even the right one waits now
    assert refused.value.faults[0].params["retry_after_seconds"]
    assert (await lookup.file(STRANGER, desk.other.code, "0002")).info.digest == desk.other.digest


async def test_somebody_who_guesses_codes_is_stopped_and_nobody_else(desk: Desk) -> None:
    limited(desk, code_attempts=5)
    lookup = desk.centre.services.lookup
    for _ in range(5):
        with pytest.raises(NotFound, match=r"lookup\.unknown"):
            await lookup.code(STRANGER, make_code(secrets.randbelow(SPACE)))
    with pytest.raises(TooMany):
        await lookup.code(STRANGER, make_code(secrets.randbelow(SPACE)))
    for _ in range(9):  # a slip of the hand costs nothing
        with pytest.raises(NotFound, match=r"lookup\.code_slip"):
            await lookup.code(STRANGER, "ABC")
    assert (await lookup.code(STRANGER, desk.pension.code)).standing is Standing.IN_FORCE

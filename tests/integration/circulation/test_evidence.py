"""Evidence: what happened is signed within a second and never twice; silence is evidence, too."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from server.circulation.commands import Accept, Reason, Send
from server.circulation.model_sent import Dispatch
from server.evidence.mapping import EvidenceRules, latest_received, term_end
from server.evidence.model import Event, EvidenceRecord, SignedEvidence
from server.kernel.errors import Conflict, Invalid
from server.kernel.page import PageRequest
from server.kernel.workdays import WorkingDays
from server.settings import ROOT
from signing.evidence.keys import check_issued, check_signature
from storage.sql.protocol import Statement
from tests.integration.circulation.conftest import (
    COMMUNE_CLERK,
    HEALTH_CLERK,
    PARTY_CLERK,
    Office,
)

FIRST = datetime(2026, 1, 1)  # noqa: DTZ001 - hypothesis wants naive bounds
NS = "{http://uri.etsi.org/19522/v1#}"


async def signed(office: Office, document_id: str) -> list[SignedEvidence]:
    await office.jobs.drain()
    await office.evidence.sign_due()
    return await office.circulation.evidence_of_document(document_id)


def record(one: SignedEvidence) -> EvidenceRecord:
    return msgspec.json.decode(one.content, type=EvidenceRecord)


def events(found: list[SignedEvidence], arrival: str | None = None) -> list[str]:
    return sorted(one.event for one in found if arrival is None or one.arrival_id == arrival)


async def sent(office: Office, *to: str) -> Dispatch:
    return await office.sent(to or ("z02-05", "z03-01"))


async def test_a_sending_leaves_signed_evidence_that_names_each_body(office: Office) -> None:
    dispatch = await sent(office)
    unsigned = await office.circulation.evidence_of_document(dispatch.document_id)
    assert all(one.signature is None for one in unsigned)
    arrival = dispatch.arrivals[0].arrival_id
    shown = (await office.circulation.arrival(HEALTH_CLERK, arrival)).evidence
    assert [(one.event, one.signed_at) for one in shown] == [("01", None)]
    assert await office.evidence.sign_due() == 3
    shown = (await office.circulation.arrival(HEALTH_CLERK, arrival)).evidence
    assert [(one.event, one.signed_at) for one in shown] == [("01", office.clock.now())]
    found = await signed(office, dispatch.document_id)
    async with office.database.transaction() as tx:
        assert await tx.execute(Statement("test.left", "DELETE FROM evidence_unsigned"), {}) == 0
    assert events(found) == [
        "01",
        "01",
        "consignment_notification",
        "consignment_notification",
        "submission_acceptance",
    ]
    root = await office.evidence.root_certificate()
    for one in found:
        assert one.signature is not None
        assert check_signature(one.signature.certificate, one.content.encode(), one.signature.signature)
        assert not check_signature(
            one.signature.certificate, one.content.encode() + b" ", one.signature.signature
        )
        assert check_issued(one.signature.certificate, root, office.clock.now())
    names = {
        one.event: x509.load_der_x509_certificate(one.signature.certificate).subject.rfc4514_string()
        for one in found
        if one.signature
    }
    assert "Văn phòng" in names["submission_acceptance"] or "Tỉnh ủy" in names["submission_acceptance"]
    assert "không phải con dấu" in names["01"]
    assert await office.evidence.sign_due() == 0
    assert await office.circulation.evidence_of_document(dispatch.document_id) == found, (
        "signed once, for ever"
    )
    office.clock.advance(timedelta(days=720))
    later = await signed(office, (await sent(office)).document_id)
    serials = [{one.signature.serial for one in some if one.signature} for some in (found, later)]
    assert serials[0].isdisjoint(serials[1]), "a key that ends soon is followed by a new one"
    for one in found + later:
        assert one.signature is not None
        assert check_signature(one.signature.certificate, one.content.encode(), one.signature.signature)


async def test_the_first_opening_and_a_refused_sending_are_evidence(office: Office) -> None:
    dispatch = await sent(office, "z02-05")
    arrival = dispatch.arrivals[0].arrival_id
    for _ in range(2):
        await office.circulation.file(HEALTH_CLERK, arrival, dispatch.main_digest)
    found = await signed(office, dispatch.document_id)
    assert events(found, arrival) == ["01", "consignment_notification", "content_access"]
    assert (
        record(next(one for one in found if one.event == "content_access")).account == HEALTH_CLERK.account_id
    )
    for _ in range(2):
        with pytest.raises((Invalid, Conflict)):
            await office.circulation.send(PARTY_CLERK, Send(document_id=dispatch.document_id, to=("z99-99",)))
    refusals = [
        one for one in await signed(office, dispatch.document_id) if one.event == "submission_rejection"
    ]
    assert len(refusals) >= 1
    assert "organisations." in record(refusals[0]).reason


async def test_silence_becomes_signed_evidence_once_and_is_told(office: Office) -> None:
    office.clock.at = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 09:00 in Viet Nam
    dispatch = await sent(office, "z02-05", "z03-01")
    health, commune = (one.arrival_id for one in dispatch.arrivals)
    await office.jobs.drain()
    assert await office.circulation.watch_silence() == 0
    await office.circulation.accept(COMMUNE_CLERK, commune, Accept())
    office.clock.at = datetime(2026, 11, 25, 9, 59, tzinfo=UTC)  # Wednesday 16:59
    assert await office.circulation.watch_silence() == 0
    office.clock.at = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)  # 17:00: two working days have ended
    assert await office.circulation.watch_silence() == 1
    assert await office.circulation.watch_silence() == 0
    office.clock.at = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)
    assert await office.circulation.watch_silence() == 2  # neither has opened it
    found = await signed(office, dispatch.document_id)
    assert "not_received" in events(found, health)
    assert "not_received" not in events(found, commune)
    silence = record(next(one for one in found if one.event == "not_received"))
    assert (silence.due, silence.body) == ("2026-11-25T10:00:00.000000Z", "z02-05")
    assert all(one.signature for one in found)
    for clerk in (HEALTH_CLERK, PARTY_CLERK):
        told = (await office.notifications.notices(clerk, PageRequest())).items
        assert "circulation.not_received" in {notice.event for notice in told}
    office.clock.at = datetime(2026, 11, 30, 2, 0, tzinfo=UTC)
    dispatch = await office.sent(("z02-05",), due_date=date(2026, 12, 1))
    office.clock.at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
    await office.circulation.watch_silence()
    assert "not_answered" not in events(await signed(office, dispatch.document_id))
    office.clock.at = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
    await office.circulation.watch_silence()
    assert "not_answered" in events(await signed(office, dispatch.document_id))


async def test_xml_of_the_standard_is_made_from_every_piece_of_evidence(office: Office) -> None:
    dispatch = await sent(office)
    arrival = dispatch.arrivals[0].arrival_id
    await office.circulation.refuse(HEALTH_CLERK, arrival, Reason(reason="Gửi <nhầm> nơi"))
    found = await signed(office, dispatch.document_id)
    xml = await office.circulation.evidence_xml(dispatch.document_id, found)
    assert set(xml) == {one.id for one in found}
    parsed = {one.event: ElementTree.fromstring(xml[one.id]) for one in found}
    assert parsed["02"].findtext(f"{NS}ERDSEventId") == "http://uri.etsi.org/19522/Event/ConsignmentRejection"
    assert parsed["02"].findtext(f"{NS}EventReasons/{NS}EventReason/Details") == "Gửi <nhầm> nơi"
    assert parsed["02"].findtext(f"{NS}EventReasons/{NS}EventReason/Code") == "02"
    accepted = parsed["submission_acceptance"]
    assert accepted.tag == f"{NS}Evidence"
    assert len(accepted.findall(f"{NS}RecipientDetails")) == 2
    assert accepted.findtext(f"{NS}SenderDetails/Identifier")


@settings(max_examples=300)
@given(
    received=st.datetimes(FIRST, FIRST + timedelta(days=365)),
    waited=st.timedeltas(timedelta(0), timedelta(days=14)),
    days=st.integers(0, 5),
)
def test_who_is_late_is_found_by_one_comparison(received: datetime, waited: timedelta, days: int) -> None:
    calendar = WorkingDays()
    came = received.replace(tzinfo=UTC)
    now = came + waited
    assert (term_end(calendar, came, days) <= now) == (came <= latest_received(calendar, now, days))


def test_every_status_code_and_event_is_mapped() -> None:
    rules = EvidenceRules.load(ROOT / "config" / "evidence")
    assert set(rules.by_code) == {"01", "02", "03", "04", "05", "06", "13", "15", "16"}
    assert {event.value for event in Event} <= set(rules.events)
    for name in rules.events.values():
        assert (name.sure == "own") == (not name.etsi)

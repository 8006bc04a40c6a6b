"""The main job over HTTP on both engines: every state, every receipt, both documents valid for pdfsig."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.demo.job import Job
from storage.sql.protocol import Statement
from tests.factories.province import PASSWORD, Office

SIGNED = Statement(
    "test.signed",
    "SELECT r.at, coalesce(s.signed_at, '') AS signed_at FROM receipts r "
    "LEFT JOIN evidence_signatures s ON s.record_id = r.id",
)


@dataclass(frozen=True)
class Signed:
    at: str
    signed_at: str


async def test_one_document_goes_all_the_way(office: Office, tmp_path: Path) -> None:
    said: list[str] = []
    outcome = await Job(office.url, PASSWORD, said.append).play()
    await office.services.jobs.drain()
    await office.services.audit.sequencer.run()
    for name, pdf in (("issued", outcome.issued_pdf), ("answer", outcome.answer_pdf)):
        path = tmp_path / f"{name}.pdf"
        path.write_bytes(pdf)
        seen = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False).stdout
        assert seen.count("Signature is Valid") == 2, seen
        digest = f"sha256:{hashlib.sha256(pdf).hexdigest()}"
        assert (await office.services.signatures.verification(digest)).verdict == "valid"
    assert outcome.registers_pdf.startswith(b"%PDF-")
    await office.services.evidence.sign_due()
    signed = await office.services.database.fetch(SIGNED, {}, Signed)
    assert len(signed) > 5
    assert all(one.signed_at for one in signed), "every receipt is signed"
    report = await office.services.audit.verify()
    assert report.ok
    assert report.entries > 30
    assert len(said) > 25

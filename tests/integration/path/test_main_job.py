"""The main job over HTTP on both engines: every state, every receipt, both documents valid for pdfsig."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from server.demo.job import Job
from tests.factories.province import PASSWORD, Office


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
    report = await office.services.audit.verify()
    assert report.ok
    assert report.entries > 30
    assert len(said) > 25

"""What the signatures of a file prove: checked once for each file, and the report kept."""

from __future__ import annotations

import msgspec

from server.kernel.actor import SYSTEM
from server.kernel.errors import NotFound
from server.kernel.record import Subject
from server.signatures.core import SigningCore
from server.signatures.model import Verification, VerifyRequest
from signing.validate.report import Report


class Verifying(SigningCore):
    """Checks of files."""

    async def on_verify(self, message: VerifyRequest, _: str) -> None:
        """Check the signatures of a file once and keep the report (outbox ``signatures.verify``)."""
        if await self.store.verification(self.units.reader, message.digest):
            return
        async with self.files.spooled(message.digest) as path:
            report = await self.checker.check(path, self.units.now())
        async with self.units.begin(SYSTEM) as unit:
            found = Verification(
                digest=message.digest,
                verdict=report.verdict.value,
                signatures=len(report.signatures),
                report=msgspec.json.encode(report.as_json()).decode(),
                verified_at=unit.now,
            )
            await self.store.add_verification(unit, found, unit.now)
            unit.record(
                "signatures.verify",
                Subject("file", message.digest),
                detail={"verdict": found.verdict, "signatures": found.signatures},
            )

    async def verification(self, digest: str) -> Verification:
        """Return what the check of a file found; the caller's room has checked that it may be seen.

        Raises NotFound ``signatures.not_verified`` while the check has not run.
        """
        found = await self.store.verification(self.units.reader, digest)
        if found is None:
            raise NotFound("signatures.not_verified")
        return found

    async def check(self, pdf: bytes) -> Report:
        """Validate a PDF against the trust anchors of this installation."""
        return await self.checker.check(pdf, self.units.now())

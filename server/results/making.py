"""The pages of a result: set by the form of its body, with QR and code; or a page put behind an upload."""

from __future__ import annotations

import asyncio
import base64
import io

import msgspec
import segno

from server.kernel.errors import Invalid, Refused
from server.registers.forms import Facts, Heading, Signer, document_form
from server.render.model import Blank, Block, CheckMark, DocumentForm, Paragraph, Run, Table
from server.render.text import runs_from_text
from server.results.codes import shown
from server.results.core import Core
from server.results.model import Batch, Result, Source
from server.results.procedures import Procedure

PLAIN_TYPE = "thong-bao"
"""Type whose frame a result without a number takes; its name and number are not printed."""
CHECK_WORDS = "Quét mã hoặc nhập mã tra cứu để kiểm tra:"
SIGNED_MARK = b"/ByteRange"
"""Stands in plain in every signed PDF (ISO 32000-2, 12.8.1): a page put behind would break the signature."""


class Making(Core):
    """Sets the file of one result."""

    async def made(self, batch: Batch, result: Result) -> tuple[bytes, int]:
        """Return the file with its fields, ready to be signed, and its pages.

        Raises Conflict, Invalid, Refused ``results.file_missing``, ``results.file_signed``, and what the
        typesetter and the signing engine raise.
        """
        procedure = self.procedure_of(batch)
        source = b""
        if batch.source is Source.FILES:
            if not result.source_digest:
                raise Invalid("results.file_missing", name=result.file_name)
            source = await self.files.read_bytes(result.source_digest)
            if SIGNED_MARK in source:
                raise Refused("results.file_signed", name=result.file_name)
        form = await self._form(batch, procedure, result)
        rendered = await self.rooms.renderer.document(form, at=self.units.now())
        if not source:
            return await self.rooms.acts.prepare(rendered.pdf, rendered.fields), rendered.pages
        whole = await self.rooms.renderer.joined([source, rendered.pdf])
        places = [msgspec.structs.replace(one, page=one.page + result.pages) for one in rendered.fields]
        return await self.rooms.acts.prepare(whole, places), result.pages + rendered.pages

    async def _form(self, batch: Batch, procedure: Procedure, result: Result) -> DocumentForm:
        directory, today = self.rooms.directory, self.today()
        issuer, centre = await directory.body(batch.issuer_id), await directory.body(batch.body_id)
        authority = await directory.authority_for(batch.signer.post_id, issuer.id, today)
        if authority is None:
            raise Invalid("results.no_authority", post=batch.signer.title)
        numbered = procedure.number
        book = issuer if numbered is not None and numbered.book_of == "issuer" else centre
        profile = self.rooms.profiles.on(book.profile, today)
        values = {**result.fields, "holder": result.holder, "dossier": result.dossier}
        facts = Facts(
            type_code=numbered.type if numbered else PLAIN_TYPE,
            subject=procedure.filled(procedure.subject.vi, values),
            blocks=_blocks(procedure, result, values),
            signers=[
                Signer(
                    name=batch.signer.name,
                    own_title=authority.own_title or batch.signer.title,
                    mode=authority.mode.value,
                    for_title=authority.for_title,
                )
            ],
            recipients=[result.holder],
            year=today.year,
        )
        heading = Heading(
            body=issuer.name,
            abbreviation=book.abbreviation,
            place=centre.place,
            superior=issuer.superior_name,
        )
        form = document_form(profile, heading, facts)
        check = CheckMark(
            qr=await asyncio.to_thread(qr_svg, self.address(result.code)),
            code=shown(result.code),
            address=self.address(result.code),
            words=CHECK_WORDS,
        )
        changes: dict[str, object] = {"check": check, "type_title": procedure.result.vi.upper()}
        if numbered is None:
            changes["number"] = Blank(before="", after="", width=1, text=" ")
        return msgspec.structs.replace(form, **changes)


def qr_svg(address: str) -> str:
    """Return an address as a QR (ISO/IEC 18004, error correction M) in SVG, four modules quiet around."""
    sink = io.BytesIO()
    segno.make(address, error="m", micro=False, boost_error=False).save(
        sink, kind="svg", border=4, xmldecl=False, svgclass=None, lineclass=None
    )
    return sink.getvalue().decode("ascii")


def qr_address(address: str) -> str:
    """Return the same as a ``data:`` address for an image of a page (blocking)."""
    return "data:image/svg+xml;base64," + base64.b64encode(qr_svg(address).encode()).decode("ascii")


def _blocks(procedure: Procedure, result: Result, values: dict[str, str]) -> tuple[Block, ...]:
    """Return the content: the text of the procedure, or what ties the page to the upload before it."""
    if result.file_name:
        words = f"Trang này là phần ký số của tệp “{result.file_name}” gồm {result.pages} trang đứng trước."
        rows = ((procedure.holder_label.vi, result.holder), ("Mã hồ sơ", result.dossier))
        facts = tuple(((Run(name),), (Run(value),)) for name, value in rows if value)
        tied = ((Run("SHA-256 của tệp"),), (Run(_spaced(result.source_digest.removeprefix("sha256:"))),))
        return Paragraph(runs=(Run(words),)), Table(widths=(3, 7), header=(), rows=(*facts, tied))
    paragraphs = []
    for line in procedure.text:
        runs = tuple(
            Run(procedure.filled(run.text, values), bold=run.bold, italic=run.italic)
            for run in runs_from_text(line)
        )
        paragraphs.append(Paragraph(runs=runs))
    return tuple(paragraphs)


def _spaced(digits: str) -> str:
    """Return hexadecimal digits in groups of eight, so that a line can break."""
    return " ".join(digits[at : at + 8] for at in range(0, len(digits), 8))

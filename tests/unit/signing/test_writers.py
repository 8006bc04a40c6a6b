"""Our own writer beside pyHanko's, over files of many structures; and files that are refused."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pikepdf
import pytest

from signing import cms
from signing.errors import FieldFault, UnreadableFile
from signing.fonts import TextFont
from signing.pades import fields, opening
from signing.pades.appearance import Appearance
from signing.pades.embed import SignatureText, sign_invisibly
from signing.pades.odd import OddRevision
from signing.pades.placing import Placement, place, signature_entries
from signing.pades.purpose import Purpose, Request, sign_for
from signing.pades.revision import FastRevision, Revision
from signing.pades.source import Source
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import BLUE, NOW, RED, Office, blank_pdf, issued, letter

NONE, GENERATE = pikepdf.ObjectStreamMode.disable, pikepdf.ObjectStreamMode.generate


def resaved(pdf: bytes, **options: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out, **options)  # type: ignore[arg-type]  # options are pikepdf's own
    return out.getvalue()


def with_form(pdf: bytes, *, direct: bool) -> bytes:
    """Give a file a text field, an indirect list of annotations and inherited page entries."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        page = document.pages[0].obj
        field = document.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T="hộp",
                Rect=[10, 10, 90, 30],
                P=page,
            )
        )
        page.Annots = document.make_indirect(pikepdf.Array([field]))
        form = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        document.Root.AcroForm = form if direct else document.make_indirect(form)
        if not direct:
            document.Root.AcroForm.Fields = document.make_indirect(pikepdf.Array([field]))
        document.Root.Pages.MediaBox = page.MediaBox
        document.Root.Pages.Rotate = 90
        del page.MediaBox
        document.save(out)
    return out.getvalue()


def shifted(pdf: bytes) -> bytes:
    """Write the entries of the cross-reference table with a line end of one byte."""
    return re.sub(rb"(\d{10} \d{5} [nf])[ \r]\n", rb"\1\n", pdf)


def hybrid(pdf: bytes) -> bytes:
    """Name a cross-reference stream beside the table, as writers for old readers do."""
    at = pdf.rindex(b"xref\n0 ")
    more = b"99 0 obj\n<</Type/XRef/Size 100/W[1 2 1]/Index[98 1]/Length 4>>\nstream\n\1\0\x10\0\n"
    more += b"endstream\nendobj\n"
    table = pdf[at:].replace(b"trailer <<", b"trailer << /XRefStm %d" % at)
    return pdf[:at] + more + re.sub(rb"startxref\n\d+", b"startxref\n%d" % (at + len(more)), table)


PLAIN = letter(archival=False)
TABLES = resaved(PLAIN, object_stream_mode=NONE)
STRUCTURES = {
    "typst PDF/A-2b": letter(),
    "typst PDF 1.7": PLAIN,
    "tables": TABLES,
    "object streams": resaved(PLAIN, object_stream_mode=GENERATE),
    "object streams, not deflated": resaved(PLAIN, object_stream_mode=GENERATE, compress_streams=False),
    "linearised": resaved(PLAIN, linearize=True),
    "linearised with object streams": resaved(PLAIN, linearize=True, object_stream_mode=GENERATE),
    "form, indirect": with_form(TABLES, direct=False),
    "form in the catalog": with_form(TABLES, direct=True),
    "many pages": blank_pdf(pages=30),
}


@pytest.mark.parametrize("name", STRUCTURES)
def test_our_own_writer_takes_every_usual_structure(name: str) -> None:
    source = Source(STRUCTURES[name])
    source.require_sound()
    assert source.clean


def both_ways(pdf: bytes, office: Office) -> list[bytes]:
    """Sign a file through our own writer and through pyHanko's."""
    signed = []
    for open_it in (lambda: FastRevision(Source(pdf)), lambda: OddRevision(pdf)):
        revision: Revision = open_it()
        digits = cms.reservation(office.person.identity)
        entries = signature_entries("x", SignatureText("Ký"), NOW)
        place(revision, Placement("mới", True, Appearance(), entries, digits))
        made = revision.written()
        assert made.room is not None
        start, end = made.room
        assert made.tail[start:end] == b"<" + b"0" * digits + b">"
        signed.append(pdf + made.tail)
    return signed


@pytest.mark.parametrize("name", STRUCTURES)
def test_both_writers_make_the_same_file(name: str, office: Office) -> None:
    ours, theirs = both_ways(STRUCTURES[name], office)
    with pikepdf.open(io.BytesIO(ours)) as a, pikepdf.open(io.BytesIO(theirs)) as b:
        assert sorted(a.Root.AcroForm.keys()) == sorted(b.Root.AcroForm.keys())
        assert [str(f.T) for f in a.Root.AcroForm.Fields] == [str(f.T) for f in b.Root.AcroForm.Fields]
        assert len(a.pages[0].obj.Annots) == len(b.pages[0].obj.Annots)
        mine, other = a.Root.AcroForm.Fields[-1].V, b.Root.AcroForm.Fields[-1].V
        assert sorted(mine.keys()) == sorted(other.keys())
        for pdf, value in ((ours, mine), (theirs, other)):
            start, first, second, length = (int(v) for v in value.ByteRange)
            assert (start, second + length, pdf[first], pdf[second - 1]) == (0, len(pdf), ord("<"), ord(">"))
    assert opening.read(ours, fields.states) == opening.read(theirs, fields.states)


@pytest.mark.parametrize("name", STRUCTURES)
def test_what_we_write_is_valid(name: str, office: Office, font: TextFont) -> None:
    source = STRUCTURES[name]
    approved = sign_for(source, office.person, Request(Purpose.APPROVE, BLUE), font, NOW).pdf
    both = sign_for(approved, office.body, Request(Purpose.ISSUE, RED, "7"), font, NOW).pdf
    trust = load(office.authority.folder / "trust")
    assert both.startswith(source)
    assert validate(both, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def test_a_table_with_short_lines_goes_to_the_tolerant_writer(office: Office) -> None:
    signed = sign_invisibly(shifted(blank_pdf()), office.person, "s", SignatureText(), NOW)
    trust = load(office.authority.folder / "trust")
    assert validate(signed, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def test_an_unsigned_file_with_hybrid_cross_references_is_written_anew(office: Office) -> None:
    source = hybrid(TABLES)
    assert b"/XRefStm" in source
    signed = sign_for(source, office.person, Request(), None, NOW).pdf
    trust = load(office.authority.folder / "trust")
    assert b"/XRefStm" not in signed
    assert validate(signed, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID


def broken_entry(pdf: bytes) -> bytes:
    """Lead one object of a classic table astray."""
    entries = list(re.finditer(rb"(\d{10}) 00000 n", pdf))
    at = entries[-1].start()
    return pdf[:at] + b"%010d" % (int(entries[-1][1]) + 3) + pdf[at + 10 :]


@pytest.mark.parametrize(
    "broken",
    [
        broken_entry(TABLES),
        TABLES.replace(b"startxref\n", b"startxref\n9"),
        re.sub(rb"startxref\n\d+", b"startxref\n12", TABLES),
        TABLES[: len(TABLES) // 2],
        TABLES.replace(b"xref\n0", b"xrfe\n0"),
    ],
    ids=["an entry leads astray", "start beyond the end", "start elsewhere", "cut off", "no table"],
)
def test_broken_cross_references_are_refused_and_never_repaired(office: Office, broken: bytes) -> None:
    with pytest.raises(UnreadableFile):
        sign_for(broken, office.person, Request(), None, NOW)


def test_cross_references_in_a_circle_are_refused(office: Office) -> None:
    start = re.search(rb"startxref\n(\d+)", TABLES)
    assert start is not None
    circle = TABLES.replace(b"/Size ", b"/Prev " + start[1] + b" /Size ", 1)
    with pytest.raises(UnreadableFile):
        sign_for(circle, office.person, Request(), None, NOW)


@pytest.mark.parametrize("mode", [NONE, GENERATE])
def test_an_encrypted_file_is_refused(office: Office, mode: pikepdf.ObjectStreamMode) -> None:
    locked = resaved(blank_pdf(), encryption=pikepdf.Encryption(owner="a", user=""), object_stream_mode=mode)
    with pytest.raises(UnreadableFile, match="encrypted"):
        sign_for(locked, office.person, Request(), None, NOW)


def certified(pdf: bytes, level: int) -> bytes:
    """Claim a certification of that level by the signature in the file."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        field = next(f for f in document.Root.AcroForm.Fields if "/V" in f)
        parameters = pikepdf.Dictionary(Type=pikepdf.Name.TransformParams, P=level, V=pikepdf.Name("/1.2"))
        field.V.Reference = pikepdf.Array(
            [pikepdf.Dictionary(TransformMethod=pikepdf.Name.DocMDP, TransformParams=parameters)]
        )
        document.Root.Perms = pikepdf.Dictionary(DocMDP=field.V)
        document.save(out)
    return out.getvalue()


def test_a_certified_file_that_allows_no_change_is_not_signed(office: Office) -> None:
    signed = sign_invisibly(blank_pdf(), office.person, "s", SignatureText(), NOW)
    with pytest.raises(FieldFault) as caught:
        sign_for(certified(signed, 1), office.body, Request(), None, NOW)
    assert caught.value.code == "signing.not_permitted"
    assert sign_for(certified(signed, 2), office.body, Request(), None, NOW).field


def test_a_locked_field_is_not_filled(office: Office, font: TextFont) -> None:
    from signing.pades.placing import fill_number_and_date

    document = issued(office, font)
    emptied = document.replace(b"/V (123)", b"/V ()   ")
    with pytest.raises(FieldFault) as caught:
        fill_number_and_date(emptied, {"number": "9"})
    assert caught.value.code == "signing.not_permitted"


def test_an_archival_file_of_part_1_gets_no_soft_mask(office: Office, font: TextFont) -> None:
    part_1 = letter().replace(b"<pdfaid:part>2<", b"<pdfaid:part>1<")
    if part_1 == letter():
        part_1 = letter().replace(b'pdfaid:part="2"', b'pdfaid:part="1"')
    for source, mask in ((part_1, "/Mask"), (letter(), "/SMask")):
        signed = sign_for(source, office.person, Request(Purpose.APPROVE, BLUE), font, NOW).pdf
        with pikepdf.open(io.BytesIO(signed)) as opened:
            image = opened.pages[-1].obj.Annots[-1].AP.N.Resources.XObject.Im0
            assert {"/Mask", "/SMask"} & set(image.keys()) == {mask}


def test_the_identifier_of_the_file_keeps_its_first_half(office: Office) -> None:
    signed = sign_invisibly(TABLES, office.person, "s", SignatureText(), NOW)
    with pikepdf.open(io.BytesIO(TABLES)) as before, pikepdf.open(io.BytesIO(signed)) as after:
        assert bytes(before.trailer.ID[0]) == bytes(after.trailer.ID[0])
        assert bytes(before.trailer.ID[1]) != bytes(after.trailer.ID[1])

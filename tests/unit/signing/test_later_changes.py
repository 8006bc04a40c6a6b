"""Form filling, tags, hybrid files, orders of signatures: what is honest passes, what deceives does not."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pyhanko.sign.fields import MDPPerm

from signing.fonts import TextFont
from signing.local import open_services
from signing.model import Level
from signing.pades.purpose import Request, sign_for
from signing.validate.differences import Kind as Difference
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Changes, Report, Verdict
from signing.validate.syntax import Dict, Name, Ref, Stream, Value
from tests.data.attacks import field_of
from tests.data.hand_signed import by_hand, certified
from tests.data.pdf_updates import Updater, first_page, stream, written
from tests.unit.signing.samples import NOW, Office, blank_pdf, issued, letter
from tests.unit.signing.test_attacks import by_pyhanko, foreign_signer

AT = NOW + timedelta(minutes=5)


@pytest.fixture(scope="module")
def trust(office: Office) -> TrustMaterial:
    return load(office.authority.folder / "trust")


def check(pdf: bytes, trust: TrustMaterial | None) -> Report:
    return validate(pdf, trust=trust, at=AT)


def with_form(pdf: bytes) -> bytes:
    """A page with the fields that other programs make: text, two boxes, a choice; Helvetica in the form."""
    opened = pikepdf.open(io.BytesIO(pdf))
    page = opened.pages[0].obj
    font = opened.make_indirect(
        pikepdf.Dictionary(
            Type=pikepdf.Name.Font,
            Subtype=pikepdf.Name.Type1,
            BaseFont=pikepdf.Name.Helvetica,
            Encoding=pikepdf.Name.WinAnsiEncoding,
        )
    )

    def widget(y: int, **entries: object) -> pikepdf.Object:
        place: dict[str, object] = {"/Rect": [50, y, 250, y + 20], "/P": page, "/F": 4}
        named = {f"/{key}": value for key, value in entries.items()}
        kind = {"/Type": pikepdf.Name.Annot, "/Subtype": pikepdf.Name.Widget}
        return opened.make_indirect(pikepdf.Dictionary({**kind, **place, **named}))

    def drawn(content: bytes) -> pikepdf.Object:
        made = opened.make_stream(content)
        made.Type, made.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        made.BBox = pikepdf.Array([0, 0, 20, 20])
        return made

    states = pikepdf.Dictionary(N=pikepdf.Dictionary(Yes=drawn(b"0 0 m 20 20 l S"), Off=drawn(b"")))
    text = widget(700, FT=pikepdf.Name.Tx, T="amount", DA="/Helv 12 Tf 0 g")
    tick = widget(650, FT=pikepdf.Name.Btn, T="agree", AS=pikepdf.Name.Off, AP=states)
    choice = widget(
        600,
        FT=pikepdf.Name.Ch,
        T="choice",
        Ff=1 << 17,
        DA="/Helv 12 Tf 0 g",
        Opt=pikepdf.Array([pikepdf.Array(["a", "Alpha"]), pikepdf.Array(["b", "Beta"])]),
    )
    page.Annots = pikepdf.Array([text, tick, choice])
    opened.Root.AcroForm = opened.make_indirect(
        pikepdf.Dictionary(
            Fields=pikepdf.Array([text, tick, choice]),
            DR=pikepdf.Dictionary(Font=pikepdf.Dictionary(Helv=font)),
            DA="/Helv 12 Tf 0 g",
        )
    )
    out = io.BytesIO()
    opened.save(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def form(office: Office, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A form certified for filling by another program."""
    signer = foreign_signer(office, tmp_path_factory.mktemp("form"))
    return by_pyhanko(with_form(blank_pdf()), signer, "S", MDPPerm.FILL_FORMS)


def helvetica(updater: Updater) -> Value:
    """The font of the form."""
    resources = updater.view.dictionary(updater.view.root["AcroForm"])["DR"]
    return updater.view.dictionary(updater.view.dictionary(resources)["Font"])["Helv"]


def filled(pdf: bytes, value: bytes, content: bytes, font: Value = None, **entries: Value) -> bytes:
    """Fill the text field: a value, and an appearance with that content."""
    updater = Updater(pdf)
    number, field = field_of(updater, "amount")
    used = font if font is None or isinstance(font, Ref) else updater.add(font)
    resources: Dict = {"Font": {"Helv": used or helvetica(updater)}}
    box: Dict = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 200, 20]}
    drawn = updater.add(Stream({**box, "Resources": resources}, content))
    updater.set(number, {**field, "V": value, "AP": {"N": drawn}, **entries})
    return updater.result()


def line(text: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return b"/Tx BMC q " + before + b" BT /Helv 12 Tf 0 g 2 5 Td (" + text + b") Tj ET " + after + b" Q EMC"


HONEST = {
    "plain": line(b"1000"),
    "background and border": line(b"1000", b"0.9 g 0 0 200 20 re f 0 G 1 w 1 1 198 18 re S"),
    "letter by letter": b"BT /Helv 12 Tf 2 5 Td (1) Tj 10 0 Td (0) Tj 10 0 Td (0) Tj 10 0 Td (0) Tj ET",
    "with kerning": b"BT /Helv 12 Tf 2 5 Td [(1) -20 (00) 5 (0)] TJ ET",
    "white on a dark ground": b"0 g 0 0 200 20 re f BT 1 g /Helv 12 Tf 2 5 Td (1000) Tj ET",
}
DECEPTIVE = {
    "another text": line(b"9000"),
    "more text": line(b"1000 x 9"),
    "nothing": b"",
    "covered": line(b"1000", after=b"1 g 0 0 200 20 re f"),
    "drawn over": line(b"1000", after=b"0 0 m 200 20 l S"),
    "drawn as outlines": line(b"1000", b"10 10 m 20 20 30 30 40 40 c f"),
    "hidden": b"BT 3 Tr /Helv 12 Tf 2 5 Td (1000) Tj ET",
    "white": b"BT 1 g /Helv 12 Tf 2 5 Td (1000) Tj ET",
    "tiny": b"BT /Helv 0.1 Tf 2 5 Td (1000) Tj ET",
    "outside": b"BT /Helv 12 Tf 2 500 Td (1000) Tj ET",
    "a picture": line(b"1000", b"/Im Do"),
    "an inline picture": line(b"1000", b"BI /W 1 /H 1 ID x EI"),
    "a font that is not there": b"BT /Evil 12 Tf 2 5 Td (1000) Tj ET",
}


@pytest.mark.parametrize("content", HONEST.values(), ids=HONEST.keys())
def test_a_field_filled_by_another_program_passes(content: bytes, form: bytes, trust: TrustMaterial) -> None:
    report = check(filled(form, b"1000", content), trust)
    assert (report.verdict, report.signatures[0].changes_after) == (Verdict.VALID, Changes.ALLOWED)
    found = report.signatures[0].differences
    assert [(d.kind, d.name, d.page, d.rectangle) for d in found] == [
        (Difference.FIELD, "amount", 1, (50.0, 700.0, 250.0, 720.0))
    ]


@pytest.mark.parametrize("content", DECEPTIVE.values(), ids=DECEPTIVE.keys())
def test_an_appearance_that_does_not_match_the_value_is_found(
    content: bytes, form: bytes, trust: TrustMaterial
) -> None:
    report = check(filled(form, b"1000", content), trust)
    assert report.verdict is Verdict.INVALID
    assert "something else than its value" in report.reason


def test_an_appearance_replaced_while_the_value_stays_is_found(form: bytes, trust: TrustMaterial) -> None:
    honest = filled(form, b"1000", line(b"1000"))
    assert check(filled(honest, b"1000", line(b"9000")), trust).verdict is Verdict.INVALID


def test_a_value_replaced_while_the_appearance_stays_is_found(form: bytes, trust: TrustMaterial) -> None:
    honest = filled(form, b"1000", line(b"1000"))
    updater = Updater(honest)
    number, field = field_of(updater, "amount")
    updater.set(number, {**field, "V": b"9000"})
    assert check(updater.result(), trust).verdict is Verdict.INVALID


def test_a_font_brought_along_that_draws_other_digits_is_found(form: bytes, trust: TrustMaterial) -> None:
    evil: Dict = {"Type": Name("Font"), "Subtype": Name("Type3"), "FontBBox": [0, 0, 1, 1], "CharProcs": {}}
    report = check(filled(form, b"1000", line(b"1000"), evil), trust)
    assert (report.verdict, "font" in report.reason) == (Verdict.INVALID, True)


@pytest.mark.parametrize(
    "entries",
    [
        {"Rect": [0, 0, 600, 800]},
        {"F": 2},
        {"Ff": 1 << 13},
        {"FT": Name("Btn")},
        {"AA": {"K": {"S": Name("JavaScript"), "JS": b"1"}}},
        {"T": b"other"},
        {"MaxLen": 1},
    ],
    ids=["moved", "hidden", "password", "another kind", "with an action", "renamed", "limited"],
)
def test_more_than_filling_is_found(entries: Dict, form: bytes, trust: TrustMaterial) -> None:
    assert check(filled(form, b"1000", line(b"1000"), **entries), trust).verdict is Verdict.INVALID


def ticked(pdf: bytes, value: Value, state: Value, states: Value = None) -> bytes:
    updater = Updater(pdf)
    number, field = field_of(updater, "agree")
    changed: Dict = {**field, "V": value, "AS": state}
    if states is not None:
        changed["AP"] = {"N": {"Yes": updater.add(states), "Off": updater.add(states)}}
    updater.set(number, changed)
    return updater.result()


def test_boxes_are_ticked_as_their_value_says(form: bytes, trust: TrustMaterial) -> None:
    yes, off = Name("Yes"), Name("Off")
    assert check(ticked(form, yes, yes), trust).verdict is Verdict.VALID
    assert check(ticked(form, yes, off), trust).verdict is Verdict.INVALID
    assert check(ticked(form, off, yes), trust).verdict is Verdict.INVALID
    evil = stream(b"0 0 20 20 re f", Type=Name("XObject"), Subtype=Name("Form"), BBox=[0, 0, 20, 20])
    assert check(ticked(form, yes, yes, evil), trust).verdict is Verdict.INVALID


def test_a_choice_shows_its_option(form: bytes, trust: TrustMaterial) -> None:
    def chosen(shown: bytes) -> bytes:
        updater = Updater(form)
        number, field = field_of(updater, "choice")
        box: Dict = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 200, 20]}
        fonts: Dict = {"Font": {"Helv": helvetica(updater)}}
        drawn = updater.add(Stream({**box, "Resources": fonts}, line(shown)))
        updater.set(number, {**field, "V": b"b", "AP": {"N": drawn}})
        return updater.result()

    assert check(chosen(b"Beta"), trust).verdict is Verdict.VALID
    assert check(chosen(b"Alpha"), trust).verdict is Verdict.INVALID


def test_an_appearance_that_the_page_uses_too_may_not_be_replaced(
    office: Office, trust: TrustMaterial, tmp_path: Path
) -> None:
    """Shadow attack: one stream is the look of a field and the content of the page."""
    source = Updater(with_form(blank_pdf()))
    number, field = field_of(source, "amount")
    box: Dict = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 200, 20]}
    fonts: Dict = {"Font": {"Helv": helvetica(source)}}
    shared = source.add(Stream({**box, "Resources": fonts}, line(b"10")))
    source.set(number, {**field, "V": b"10", "AP": {"N": shared}})
    page = first_page(source)
    source.set(page, {**source.dictionary(page), "Contents": shared, "Resources": fonts})
    signed = by_pyhanko(source.result(), foreign_signer(office, tmp_path), "S")
    update = Updater(signed)
    number, field = field_of(update, "amount")
    update.set(number, {**field, "V": b"1000"})
    update.set(shared.number, Stream({**box, "Resources": fonts}, line(b"1000")))
    report = check(update.result(), trust)
    assert (report.verdict, "uses an object" in report.reason) == (Verdict.INVALID, True)


def test_a_number_that_only_the_update_defines_may_not_be_used_by_the_page(
    office: Office, trust: TrustMaterial, tmp_path: Path
) -> None:
    """Shadow attack: the signed page leads to nothing, until a field is filled with that object."""
    source = Updater(with_form(blank_pdf()))
    page = first_page(source)
    source.set(page, {**source.dictionary(page), "Contents": [Ref(900, 0)]})
    signed = by_pyhanko(source.result(), foreign_signer(office, tmp_path), "S")
    assert check(signed, trust).verdict is Verdict.VALID
    update = Updater(signed)
    number, field = field_of(update, "amount")
    update.next = 900
    box: Dict = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 200, 20]}
    drawn = update.add(Stream({**box, "Resources": {"Font": {"Helv": helvetica(update)}}}, line(b"1000")))
    update.set(number, {**field, "V": b"1000", "AP": {"N": drawn}})
    assert check(update.result(), trust).verdict is Verdict.INVALID


def hybrid(pdf: bytes) -> bytes:
    """A hybrid file as office programs write it: a table, and a stream for newer readers."""
    updater = Updater(pdf)
    note = updater.next
    hidden = b"%d 0 obj\n" % note + written({"Note": b"hidden"}) + b"\nendobj\n"
    at = len(pdf)
    place = at + len(hidden)
    rows = b"\1" + at.to_bytes(4, "big") + b"\0"
    entries: Dict = {"Type": Name("XRef"), "W": [1, 4, 1], "Index": [note, 1], "Size": note + 2}
    listed = b"%d 0 obj\n" % (note + 1) + written(stream(rows, **entries)) + b"\nendobj\n"
    start = place + len(listed)
    table = b"xref\n%d 2\n0000000000 00000 f \n%010d 00000 n \n" % (note, place)
    trailer: Dict = {
        "Size": note + 2,
        "Prev": updater.file.chain[0].offset,
        "XRefStm": place,
        **updater.trailer,
    }
    return (
        pdf
        + hidden
        + listed
        + table
        + b"trailer\n"
        + written(trailer)
        + b"\nstartxref\n%d\n%%%%EOF\n" % start
    )


def test_a_hybrid_file_with_later_changes_passes(office: Office, trust: TrustMaterial) -> None:
    key = certified(office.authority, rsa.generate_private_key(65537, 2048))
    once = by_hand(hybrid(blank_pdf()), key, name=b"one")
    twice = by_hand(once, key, name=b"two")
    assert check(once, trust).verdict is Verdict.VALID
    report = check(twice, trust)
    assert [s.changes_after for s in report.signatures] == [Changes.ALLOWED, Changes.NONE]
    assert report.verdict is Verdict.VALID


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n\r\n", b" \n"])
def test_white_space_after_the_end_passes(tail: bytes, form: bytes, trust: TrustMaterial) -> None:
    assert check(form + tail, trust).verdict is Verdict.VALID


def shaped(**options: object) -> Callable[[], bytes]:
    def make() -> bytes:
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(letter(archival=False))) as opened:
            opened.save(out, **options)  # type: ignore[arg-type]  # options are pikepdf's own
        return out.getvalue()

    return make


SHAPES = {
    "linearised": shaped(linearize=True),
    "cross-reference streams": shaped(object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearised, streams": shaped(linearize=True, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "tagged, archival": letter,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_orders_of_programs_on_files_of_every_shape(
    shape: str, office: Office, trust: TrustMaterial, tmp_path: Path
) -> None:
    """Ours, pyHanko's, one made by hand, then ours with time-stamp and validation data."""
    services = open_services(office.authority.folder)
    pdf = sign_for(SHAPES[shape](), office.person, Request(), None, NOW).pdf
    pdf = by_pyhanko(pdf, foreign_signer(office, tmp_path), "hanko")
    pdf = by_hand(pdf, certified(office.authority, rsa.generate_private_key(65537, 2048)))
    pdf = sign_for(pdf, office.body, Request(), None, NOW, level=Level.B_LTA, services=services).pdf
    report = check(pdf, trust)
    assert report.verdict is Verdict.VALID, report.reason
    assert len(report.signatures) == 5  # the last is the time-stamp of the document
    assert [s.revision_end for s in report.signatures] == sorted(s.revision_end for s in report.signatures)


def test_the_report_shows_what_each_signature_saw(office: Office, font: TextFont) -> None:
    pdf = issued(office, font)
    person = check(pdf, None).signatures[0]
    alone = check(pdf[: person.revision_end], None)
    assert [s.field for s in alone.signatures] == ["person"]
    assert alone.signatures[0].changes_after is Changes.NONE
    detail = person.as_detail()
    assert isinstance(detail["differences"], list)
    assert [d["kind"] for d in detail["differences"]] == ["field", "field", "signature"]


def test_a_signature_by_poppler_passes(office: Office, trust: TrustMaterial, tmp_path: Path) -> None:
    """pdfsig signs with a key of NSS; a second one over the first."""
    foreign_signer(office, tmp_path)
    base = f"sql:{tmp_path}"

    def run(*words: str) -> None:
        subprocess.run(words, check=False, timeout=60, capture_output=True, cwd=tmp_path)

    run("certutil", "-d", base, "-N", "--empty-password")
    run("pk12util", "-d", base, "-i", "rsa2048.p12", "-W", "mat khau thu", "-K", "")
    nick = subprocess.run(
        ["certutil", "-d", base, "-L"], check=True, timeout=60, capture_output=True, text=True
    ).stdout
    name = next(row.rsplit(None, 1)[0].strip() for row in nick.splitlines() if row.endswith("u,u,u"))
    (tmp_path / "a.pdf").write_bytes(letter(archival=False))
    sign = ("pdfsig", "-nssdir", base, "-add-signature", "-nick", name, "-kpw", "")
    run(*sign, "a.pdf", "b.pdf")
    run(*sign, "-new-signature-field-name", "again", "b.pdf", "c.pdf")
    report = check((tmp_path / "c.pdf").read_bytes(), trust)
    assert (report.verdict, len(report.signatures)) == (Verdict.VALID, 2), report.reason

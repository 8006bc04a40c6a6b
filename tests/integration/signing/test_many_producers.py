"""Files of several producers and shapes are signed and accepted by independent verifiers."""

from __future__ import annotations

import io
import subprocess
from datetime import timedelta
from pathlib import Path

import pikepdf
import pytest

from signing.fonts import TextFont
from signing.pades.purpose import Purpose, Request, sign_for
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.integration.signing import tools
from tests.unit.signing.samples import BLUE, NOW, RED, Office, blank_pdf, letter

CHROMIUM = "/usr/bin/chromium"


def resaved(pdf: bytes, **options: object) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(out, **options)  # type: ignore[arg-type]  # options are pikepdf's own
    return out.getvalue()


def with_comment(pdf: bytes) -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Text, Rect=[10, 10, 30, 30])
        document.pages[0].obj.Annots = document.make_indirect(pikepdf.Array([document.make_indirect(note)]))
        document.save(out)
    return out.getvalue()


def producers() -> dict[str, bytes]:
    archival, plain = letter(), letter(archival=False)
    streams, none = pikepdf.ObjectStreamMode.generate, pikepdf.ObjectStreamMode.disable
    made = {
        "typst PDF/A-2b": archival,
        "typst PDF 1.7": plain,
        "qpdf, object streams": resaved(plain, object_stream_mode=streams),
        "qpdf, plain tables": resaved(plain, object_stream_mode=none),
        "qpdf, linearized": resaved(plain, linearize=True),
        "qpdf, version 1.3": resaved(blank_pdf(), force_version="1.3"),
        "qpdf, streams, PDF/A": resaved(archival, object_stream_mode=streams),
        "with a comment": with_comment(plain),
        "twelve pages": blank_pdf(pages=12),
        "A3": blank_pdf(box=(0, 0, 842, 1191)),
        "shifted box": blank_pdf(box=(-300, 200, 295, 1042)),
        "bytes after its end": blank_pdf() + b"\n<!-- -->",
        "white space after its end": plain + b"\r\n\r\n",
        "long letter": letter('#set text(font: "Tinos", lang: "vi")\n#lorem(6000)'),
        "A5": letter('#set page("a5")\n#set text(font: "Tinos", lang: "vi")\nGiấy mời'),
    }
    for rotate in (90, 180, 270):
        made[f"rotated {rotate}"] = blank_pdf(rotate=rotate)
    made["rotated and shifted"] = blank_pdf(rotate=90, box=(100, 100, 942, 695))
    return made


@pytest.mark.parametrize("kind", producers())
def test_person_and_seal_are_valid_for_everybody(
    kind: str, office: Office, font: TextFont, nss: Path, tmp_path: Path
) -> None:
    check_both(producers()[kind], office, font, nss, tmp_path)


def test_a_page_printed_by_chromium_is_signed(
    office: Office, font: TextFont, nss: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html><body><h1>Giấy mời họp</h1><p>Kính gửi các đồng chí</p></body></html>", "utf-8")
    out = tmp_path / "page.pdf"
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-sync",
    ]
    flags += [f"--user-data-dir={tmp_path / 'profile'}", f"--print-to-pdf={out}"]
    subprocess.run([CHROMIUM, *flags, page.as_uri()], check=True, timeout=90, capture_output=True)
    check_both(out.read_bytes(), office, font, nss, tmp_path)


def check_both(pdf: bytes, office: Office, font: TextFont, nss: Path, tmp_path: Path) -> None:
    approved = sign_for(pdf, office.person, Request(Purpose.APPROVE, BLUE), font, NOW).pdf
    both = sign_for(approved, office.body, Request(Purpose.ISSUE, RED, "45"), font, NOW).pdf
    assert [found[1:] for found in tools.pdfsig(both, nss, tmp_path)] == [tools.VALID] * 2
    assert set(tools.pyhanko_bottom_lines(both, office).values()) == {True}
    assert tools.qpdf_check(both, tmp_path) == ""
    trust = load(office.authority.folder / "trust")
    assert validate(both, trust=trust, at=NOW + timedelta(minutes=1)).verdict is Verdict.VALID

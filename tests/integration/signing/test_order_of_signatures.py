"""Person, number and date, seal, co-issuer: each act leaves the earlier ones valid for every reader."""

from __future__ import annotations

import subprocess
import unicodedata
from pathlib import Path

from signing.fonts import TextFont
from signing.pades.embed import seal
from tests.integration.signing import tools
from tests.unit.signing.samples import DATE, NOW, NUMBER, RED, Office, issued, person_signed


def test_person_number_seal_is_valid_for_pdfsig(
    office: Office, font: TextFont, nss: Path, tmp_path: Path
) -> None:
    found = tools.pdfsig(issued(office, font, co_issuer=False), nss, tmp_path)
    assert found == [("person", *tools.VALID), ("seal", *tools.VALID)]


def test_person_number_seal_is_valid_for_pyhanko(office: Office, font: TextFont) -> None:
    assert tools.pyhanko_bottom_lines(issued(office, font), office) == {"person": True, "seal": True}


def test_a_co_issuers_seal_leaves_all_valid(
    office: Office, font: TextFont, nss: Path, tmp_path: Path
) -> None:
    both = seal(issued(office, font), office.co_issuer, "seal2", RED, NOW)
    assert tools.pyhanko_bottom_lines(both, office) == {"person": True, "seal": True, "seal2": True}
    assert [verdict[1:] for verdict in tools.pdfsig(both, nss, tmp_path)] == [tools.VALID] * 3


def test_every_step_is_appended_only(office: Office, font: TextFont) -> None:
    first = person_signed(office, font)
    last = issued(office, font, None)
    assert last[:1000] == first[:1000]
    assert seal(last, office.co_issuer, "seal2", RED, NOW).startswith(last)


def test_structure_is_sound_for_qpdf(office: Office, font: TextFont, tmp_path: Path) -> None:
    both = seal(issued(office, font), office.co_issuer, "seal2", RED, NOW)
    assert tools.qpdf_check(both, tmp_path) == ""


def test_number_and_date_can_be_read_on_the_page(office: Office, font: TextFont, tmp_path: Path) -> None:
    path = tmp_path / "issued.pdf"
    path.write_bytes(issued(office, font))
    read = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, timeout=30, check=True)
    text = unicodedata.normalize("NFC", read.stdout.decode())
    assert NUMBER in text
    assert DATE in text


def test_the_text_font_is_embedded_as_a_subset(office: Office, font: TextFont, tmp_path: Path) -> None:
    path = tmp_path / "issued.pdf"
    path.write_bytes(issued(office, font))
    listed = subprocess.run(["pdffonts", path], capture_output=True, timeout=30, check=True, text=True).stdout
    for line in listed.splitlines()[2:]:
        assert line.split()[-5:-2] == ["yes", "yes", "yes"], line  # embedded, subset, with ToUnicode

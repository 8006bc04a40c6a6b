"""Files, keys and pictures that the signing tests share, made by the product's own means."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pikepdf
import typst
from PIL import Image, ImageDraw

from signing.fonts import TextFont
from signing.keys.software import SoftwareSigner, open_pkcs12
from signing.model import Align, Field, FieldKind, FieldPlan, Rectangle
from signing.pades.appearance import StampImage, seal_rectangle
from signing.pades.embed import fill_number_and_date, seal, sign_person
from signing.pades.prepare import prepare
from signing.pki import ca
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.profiles import KeyType, Kind

FONTS = Path(__file__).parents[3] / "node_modules/@expo-google-fonts/tinos"
FONT = FONTS / "400Regular" / "Tinos_400Regular.ttf"
NOW = datetime.now(UTC).replace(microsecond=0)
PASSPHRASE = b"mat khau thu"
PERSON_BOX = Rectangle(330, 200, 150, 75)
NUMBER, DATE = "123", "Đắk Mới, ngày 22 tháng 11 năm 2026"
VALUES = {"number": NUMBER, "date": DATE}
_LETTER = """
#set page(width: 210mm, height: 297mm, margin: 2cm)
#set text(font: "Tinos", lang: "vi", size: 13pt)
#set document(title: "Quyết định", date: auto)
= ỦY BAN NHÂN DÂN TỈNH ĐẮK MỚI
Số: /QĐ-UBND

Về việc kiện toàn Ban Chỉ đạo chuyển đổi số. #lorem(200)
"""


@dataclass(frozen=True)
class Office:
    """An authority with the keys of one office."""

    authority: Authority
    person: SoftwareSigner
    body: SoftwareSigner
    co_issuer: SoftwareSigner


def key_for(
    authority: Authority,
    name: str,
    kind: Kind = Kind.PERSON,
    key: KeyType = KeyType.RSA2048,
    *,
    now: datetime = NOW,
    lifetime: timedelta | None = None,
) -> SoftwareSigner:
    """Issue a certificate and open its key."""
    request = CertificateRequest(kind, name, "000.00.01.X99", key, lifetime)
    return open_pkcs12(authority.issue(request, passphrase=PASSPHRASE, now=now).pkcs12, PASSPHRASE)


def new_office(folder: Path) -> Office:
    """Make an authority and three keys: RSA for person and body, P-384 for the co-issuer."""
    authority = ca.init(folder, passphrase=None, now=NOW - timedelta(hours=1))
    return Office(
        authority,
        key_for(authority, "Chủ tịch"),
        key_for(authority, "Ủy ban nhân dân tỉnh", Kind.ORGANISATION),
        key_for(authority, "Sở Nội vụ", Kind.ORGANISATION, KeyType.P384),
    )


def letter(text: str = _LETTER, *, archival: bool = True) -> bytes:
    """Render a letter: PDF/A-2b unless told otherwise."""
    folder = FONTS / "400Regular"
    standards: Literal["a-2b", "1.7"] = "a-2b" if archival else "1.7"
    source: bytes = text.encode()
    fonts = typst.Fonts(font_paths=[folder], include_system_fonts=False)
    return typst.compile(source, font_paths=fonts, pdf_standards=standards, ignore_system_fonts=True)


def blank_pdf(
    *, pages: int = 1, rotate: int = 0, box: tuple[float, float, float, float] = (0, 0, 595, 842)
) -> bytes:
    """Make a plain file with the geometry asked for."""
    document = pikepdf.new()
    for _ in range(pages):
        page = document.add_blank_page(page_size=(box[2] - box[0], box[3] - box[1]))
        page.obj.MediaBox = pikepdf.Array([*map(int, box)])
        if rotate:
            page.obj.Rotate = rotate
        page.obj.Contents = document.make_stream(b"0.9 g 20 20 100 100 re f")
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (400, 200)) -> bytes:
    """Draw a transparent PNG with one ellipse."""
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((8, 8, size[0] - 8, size[1] - 8), outline=(*colour, 255), width=10)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


BLUE = StampImage.load(picture((20, 40, 200)))
RED = StampImage.load(picture((220, 20, 20), (400, 400)))


def plan(*, page: int = 1, co_issuer: bool = True) -> FieldPlan:
    """Return the fields of a usual document on an A4 page."""
    fields = [
        Field(FieldKind.NUMBER, "number", page, Rectangle(85, 740, 60, 18)),
        Field(FieldKind.DATE, "date", page, Rectangle(300, 740, 230, 18), align=Align.RIGHT),
        Field(FieldKind.PERSON, "person", page, PERSON_BOX),
        Field(FieldKind.SEAL, "seal", page, seal_rectangle(PERSON_BOX), locks=("number", "date")),
    ]
    if co_issuer:
        fields.append(Field(FieldKind.SEAL, "seal2", page, Rectangle(60, 190, 102, 102)))
    return FieldPlan(tuple(fields))


def person_signed(
    office: Office, font: TextFont, source: bytes | None = None, *, co_issuer: bool = True
) -> bytes:
    """Prepare a letter and let the person sign it."""
    prepared = prepare(source or letter(), plan(co_issuer=co_issuer), font).pdf
    return sign_person(prepared, office.person, "person", BLUE, "Ký ban hành", NOW)


def issued(office: Office, font: TextFont, source: bytes | None = None, *, co_issuer: bool = True) -> bytes:
    """Take a letter all the way: person, number and date, seal."""
    numbered = fill_number_and_date(person_signed(office, font, source, co_issuer=co_issuer), VALUES)
    return seal(numbered, office.body, "seal", RED, NOW)

"""Files of many programs to be signed: built once, kept in a folder, each different from every other.

Producers: typst, Chromium (Skia), cairo (pdftocairo), qpdf with four settings, PDFium and Pillow (a scan).
They have 50 to 140 KB, about 100 on average.
"""

from __future__ import annotations

import io
import random
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pikepdf
import pypdfium2
import typst
from PIL import Image

ROOT: Final = Path(__file__).resolve().parents[2]
FONTS: Final = ROOT / "node_modules/@expo-google-fonts/tinos/400Regular"
CHROMIUM: Final = "/usr/bin/chromium"
_TEXT: Final = (
    "ủy ban nhân dân tỉnh quyết định về việc kiện toàn ban chỉ đạo chuyển đổi số căn cứ luật tổ chức chính "
    "quyền địa phương theo đề nghị của giám đốc sở nội vụ chánh văn phòng đơn vị chịu trách nhiệm thi hành"
)
_SETTINGS: Final[tuple[dict[str, Any], ...]] = (
    {"object_stream_mode": pikepdf.ObjectStreamMode.disable},
    {"object_stream_mode": pikepdf.ObjectStreamMode.generate},
    {"linearize": True},
    {"object_stream_mode": pikepdf.ObjectStreamMode.generate, "linearize": True},
)
SHARES: Final = {"typst": 5, "chromium": 4, "cairo": 4, "qpdf": 4, "pdfium": 2, "scan": 1}
"""Parts of twenty."""


def build(folder: Path, count: int) -> list[Path]:
    """Return ``count`` files, made unless the folder holds them already."""
    marker = folder / f".complete-{count}"
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        base = [letter(number) for number in range(max(count * SHARES["typst"] // 20, 1))]
        makers: dict[str, Callable[[int], Iterator[bytes]]] = {
            "typst": lambda n: iter(base[:n]),
            "chromium": printed,
            "cairo": lambda n: (through_cairo(base[i % len(base)], i) for i in range(n)),
            "qpdf": lambda n: (through_qpdf(base[i % len(base)], i) for i in range(n)),
            "pdfium": lambda n: (through_pdfium(base[i % len(base)], i) for i in range(n)),
            "scan": lambda n: (scan(i) for i in range(n)),
        }
        for name, part in SHARES.items():
            for number, data in enumerate(makers[name](max(count * part // 20, 1))):
                (folder / f"{name}-{number:04}.pdf").write_bytes(data)
        marker.touch()
    return sorted(folder.glob("*.pdf"))


def text(seed: int, words: int) -> str:
    """Return words in an order of their own."""
    chance = random.Random(seed)
    return " ".join(chance.choices(_TEXT.split(), k=words))


def letter(seed: int) -> bytes:
    """Render a letter of about 100 KB with typst (PDF/A-2b, or 1.7 for every other)."""
    source = (
        "#set page(width: 210mm, height: 297mm, margin: 2cm)\n"
        '#set text(font: "Tinos", lang: "vi", size: 13pt)\n'
        f'#set document(title: "Quyết định số {seed}", date: auto)\n= Quyết định số {seed}\n'
        f"{text(seed, 15500)}\n"
    )
    fonts = typst.Fonts(font_paths=[FONTS], include_system_fonts=False)
    made: bytes = typst.compile(
        source.encode(),
        font_paths=fonts,
        pdf_standards="a-2b" if seed % 2 else "1.7",
        ignore_system_fonts=True,
    )
    return made


def printed(count: int) -> Iterator[bytes]:
    """Print pages with Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        for seed in range(count):
            body = text(seed, 25000)
            page.set_content(f"<html lang=vi><body><h1>Giấy mời {seed}</h1><p>{body}</p></body></html>")
            yield page.pdf(format="A4")
        browser.close()


def through_cairo(pdf: bytes, seed: int) -> bytes:
    """Let cairo write some pages of a file anew."""
    command = ["pdftocairo", "-pdf", "-f", "1", "-l", str(19 + seed % 3), "-", "-"]
    return subprocess.run(command, input=pdf, capture_output=True, check=True, timeout=60).stdout


def through_qpdf(pdf: bytes, seed: int) -> bytes:
    """Let qpdf write a file anew, with a comment of its own."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.Root.Number = seed
        document.save(out, **_SETTINGS[seed % len(_SETTINGS)])
    return out.getvalue()


def through_pdfium(pdf: bytes, seed: int) -> bytes:
    """Let PDFium write a file anew, one page turned."""
    document = pypdfium2.PdfDocument(pdf)
    document[0].set_rotation(90 * (seed % 4))
    out = io.BytesIO()
    document.save(out)
    document.close()
    return out.getvalue()


def scan(seed: int) -> bytes:
    """Make a scanned page with Pillow: one JPEG picture of about 100 KB."""
    noise = random.Random(seed).randbytes(270 * 382)
    picture = Image.frombytes("L", (270, 382), noise).resize((540, 764))
    out = io.BytesIO()
    picture.save(out, "PDF", resolution=65, quality=60)
    return out.getvalue()


def written_oddly(pdf: bytes) -> bytes:
    """Give the entries of a classic cross-reference table line ends of one byte, as some programs do."""
    plain = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.save(plain, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return re.sub(rb"(\d{10} \d{5} [nf])[ \r]\n", rb"\1\n", plain.getvalue())

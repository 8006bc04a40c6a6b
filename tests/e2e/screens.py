"""Draws the chief pages with the data of the browser tests: ``python -m tests.e2e.screens FOLDER [WORD]``.

Each picture is quantised to a palette, so that all of them together stay small enough for the repository.
"""

from __future__ import annotations

import asyncio
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from server.compose import open_services
from server.demo.province import build_province
from tests.e2e.conftest import CHROMIUM, FLAGS, SETTINGS, Stage, prepare
from tests.e2e.looking import settle
from tests.e2e.samples import SAMPLES
from tests.e2e.seed import let_days_pass
from tests.factories.province import PASSWORD, settings_of
from tests.factories.server import ServerProcess

WIDTHS = {"1440": (1440, 900), "820": (820, 1180), "390": (390, 844)}
LIMIT_BYTES = 200_000


@dataclass(frozen=True)
class Shot:
    """One picture."""

    sample: str
    """Id of the sample."""
    width: str
    """Key of WIDTHS."""
    theme: Literal["light", "dark"] = "light"
    """Light or dark."""
    language: str = "vi"
    """vi or en."""

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.sample}-{self.width}-{self.theme}-{self.language}.png"


CHIEF_PAGES = (
    "home-clerk",
    "inbox",
    "arrival-assigned",
    "document-to_sign",
    "draft_new",
    "drafts",
    "dispatch-mixed",
    "send_form-issued",
)
SHOTS = (
    *(Shot(sample, "1440") for sample in CHIEF_PAGES),
    *(Shot(sample, "390") for sample in CHIEF_PAGES),
    *(Shot(sample, "820") for sample in ("home-leader", "inbox", "document-to_sign", "arrival-submitted")),
    *(Shot(sample, "1440", "dark") for sample in ("inbox", "arrival-assigned", "document-to_sign")),
    *(Shot(sample, "390", "dark") for sample in ("home-leader", "arrival-submitted")),
    *(Shot(sample, "1440", "light", "en") for sample in ("home-clerk", "inbox", "document-to_sign")),
    *(
        Shot(sample, "1440")
        for sample in (
            "sign_in_form",
            "home-specialist",
            "home-administrator",
            "book-incoming",
            "book-outgoing",
            "directory",
            "audit",
            "accounts",
            "account",
            "me",
            "notices",
            "paper_form",
            "search-found",
            "document-issued",
            "place_form-uploaded",
            "compare-uploaded",
            "guide",
            "mandates",
        )
    ),
    *(Shot(sample, "390") for sample in ("sign_in_form", "assign_form-submitted", "book-incoming", "audit")),
)


def small(picture: bytes) -> bytes:
    """Return the picture with as many colours as the limit allows."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    for colours in (128, 64, 32, 16):
        out = io.BytesIO()
        image.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LIMIT_BYTES:
            break
    return out.getvalue()


def draw(page: Page, stage: Stage, shot: Shot) -> bytes:
    """Return one picture."""
    sample = next(one for one in SAMPLES if one.id == shot.sample)
    page.goto(sample.path(stage), wait_until="networkidle")
    settle(page)
    return small(page.screenshot())


def draw_all(browser: Browser, stage: Stage, folder: Path, word: str) -> None:
    """Draw the pictures whose name holds the word into the folder ("" = all)."""
    for shot in (one for one in SHOTS if word in one.name):
        width, height = WIDTHS[shot.width]
        who = next(one for one in SAMPLES if one.id == shot.sample).who
        with stage.enter(
            browser,
            who,
            shot.language,
            viewport={"width": width, "height": height},
            color_scheme=shot.theme,
        ) as context:
            (folder / shot.name).write_bytes(draw(context.new_page(), stage, shot))


async def _build(data: Path) -> None:
    async with open_services(settings_of(data), background=False) as services:
        await build_province(services, password=PASSWORD, base_url="http://127.0.0.1/pki")


def main() -> None:
    """Draw from the command line."""
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python -m tests.e2e.screens FOLDER [WORD]")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        data = Path(temporary) / "data"
        asyncio.run(_build(data))
        with ServerProcess(data, environment=SETTINGS) as server:
            stage = asyncio.run(prepare(server))
            let_days_pass(data / "lienthong.db", stage.seeded.late)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--lang=vi"])
                draw_all(browser, stage, folder, (sys.argv[2:] or [""])[0])
                browser.close()


if __name__ == "__main__":
    main()

"""Every page of the route table in Chromium, by the fitting role: silent, accessible, fitting, light."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.e2e.conftest import Stage
from tests.e2e.looking import (
    LAYOUT_RULES,
    WEIGHT_LIMIT_BYTES,
    Watch,
    axe_faults,
    settle,
    shape_faults,
    target_faults,
)
from tests.e2e.samples import FILES, SAMPLES, Sample
from web.table import routes

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


FIGURES = {"pages.counts", "pages.bulk_figures", "pages.token_state", "pages.results_progress"}
"""Addresses that answer JSON to a script of a page."""
PAGES = {route.name for route in routes() if route.page and route.method == "GET"}
"""Every page that a browser can open; found here, since the search may not block Playwright's loop."""


def test_every_page_route_has_a_sample() -> None:
    assert {sample.route for sample in (*SAMPLES, *FILES)} == PAGES


def look(page: Page, stage: Stage, sample: Sample, language: str, width: ViewportSize) -> list[str]:
    """Open the sample at a width, light, then dark; return every fault, and what it weighs at a desk."""
    page.set_viewport_size(width)
    page.emulate_media(color_scheme="light")
    answer = page.goto(sample.path(stage), wait_until="load")
    assert answer is not None
    assert answer.status == 200, f"{answer.url}: {answer.status}"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    settle(page)
    faults = shape_faults(page, language)
    if width is PHONE:
        faults += target_faults(page) + axe_faults(page, *LAYOUT_RULES)
    else:
        faults += axe_faults(page)
    if language == "vi" and width is DESK:  # colours are the same on a phone
        page.emulate_media(color_scheme="dark")
        faults += [f"dark: {fault}" for fault in axe_faults(page, "color-contrast")]
    return [f"{language} {width['width']}: {fault}" for fault in faults]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.id)
def test_page(stage: Stage, browser: Browser, sample: Sample) -> None:
    """At a desk and on a phone, light and dark; in English too where the sample says so."""
    with stage.look_as(browser, sample.who) as page:
        watch = Watch(page)
        faults = look(page, stage, sample, "vi", DESK)
        weight = watch.weight()
        if weight > WEIGHT_LIMIT_BYTES:
            faults.append(f"weighs {weight} bytes")
        faults += look(page, stage, sample, "vi", PHONE)
        if sample.english:
            stage.speak(page.context, "en")
            faults += look(page, stage, sample, "en", PHONE)
        faults += watch.said
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("sample", FILES, ids=lambda sample: sample.id)
def test_file(stage: Stage, browser: Browser, sample: Sample) -> None:
    with stage.enter(browser, sample.who) as context:
        answer = context.request.get(sample.path(stage))
        assert answer.status == 200
        kind = answer.headers["content-type"].split(";")[0]
        if sample.route == "pages.certificate_request_file":
            assert kind == "text/csv"
            return
        assert kind == ("application/json" if sample.route in FIGURES else "application/pdf")
        assert kind == "application/json" or answer.body().startswith(b"%PDF-")


@pytest.mark.parametrize("path", ["/khong-co-trang-nay", "/van-ban/khong-co", "/quan-tri/tai-khoan"])
def test_error_pages_are_pages(stage: Stage, browser: Browser, path: str) -> None:
    """What is not there or not allowed is told in the frame, in the person's language, with a way on."""
    with stage.enter(browser, "chuyenvien.syt", viewport=PHONE) as context:
        page = context.new_page()
        answer = page.goto(path, wait_until="load")
        assert answer is not None
        assert answer.status in (403, 404)
        assert shape_faults(page, "vi") + axe_faults(page) == []
        assert page.locator("main a").count() > 0

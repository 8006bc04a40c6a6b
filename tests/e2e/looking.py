"""What a page must keep to, looked at in the browser as a person would: silence, access, size, weight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Request, Response

AXE = (Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js").read_text()
WEIGHT_LIMIT_BYTES = 150_000
"""Compressed, before the document itself and its viewer (interface: offline and slow lines)."""
TARGET_PX = 44
"""Least size of a primary target on a phone (WCAG 2.2, 2.5.5)."""

LAYOUT_RULES = (
    "scrollable-region-focusable",
    "target-size",
    "link-name",
    "button-name",
    "label",
    "aria-hidden-focus",
    "region",
    "meta-viewport",
)
"""Rules of axe-core whose outcome may change with the width."""

_REPORTS = """addEventListener('securitypolicyviolation',
  event => console.error('CSP', event.violatedDirective, event.blockedURI));"""

_SHAPE = """() => ({
  h1: [...document.querySelectorAll('h1')].filter(one => one.offsetParent !== null).length,
  title: document.title, lang: document.documentElement.lang,
  over: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  primary: [...document.querySelectorAll('main button, main a.button')]
    .filter(one => one.checkVisibility({visibilityProperty: true})
      && !one.matches('.secondary, .ghost, .danger, .chip, .pill, summary')
      && !one.matches('[data-branch], .act-bar [href^="#"]'))
    .map(one => one.innerText.trim()),
  hidden: [...document.querySelectorAll('.act-bar')].filter(one => one.offsetParent !== null
    && one.getBoundingClientRect().bottom > innerHeight).length,
  wide: [...document.querySelectorAll('main *')]
    .filter(one => one.getBoundingClientRect().right > innerWidth + 1
      && !one.closest('.scroll, .pickbox, .sheets, .chips, svg, .sr'))
    .slice(0, 3).map(one => one.outerHTML.slice(0, 120)),
})"""

_TARGETS = """least => [...document.querySelectorAll(
    'main button, main a.button, main .chip, nav.rail a, main summary, main input, main select')]
  .filter(one => one.offsetParent !== null && one.type !== 'hidden')
  .map(one => {
    const toggle = one.matches('input[type=checkbox], input[type=radio]');
    const box = ((toggle && one.closest('label, td, th')) || one).getBoundingClientRect();
    return [Math.round(box.height), Math.round(box.width), one.outerHTML.slice(0, 110)];
  })
  .filter(([height, width]) => height < least && height > 1 && width > 1)"""

_AXE = """async only => {
  const options = only.length ? {runOnly: {type: 'rule', values: only}} : {resultTypes: ['violations']};
  const found = await axe.run(document, options);
  return found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' | ' +
      (n.any[0] ? n.any[0].message : '')).join(' ;; '));
}"""


_WEIGHED: dict[str, int] = {}
"""Bytes of each static file when it was fetched first."""


class Watch:
    """Listens to a page: everything it should not say, and what it fetched."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.fetched: list[Response] = []
        page.add_init_script(_REPORTS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.said.append(f"console {message.type}: {message.text}")

    def _failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":
            self.said.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        self.fetched.append(response)
        if response.status >= 400:
            self.said.append(f"{response.status}: {response.url}")

    def weight(self) -> int:
        """Return the bytes over the line, headers left out, of all but the document and its viewer."""
        total = 0
        for response in self.fetched:
            path = response.url.split("://", 1)[-1]
            if "/tep/" in f"{path}/" or "pdfjs" in path or "viewer" in path or response.status in (204, 304):
                continue
            size = response.request.sizes()["responseBodySize"]
            if "/static/" in path:  # a context that has it already fetches nothing
                size = _WEIGHED[path] = max(size, _WEIGHED.get(path, 0))
            total += size
        return total


def settle(page: Page) -> None:
    """Wait until fonts are there and the viewer, where there is one, has drawn or said that it cannot."""
    page.evaluate("() => document.fonts.ready.then(() => true)")
    if page.locator(".viewer").count():
        page.locator(".viewer canvas, .viewer .status").first.wait_for()
        page.wait_for_function("() => !document.querySelector('.viewer [data-act=in][disabled]')")


def shape_faults(page: Page, language: str) -> list[str]:
    """Return what is wrong with the page as a whole at its present width."""
    shape: dict[str, Any] = page.evaluate(_SHAPE)
    faults = []
    if shape["h1"] != 1:
        faults.append(f"{shape['h1']} visible h1")
    if shape["lang"] != language:
        faults.append(f"lang is {shape['lang']!r}")
    if not shape["title"].removesuffix("· Liên Thông").strip():
        faults.append(f"title is {shape['title']!r}")
    if shape["over"] > 0:
        faults.append(f"scrolls {shape['over']} px to the right: {shape['wide']}")
    if len(shape["primary"]) > 1:
        faults.append(f"more than one primary button: {shape['primary']}")
    if shape["hidden"]:
        faults.append("the expected act is out of sight")
    return faults


def target_faults(page: Page) -> list[str]:
    """Return targets that a thumb misses."""
    return [f"target {w}x{h}: {html}" for h, w, html in page.evaluate(_TARGETS, TARGET_PX)]


def axe_faults(page: Page, *only: str) -> list[str]:
    """Return what axe-core calls serious or critical; ``only`` = these rules alone."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(_AXE, list(only))
    return found

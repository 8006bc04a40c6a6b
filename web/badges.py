"""States, urgency and deadlines as small marks: each an icon and a word besides its colour.

Rows of long lists are made of these, so each distinct mark is built once per language and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from markupsafe import Markup

from web.i18n import day
from web.icons import ICONS

Looks = dict[str, tuple[str, str]]
"""Value -> tone and icon."""
ARRIVAL: Looks = {
    "01": ("todo", "inbox"),
    "02": ("stop", "cross"),
    "03": ("move", "check"),
    "04": ("move", "assign"),
    "05": ("move", "pen"),
    "06": ("good", "check"),
    "13": ("warn", "recall"),
    "15": ("stop", "recall"),
    "16": ("", "stop"),
}
DOCUMENT: Looks = {
    "draft": ("", "draft"),
    "form_check": ("todo", "eye"),
    "returned": ("warn", "reply"),
    "approval": ("todo", "check"),
    "to_sign": ("todo", "pen"),
    "approved": ("todo", "key"),
    "signed": ("move", "number"),
    "numbered": ("move", "seal"),
    "sealed": ("move", "send"),
    "issued": ("good", "check"),
    "withdrawn": ("stop", "cross"),
}
NUMBER: Looks = {
    "allocated": ("todo", "number"),
    "sealed": ("move", "seal"),
    "issued": ("good", "check"),
    "voided": ("stop", "cross"),
    "outside": ("warn", "key"),
    "registered": ("good", "check"),
    "missing": ("stop", "late"),
}
ACCOUNT: Looks = {
    "active": ("good", "check"),
    "invited": ("todo", "clock"),
    "locked": ("stop", "stop"),
    "left": ("", "leave"),
}
VERDICT: Looks = {
    "valid": ("good", "check"),
    "invalid": ("stop", "cross"),
    "indeterminate": ("warn", "help"),
    "unsigned": ("", "paper"),
    "unreadable": ("stop", "late"),
}
RESULT: Looks = {
    "new": ("", "draft"),
    "made": ("todo", "pen"),
    "signed": ("move", "seal"),
    "numbered": ("move", "number"),
    "issued": ("good", "check"),
    "revoked": ("stop", "cross"),
    "replaced": ("warn", "recall"),
    "dropped": ("", "stop"),
}
STAGE: Looks = {
    "draft": ("", "draft"),
    "to_sign": ("todo", "pen"),
    "to_seal": ("move", "seal"),
    "issued": ("good", "check"),
}
SOON_DAYS = 2
"""Working days left that are shown as soon due."""
KEPT = 2000
"""Marks kept at most; deadlines of many days would otherwise pile up."""
_icons: dict[tuple[str, str], Markup] = {}


def icon(name: str, label: str = "") -> Markup:
    """Return an icon as SVG; with a label it is an image for readers, without one it is decoration."""
    found = _icons.get((name, label))
    if found is None:
        shape = Markup(ICONS[name])  # noqa: S704 - our own constant
        if label:
            found = Markup(
                '<svg class="icon" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>'
            ).format(label, shape)
        else:
            found = Markup(
                '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>'
            ).format(shape)
        if len(_icons) < KEPT:
            _icons[name, label] = found
    return found


def badge(tone: str, picture: str, words: str) -> Markup:
    """Return a mark with an icon and words."""
    return Markup('<span class="state {}">{}{}</span>').format(tone, icon(picture), words)


class Badges:
    """The marks of one language."""

    def __init__(self, t: Callable[..., str]) -> None:
        self._t = t
        self._kept: dict[object, Markup] = {}

    def _state(self, family: str, looks: Looks, value: str) -> Markup:
        key = (family, value)
        found = self._kept.get(key)
        if found is None:
            tone, picture = looks[value]
            found = self._kept[key] = badge(tone, picture, self._t(f"{family}.{value}"))
        return found

    def arrival_state(self, code: str) -> Markup:
        """Return the state of an arrival (QCVN 102 status code)."""
        return self._state("arrival.state", ARRIVAL, str(code))

    def document_state(self, state: str) -> Markup:
        """Return the state of a document."""
        return self._state("document.state", DOCUMENT, str(state))

    def number_state(self, state: str) -> Markup:
        """Return the state of a number or entry of a book."""
        return self._state("number.state", NUMBER, str(state))

    def account_state(self, state: str) -> Markup:
        """Return the state of an account."""
        return self._state("account.state", ACCOUNT, str(state))

    def verdict(self, verdict: str) -> Markup:
        """Return the verdict of a signature check."""
        return self._state("signature.verdict", VERDICT, str(verdict))

    def result_state(self, state: str) -> Markup:
        """Return the state of a result of a procedure."""
        return self._state("result.state", RESULT, str(state))

    def result_stage(self, stage: str) -> Markup:
        """Return what a batch of results waits for."""
        return self._state("result.stage", STAGE, str(stage))

    def urgency(self, value: str) -> Markup:
        """Return the urgency; nothing for ordinary documents."""
        value = str(value)
        if value == "normal":
            return Markup("")
        key = ("urgency", value)
        found = self._kept.get(key)
        if found is None:
            picture = icon("fire" if value.startswith("express") else "late")
            words = self._t(f"urgency.{value}")
            found = self._kept[key] = Markup('<span class="urgent">{}{}</span>').format(picture, words)
        return found

    def due(self, days: int | None, on: date | None) -> Markup:
        """Return the time left in working days; the bare day when nothing is open; nothing without one."""
        if on is None:
            return Markup("")
        key = (days, on)
        found = self._kept.get(key)
        if found is None:
            found = self._due(days, on)
            if len(self._kept) < KEPT:
                self._kept[key] = found
        return found

    def _due(self, days: int | None, on: date) -> Markup:
        if days is None:
            return Markup('<span class="due">{}</span>').format(day(on))
        if days < 0:
            tone, words = " late", self._t("due.late", days=-days)
        elif days == 0:
            tone, words = " late", self._t("due.today")
        else:
            tone, words = " soon" if days <= SOON_DAYS else "", self._t("due.left", days=days)
        return Markup('<span class="due{}" title="{}">{}</span>').format(tone, day(on), words)

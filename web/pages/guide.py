"""The first run: body, people, registers, keys, first document, each checked from the real state."""

from __future__ import annotations

from dataclasses import dataclass

from server.guide.service import Steps
from web.routes import Call, Html, NoBody, NoQuery, Route

PATH = "/quan-tri/bat-dau"
WAYS = {
    "body": ("/danh-muc", "lienthong admin import"),
    "people": ("/quan-tri/tai-khoan", "lienthong admin import"),
    "registers": ("/so", "lienthong admin import"),
    "keys": ("", "lienthong pki issue"),
    "document": ("", ""),
}
"""Step -> page where it is done, and the command that does it for many at once."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step as it is shown."""

    name: str
    """Key of its words."""
    done: bool
    """Whether the state says so."""
    now: bool
    """The first that is not done."""
    path: str
    """Page where it is done; "" = not on a page of the administrator."""
    command: str
    """Command; "" = none."""


def shown(steps: Steps) -> list[Step]:
    """Return the steps in their order; the first that is left is the one to take now."""
    found: list[Step] = []
    for name, (path, command) in WAYS.items():
        done = bool(getattr(steps, name))
        now = not done and not any(step.now for step in found)
        found.append(Step(name, done, now, path, command))
    return found


async def guide(call: Call[NoBody, NoQuery]) -> Html:
    """Show the steps."""
    steps = await call.services.guide.steps(call.actor)
    return Html("admin/guide.html", {"steps": shown(steps), "finished": steps.done})


PAGES = [Route("GET", PATH, "pages.guide", guide, "identity.manage", "First run", page=True)]

"""What pages share: downloads, forms sent twice, choices for selects."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import msgspec

from server.files.model import FileView
from server.unit import Replayed
from web.keys import CATALOGUE
from web.routes import Call, Download

if TYPE_CHECKING:
    from server.compose import Services

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PrimaryAct:
    """The one act that is expected now, as the bar of a phone shows it."""

    word: str
    """Key of its words."""
    icon: str
    """Its icon."""
    form: str = ""
    """Id of the form that it sends; "" = it is a link."""
    link: str = ""
    """Where it leads."""


async def once(act: Awaitable[T], into: type[T]) -> T:
    """Return the result of a command, from the store when this very form was sent before.

    So a form sent twice (a double click, a lost line) ends on the same page.
    """
    try:
        return await act
    except Replayed as replay:
        return msgspec.json.decode(replay.answer, type=into)


def download(services: Services, view: FileView, *, inline: bool = True) -> Download:
    """Return a file the caller may read, as a stream."""
    info = view.info
    return Download(
        digest=info.digest,
        size_bytes=info.size_bytes,
        media_type=view.media_type,
        name=view.name,
        read=lambda start, end: services.files.read(info, start, end),
        inline=inline,
    )


def lines(text: str) -> tuple[str, ...]:
    """Return the lines of a text field that hold something."""
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def words(call: Call[object, object], prefix: str, keys: Iterable[object]) -> list[tuple[str, str]]:
    """Return the choices of a select: key and its word in the caller's language."""
    catalogue = call.request.app[CATALOGUE]
    return [(str(key), catalogue.t(call.language, f"{prefix}.{key}", {})) for key in keys]

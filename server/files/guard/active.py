"""Finding what is active or hidden in a PDF: scripts, programs, forms of XML, files within the file.

Each object is written out by qpdf, with its names decoded (``/J#53`` is ``/JS``), and searched for the few
names that matter; that takes microseconds. Only an object that has one is then read exactly, and only when
something is found the graph is walked, to tell what the latest revision still reaches.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream, String

_SUSPICIOUS = re.compile(
    rb"/(?:JavaScript|JS|Launch|XFA|EF|EmbeddedFiles?|FileAttachment|RichMedia|Movie|Sound|3D|URI)"
    rb"(?=[\s/<>\[\]()]|$)"
)
_ELSEWHERE = re.compile(rb"/(?:F|Ref)(?=[\s/<>\[\]()])")
"""Of a stream: its content lies in another file."""
_BARE_NAMES = {
    "/JavaScript": "files.javascript",
    "/Launch": "files.launch_action",
    "/RichMedia": "files.rich_media",
    "/EmbeddedFile": "files.embedded_files",
    "/FileAttachment": "files.embedded_files",
}
"""Names that, lying alone in an object, serve only to hide from a search what refers to them."""
_MEDIA = frozenset({"/RichMedia", "/Movie", "/Sound", "/3D"})
_ORDER = (
    "files.javascript",
    "files.launch_action",
    "files.xfa",
    "files.embedded_files",
    "files.rich_media",
    "files.external_content",
)


class Scan:
    """One look at every object of a file."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf

    def codes(self) -> list[str]:
        """Return the codes of everything found, the gravest first. Raises what pikepdf raises."""
        suspects: dict[tuple[int, int], set[str]] = {}
        found = set(_judge(self._pdf.trailer))
        objects: Iterable[object] = self._pdf.objects
        for obj in objects:
            if not isinstance(obj, Object):  # a number or a null of its own
                continue
            if _is_suspicious(obj) and (codes := set(_judge(obj))):
                suspects[obj.objgen] = codes
        if suspects:
            for objgen in _reachable(self._pdf.trailer):
                found |= suspects.get(objgen, set())
        return [code for code in _ORDER if code in found]


def _is_suspicious(obj: Object) -> bool:
    """Search the object's own bytes, without what it refers to and without a stream's content."""
    if isinstance(obj, Stream):
        written = obj.stream_dict.unparse(resolved=True)
        return bool(_SUSPICIOUS.search(written) or _ELSEWHERE.search(written))
    return _SUSPICIOUS.search(obj.unparse(resolved=True)) is not None


def _judge(obj: Object) -> Iterator[str]:
    """Yield a code for each thing wrong within one object; what it refers to is judged on its own."""
    if isinstance(obj, Name):
        if (code := _BARE_NAMES.get(str(obj))) is not None:
            yield code
        return
    waiting: list[Object] = [obj]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Stream | Dictionary):
            yield from _judge_dictionary(item, stream=isinstance(item, Stream))
        waiting.extend(child for child in _children(item) if not child.is_indirect)


def _judge_dictionary(item: Object, *, stream: bool) -> Iterator[str]:
    kind, subtype, action = (_name(item, key) for key in ("/Type", "/Subtype", "/S"))
    # 12.6.4.17: a script is the /JS of an action; /JavaScript is the tree of those run at opening (7.7.4).
    script = item.get("/JS")
    # A rendition action has a script too (12.6.4.14); a resource may by chance be called /JS, a text may not.
    if (
        "/JavaScript" in (action, *item.keys())
        or isinstance(script, String)
        or (action and script is not None)
    ):
        yield "files.javascript"
    if action == "/URI" and _is_script_address(item.get("/URI")):
        yield "files.javascript"
    if action == "/Launch":
        yield "files.launch_action"
    if "/XFA" in item:  # 12.7.3, taken out of PDF 2.0
        yield "files.xfa"
    if kind == "/EmbeddedFile" or "/EF" in item or "/EmbeddedFiles" in item or subtype == "/FileAttachment":
        yield "files.embedded_files"
    if subtype in _MEDIA and (kind in ("", "/Annot") or "/Rect" in item):
        yield "files.rich_media"
    if stream and "/F" in item:  # the content lies in another file (7.3.8.2)
        yield "files.external_content"
    if stream and subtype == "/Form" and "/Ref" in item:  # imported page of another file (8.10.4)
        yield "files.external_content"


def _is_script_address(value: Object | None) -> bool:
    text = str(value) if isinstance(value, String) else ""
    return re.match(r"[\s\x00-\x1f]*javascript\s*:", text, re.IGNORECASE) is not None


def _name(item: Object, key: str) -> str:
    """Return the name under a key as text, or "" when there is none."""
    value = item.get(key)
    return str(value) if isinstance(value, Name) else ""


def _children(item: Object) -> list[Object]:
    """Return what a container holds, without numbers, booleans and nulls."""
    values: Iterable[object]
    if isinstance(item, Stream | Dictionary):
        values = item.values()
    elif isinstance(item, Array):
        values = item
    else:
        return []
    return [value for value in values if isinstance(value, Object)]


def _reachable(trailer: Object) -> Iterator[tuple[int, int]]:
    """Yield the number of each indirect object that the trailer leads to; loops and depth do no harm."""
    seen: set[tuple[int, int]] = set()
    waiting = [trailer]
    while waiting:
        item = waiting.pop()
        if item.is_indirect:
            if item.objgen in seen:
                continue
            seen.add(item.objgen)
            yield item.objgen
        waiting.extend(_children(item))

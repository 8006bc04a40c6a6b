"""The typesetter's own process: reads requests on standard input, answers on standard output.

Run as a file by ``service``. It is a process of its own so that a document which takes too long, or too
much memory, can be ended without harm to the server. Frames are a 4-byte big-endian length and msgpack.
"""

from __future__ import annotations

import io
import resource
import sys
from pathlib import Path

import msgspec
import pikepdf
import typst

MEMORY_BYTES = 2 * 1024**3
"""Address space that one typesetter may take."""


class Request(msgspec.Struct):
    """One file to set, or the parts of one to join."""

    template: str = ""
    """File name of the template."""
    data: str = "{}"
    """JSON that the template reads as ``sys.inputs.data``."""
    timestamp: int = 0
    """Creation time of the file, seconds since 1970."""
    parts: list[bytes] = []
    """Files to join in this order; empty = set the template."""


class Response(msgspec.Struct):
    """What came of it."""

    pdf: bytes = b""
    """The file; empty when it failed."""
    fields: bytes = b"[]"
    """JSON of the places that the template reports."""
    problem: str = ""
    """Error or warning of the typesetter; "" = none."""


def answer(request: Request, templates: Path, fonts: typst.Fonts) -> Response:
    """Set one file; any warning counts as failure (an unknown font is only a warning to typst)."""
    if request.parts:
        return Response(pdf=join(request.parts))
    try:
        compiler = typst.Compiler(
            templates / request.template,
            root=templates,
            font_paths=fonts,
            sys_inputs={"data": request.data},
        )
        pdf, warnings = compiler.compile_with_warnings(
            format="pdf", pdf_standards=["a-2b"], timestamp=request.timestamp, pdf_tags=False
        )
        if warnings:
            return Response(problem="; ".join(str(warning.message) for warning in warnings))
        if not isinstance(pdf, bytes):
            return Response(problem="no file came out")
        return Response(pdf=pdf, fields=compiler.query("<place>", field="value").encode())
    except RuntimeError as error:  # TypstError is one; query raises the base
        return Response(problem=str(error))


def join(parts: list[bytes]) -> bytes:
    """Put the pages of all parts into the first, which keeps its PDF/A metadata and output intent."""
    sink = io.BytesIO()
    with pikepdf.open(io.BytesIO(parts[0])) as whole:
        others = [pikepdf.open(io.BytesIO(part)) for part in parts[1:]]
        for other in others:
            whole.pages.extend(other.pages)
        whole.save(sink, fix_metadata_version=False)
        for other in others:
            other.close()
    return sink.getvalue()


def main() -> None:
    """Serve until standard input closes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    templates = Path(sys.argv[1])
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[sys.argv[2]])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(4):
        request = msgspec.msgpack.decode(source.read(int.from_bytes(head, "big")), type=Request)
        body = msgspec.msgpack.encode(answer(request, templates, fonts))
        sink.write(len(body).to_bytes(4, "big") + body)
        sink.flush()


if __name__ == "__main__":
    main()

"""The text of a PDF, page by page, for comparing two versions; runs in the guard's child process only."""

from __future__ import annotations

from pathlib import Path

import pypdfium2

from server.files.guard.wire import Answer, Ask

CHARACTERS_MAX = 150_000
"""Of a whole file: with the length of a JSON escape (6) it fits into one message of the guard."""


def read(ask: Ask) -> Answer:
    """Return the text of the first pages; ``unreadable`` says why there is none."""
    pages: list[str] = []
    left = CHARACTERS_MAX
    try:
        # Opened here: pdfium resolves a path, and a file in memory has none.
        with Path(ask.path).open("rb") as file, pypdfium2.PdfDocument(file) as document:
            for number in range(min(len(document), ask.text_pages)):
                text = document[number].get_textpage().get_text_bounded()[:left]
                pages.append(text)
                left -= len(text)
                if left <= 0:
                    break
    except (pypdfium2.PdfiumError, OSError) as error:
        return Answer(unreadable=f"{type(error).__name__}: {error}")
    return Answer(text=tuple(pages))

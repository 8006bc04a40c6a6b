"""What the books must say, written down by hand while the office works: knows nothing of the program.

A line is (number, as written, state, facts ...). Numbers are counted here, never read from an answer.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace

PARTY = {
    "quyet-dinh": "QĐ",
    "ke-hoach": "KH",
    "thong-bao": "TB",
    "chi-thi": "CT",
    "bao-cao": "BC",
    "ket-luan": "KL",
}
STATE = {"quyet-dinh": "QĐ", "ke-hoach": "KH", "thong-bao": "TB", "bao-cao": "BC", "to-trinh": "TTr"}
"""Types of the two blocs with their letters in the notation (36-HD/VPTW; Decree 30, annex III)."""
SYMBOL = {"z01": "TU", "z01-01": "VPTU", "z02": "UBND", "z02-05": "SYT", "z03-01": "UBND"}
"""How the issuing bodies are written in a notation."""


def notation(body: str, kind: str, number: int) -> str:
    """Number and notation as each bloc writes them."""
    if body.startswith("z01"):
        return f"{number:02d}-{PARTY[kind]}/{SYMBOL[body]}"
    return f"{number:02d}/{STATE[kind]}-{SYMBOL[body]}"


def series_of(body: str, kind: str) -> str:
    """Which count a document belongs to: party bodies per type, the province's decisions apart."""
    if body.startswith("z01"):
        return f"{body}/{kind}"
    return f"{body}/quyet-dinh" if (body, kind) == ("z02", "quyet-dinh") else body


@dataclass(frozen=True)
class Sent:
    """A line of the outgoing book."""

    text: str
    state: str
    subject: str
    recipients: str = ""
    note: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Came:
    """A line of the incoming book, or of that of citizens' letters."""

    text: str
    state: str
    origin: str
    author: str
    notation: str
    subject: str
    receiver: str = ""
    forwarded: bool = False
    signed_for: str = ""
    note: str = ""
    reason: str = ""


@dataclass
class Oracle:
    """Both registers as they ought to be."""

    sent: dict[str, dict[str, Sent]] = field(default_factory=lambda: defaultdict(dict))
    """Body -> key of the line -> line, in the order of the numbers of each series."""
    came: dict[tuple[str, str], dict[str, Came]] = field(default_factory=lambda: defaultdict(dict))
    """(body, book) -> key of the line -> line, in order."""
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Series -> numbers taken."""

    def number(self, body: str, kind: str) -> str:
        """Count the next number and return it as written."""
        series = series_of(body, kind)
        self.counts[series] += 1
        return notation(body, kind, self.counts[series])

    def enters(self, body: str, book: str, key: str, line: Came) -> str:
        """Write the next line of a book; return its number."""
        lines = self.came[body, book]
        text = f"{len(lines) + 1:02d}"
        lines[key] = replace(line, text=text)
        return text

    def amend(self, body: str, book: str, key: str, **words: object) -> None:
        """Change what a line says."""
        lines = self.came[body, book]
        lines[key] = replace(lines[key], **words)  # type: ignore[arg-type]  # words of the line itself

    def amend_sent(self, body: str, key: str, **words: object) -> None:
        """Change what a line of the outgoing book says."""
        self.sent[body][key] = replace(self.sent[body][key], **words)  # type: ignore[arg-type]  # as above

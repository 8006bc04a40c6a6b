"""A plain read asks the database twice at most: who are you, and the thing itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pytest

from storage.sql.protocol import Statement
from tests.factories.lived import LivedOffice

READS = {
    "inbox": ("clerk", "/api/v1/arrivals?limit=50"),
    "inbox, only waiting": ("clerk", "/api/v1/arrivals?waiting=true"),
    "arrival": ("clerk", "/api/v1/arrivals/{arrival_done}"),
    "counts of mail": ("clerk", "/api/v1/arrivals/counts"),
    "sent": ("sender_clerk", "/api/v1/dispatches"),
    "dispatch": ("sender_clerk", "/api/v1/dispatches/{dispatch_open}"),
    "drafts": ("specialist", "/api/v1/documents?kind=mine"),
    "documents": ("specialist", "/api/v1/documents"),
    "document": ("specialist", "/api/v1/documents/{document_answer}"),
    "timeline": ("specialist", "/api/v1/documents/{document_answer}/events"),
    "version": ("specialist", "/api/v1/documents/{document_answer}/versions/1"),
    "outgoing book": ("clerk", "/api/v1/books/outgoing"),
    "incoming book": ("clerk", "/api/v1/books/incoming"),
    "postal book": ("clerk", "/api/v1/books/postal"),
    "number": ("clerk", "/api/v1/numbers/{number}"),
    "series": ("clerk", "/api/v1/series"),
    "notices": ("clerk", "/api/v1/notices"),
    "unread": ("clerk", "/api/v1/notices/unread"),
    "bodies": ("clerk", "/api/v1/bodies"),
    "directory": ("clerk", "/api/v1/directory"),
    "sessions": ("clerk", "/api/v1/sessions"),
    "tokens": ("clerk", "/api/v1/tokens"),
    "entries of the record": ("administrator", "/api/v1/audit/entries"),
    "accounts": ("administrator", "/api/v1/accounts"),
    "mail by machine": ("machine", "/api/v1/arrivals"),
}
"""What is read -> by whom, where."""
LIMIT = 2


@contextmanager
def counted(office: LivedOffice, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Collect the names of statements that are run, and "transaction" for each one opened."""
    seen: list[str] = []
    inside: ContextVar[bool] = ContextVar("inside", default=False)
    kind = type(office.office.services.database)

    def watch(name: str) -> None:
        original = getattr(kind, name)

        async def asked(self: Any, statement: Statement, *rest: Any) -> Any:
            if not inside.get():  # one may be made of the other
                seen.append(statement.name)
            token = inside.set(True)
            try:
                return await original(self, statement, *rest)
            finally:
                inside.reset(token)

        monkeypatch.setattr(kind, name, asked)

    for name in ("fetch", "fetch_one"):
        watch(name)
    begin = kind.transaction

    def opened(self: Any) -> Any:
        seen.append("transaction")
        return begin(self)

    monkeypatch.setattr(kind, "transaction", opened)
    yield seen
    monkeypatch.undo()


async def test_a_plain_read_takes_two_statements(
    lived_office: LivedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_many = {}
    for what, (name, template) in READS.items():
        path = template.format(**lived_office.objects)
        async with lived_office.client(name) as client:
            await client.get(path)  # what is read once a process is read now
            with counted(lived_office, monkeypatch) as seen:
                await client.get(path)
        if len(seen) > LIMIT:
            too_many[what] = list(seen)
    assert too_many == {}

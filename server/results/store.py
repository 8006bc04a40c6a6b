"""Rows of batches and results. Private to the services of this room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Final

from server.identity.scope import predicate
from server.kernel.clock import text
from server.kernel.errors import Invalid
from server.kernel.page import Page, PageRequest
from server.kernel.record import canonical
from server.results.model import (
    BATCH,
    Batch,
    BatchFilter,
    BatchRow,
    Count,
    Result,
    ResultFilter,
    Stage,
    State,
    Work,
)
from server.results.rules import folded
from server.unit import Unit
from storage.sql.protocol import Params, Reader, SqlValue
from storage.sql.rows import Json
from storage.sql.statements import Engine, load_all

_LAST: Final = ("9999", "~")
"""Before every row of a list that runs from the newest to the oldest."""
_FRAGMENTS: Final = {"may_see_batch": predicate(BATCH, "b")}
Scope = Mapping[str, SqlValue]


@dataclass(frozen=True)
class _Seen(Batch):
    counts: Annotated[tuple[Count, ...], Json]


@dataclass(frozen=True)
class _Counts:
    counts: Annotated[tuple[Count, ...], Json]


@dataclass(frozen=True)
class _StageCount:
    stage: Stage
    n: int


_BATCH_FIELDS: Final = tuple(field.name for field in fields(Batch))


class ResultStore:
    """Reads and writes the tables of the room."""

    def __init__(self, engine: Engine) -> None:
        self._statements = load_all(Path(__file__).parent, engine, _FRAGMENTS)

    async def insert(self, unit: Unit, batch: Batch, results: Sequence[Result]) -> None:
        """Write a batch and its results. Raises UniqueViolation for a code that exists."""
        await unit.execute(
            self._statements["insert_batch"],
            {
                "id": batch.id,
                "body_id": batch.body_id,
                "body_name": batch.body_name,
                "issuer_id": batch.issuer_id,
                "issuer_name": batch.issuer_name,
                "procedure": batch.procedure,
                "procedure_from": batch.procedure_from.isoformat(),
                "title": batch.title,
                "source": batch.source.value,
                "signer": canonical(batch.signer).decode(),
                "author": canonical(batch.author).decode(),
                "stage": batch.stage.value,
                "total": batch.total,
                "search": folded(f"{batch.title} {batch.procedure}"),
                "created_at": text(batch.created_at),
            },
        )
        await unit.execute_many(
            self._statements["insert_result"],
            [
                {
                    "id": one.id,
                    "batch_id": one.batch_id,
                    "body_id": one.body_id,
                    "n": one.n,
                    "code": one.code,
                    "dossier": one.dossier,
                    "holder": one.holder,
                    "fields": canonical(one.fields).decode(),
                    "second": one.second,
                    "file_name": one.file_name,
                    "search": _search(one),
                }
                for one in results
            ],
        )

    async def batch(self, reader: Reader, batch_id: str) -> Batch | None:
        """Return a batch, whoever asks."""
        return await reader.fetch_one(self._statements["find_batch"], {"id": batch_id}, Batch)

    async def view(
        self, reader: Reader, batch_id: str, scope: Scope
    ) -> tuple[Batch, tuple[Count, ...]] | None:
        """Return a batch that the actor may see, with its counts."""
        found = await reader.fetch_one(self._statements["view_batch"], {**scope, "id": batch_id}, _Seen)
        if found is None:
            return None
        return Batch(**{name: getattr(found, name) for name in _BATCH_FIELDS}), found.counts

    async def counts(self, reader: Reader, batch_id: str) -> tuple[Count, ...]:
        """Return how many results of a batch stand where."""
        found = await reader.fetch_one(self._statements["counts_of"], {"id": batch_id}, _Counts)
        return found.counts if found else ()

    async def batches(
        self, reader: Reader, wanted: BatchFilter, page: PageRequest, scope: Scope
    ) -> Page[BatchRow]:
        """Return a part of the batches that the actor may see, last changed first. Raises Invalid."""
        after_at, after_id = _cursor(page.after)
        params = {
            **scope,
            "after_at": after_at,
            "after_id": after_id,
            "stage": wanted.stage.value if wanted.stage else "",
            "q": _like(wanted.q),
            "limit": page.limit + 1,
        }
        rows = await reader.fetch(self._statements["list_batches"], params, BatchRow)
        shown = rows[: page.limit]
        more = f"{text(shown[-1].updated_at)}~{shown[-1].id}" if len(rows) > page.limit else None
        return Page(shown, more)

    async def open_batches(self, reader: Reader, scope: Scope) -> dict[Stage, int]:
        """Count the batches that wait for somebody, by stage."""
        rows = await reader.fetch(self._statements["count_batches"], scope, _StageCount)
        return {row.stage: row.n for row in rows}

    async def begin_work(self, unit: Unit, batch: Batch, work: Work, work_id: str, by: str) -> bool:
        """Begin a run if the batch is as it was seen and nothing is being done with it."""
        params: Params = {
            "id": batch.id,
            "seen": batch.version,
            "work": work.value,
            "work_id": work_id,
            "work_by": by,
            "at": text(unit.now),
        }
        return await unit.execute(self._statements["begin_work"], params) == 1

    async def end_work(self, unit: Unit, batch: Batch, stage: Stage) -> bool:
        """End a run; False when it had ended already."""
        params: Params = {
            "id": batch.id,
            "work_id": batch.work_id,
            "stage": stage.value,
            "at": text(unit.now),
        }
        return await unit.execute(self._statements["end_work"], params) == 1

    async def set_stage(self, unit: Unit, batch_id: str, stage: Stage) -> None:
        """Write what a batch waits for."""
        params: Params = {"id": batch_id, "stage": stage.value, "at": text(unit.now)}
        await unit.execute(self._statements["set_stage"], params)

    async def results(
        self, reader: Reader, batch_id: str, wanted: ResultFilter, page: PageRequest, scope: Scope
    ) -> Page[Result]:
        """Return a part of the results of a batch in their order. Raises Invalid: no cursor."""
        if page.after and not (page.after.isascii() and page.after.isdigit() and len(page.after) < 9):
            raise Invalid("results.cursor", field="query:after")
        params = {
            **scope,
            "batch_id": batch_id,
            "after": int(page.after or 0),
            "state": wanted.state.value if wanted.state else "",
            "problems": int(wanted.problems),
            "q": _like(wanted.q),
            "limit": page.limit + 1,
        }
        rows = await reader.fetch(self._statements["list_results"], params, Result)
        shown = rows[: page.limit]
        return Page(shown, str(shown[-1].n) if len(rows) > page.limit else None)

    async def find(self, reader: Reader, result_id: str, scope: Scope) -> Result | None:
        """Return a result that the actor may see."""
        return await reader.fetch_one(self._statements["find_result"], {**scope, "id": result_id}, Result)

    async def by_id(self, reader: Reader, result_id: str) -> Result | None:
        """Return a result, whoever asks."""
        return await reader.fetch_one(self._statements["result_by_id"], {"id": result_id}, Result)

    async def by_code(self, reader: Reader, code: str) -> Result | None:
        """Return the result of a code, in whatever state."""
        return await reader.fetch_one(self._statements["result_by_code"], {"code": code}, Result)

    async def by_digest(self, reader: Reader, digest: str) -> Result | None:
        """Return the result that a file belongs to: issued, or as it was before number or signature."""
        return await reader.fetch_one(self._statements["result_by_digest"], {"digest": digest}, Result)

    async def by_file_name(self, reader: Reader, batch_id: str, name: str) -> Result | None:
        """Return the row of a batch that waits for a file of this name."""
        params: Params = {"batch_id": batch_id, "file_name": name}
        return await reader.fetch_one(self._statements["result_by_file_name"], params, Result)

    async def untried(
        self, reader: Reader, batch: Batch, states: Sequence[State], limit: int
    ) -> list[Result]:
        """Return results that the batch's run has not tried yet, in their order."""
        params: Params = {
            "batch_id": batch.id,
            "states": canonical([state.value for state in states]).decode(),
            "work_id": batch.work_id,
            "limit": limit,
        }
        return await reader.fetch(self._statements["untried"], params, Result)

    async def replace(self, unit: Unit, new: Result) -> bool:
        """Write a result anew if its row still has the version of ``new``; tell whether it had."""
        params: Params = {
            "id": new.id,
            "version": new.version,
            "state": new.state.value,
            "source_digest": new.source_digest,
            "made_digest": new.made_digest,
            "signed_digest": new.signed_digest,
            "digest": new.digest,
            "size_bytes": new.size_bytes,
            "pages": new.pages,
            "signed_at": text(new.signed_at) if new.signed_at else None,
            "number_id": new.number_id,
            "number_text": new.number_text,
            "number_date": new.number_date.isoformat() if new.number_date else "",
            "issued_at": text(new.issued_at) if new.issued_at else None,
            "sealed_by": new.sealed_by,
            "problem": new.problem,
            "problem_params": canonical(new.problem_params).decode(),
            "tried": new.tried,
            "handed_at": text(new.handed_at) if new.handed_at else None,
            "handed_how": new.handed_how,
            "ended_at": text(new.ended_at) if new.ended_at else None,
            "ended_reason": new.ended_reason,
            "ended_by": new.ended_by,
            "replaced_by": new.replaced_by,
            "search": _search(new),
        }
        return await unit.execute(self._statements["update_result"], params) == 1


def _search(one: Result) -> str:
    return folded(" ".join((one.holder, one.dossier, one.number_text, one.code, one.file_name)))


def _like(words: str) -> str:
    plain = folded(words)
    if not plain:
        return ""
    escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _cursor(after: str) -> tuple[str, str]:
    """Split ``instant~id``. Raises Invalid ``results.cursor``."""
    if not after:
        return _LAST
    at, mark, place = after.partition("~")
    if not mark or not at.startswith("2") or not place:
        raise Invalid("results.cursor", field="query:after")
    return at, place

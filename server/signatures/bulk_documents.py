"""What bulk runs do with documents: a leader signs those that wait, a clerk numbers and seals."""

from __future__ import annotations

from server.documents.model import Document, State
from server.documents.service import Documents
from server.identity.access import Access
from server.kernel.actor import Actor
from server.signatures.bulk import BulkRuns
from server.signatures.bulk_model import BulkItem, Note
from server.signatures.document_acts import SigningActs
from server.signatures.service import Signatures
from server.unit import Unit, Units

SIGN = "documents.sign"
"""Kind: the person's signature."""
SEAL = "documents.seal"
"""Kind: number and date where they are missing, then the seal."""


class _Progress:
    """Writes the progress of an item into the units of the acts."""

    def __init__(self, note: Note, *, ends: bool) -> None:
        self._note = note
        self._ends = ends

    async def __call__(self, unit: Unit, after: Document, *, last: bool) -> None:
        """Note the version that the act leaves, and the file when the item is done."""
        done = last and self._ends
        await self._note(unit, version=after.version, result=after.main_digest if done else "", last=done)


class SignDocuments:
    """Signs as the person."""

    permission = "documents.sign"

    def __init__(self, acts: SigningActs) -> None:
        self._acts = acts

    async def run(self, actor: Actor, item: BulkItem, note: Note) -> None:
        """Sign one document. Raises as ``Signatures.sign``."""
        progress = _Progress(note, ends=True)
        await self._acts.sign(actor, item.subject_id, version=item.version or None, bulk=progress)


class SealDocuments:
    """Numbers and seals as the clerk."""

    permission = "documents.seal"

    def __init__(self, acts: SigningActs, documents: Documents) -> None:
        self._acts = acts
        self._documents = documents

    async def run(self, actor: Actor, item: BulkItem, note: Note) -> None:
        """Number one document unless it has its number filled in, then seal it.

        Raises as ``Signatures.number`` and ``Signatures.seal``.
        """
        document = await self._documents.load(actor, item.subject_id)
        version = item.version or None
        if document.state is State.SIGNED or not document.number_filled:
            moved = await self._acts.number(
                actor, item.subject_id, version=version, bulk=_Progress(note, ends=False)
            )
            version = moved.version
        await self._acts.seal(actor, item.subject_id, version=version, bulk=_Progress(note, ends=True))


def make_bulk(units: Units, access: Access, signatures: Signatures, documents: Documents) -> BulkRuns:
    """Return the bulk runs of an installation, with the two kinds of work on documents."""
    settings = signatures.settings
    bulk = BulkRuns(
        units,
        access,
        signatures.pool,
        items_max=settings.bulk_items,
        claim_seconds=settings.timeout_seconds,
    )
    bulk.register(SIGN, SignDocuments(signatures))
    bulk.register(SEAL, SealDocuments(signatures, documents))
    return bulk

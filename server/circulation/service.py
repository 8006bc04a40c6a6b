"""The public face of circulation: one class with every act and every reading, each from its own file."""

from __future__ import annotations

from server.circulation.assigning import Assigning
from server.circulation.core import Core
from server.circulation.inheriting import Inheriting
from server.circulation.intake import Intake
from server.circulation.paper import PaperIntake
from server.circulation.ports import Days, Directory, DocumentSource, IncomingBooks
from server.circulation.posting import Mailing
from server.circulation.proving import Proving
from server.circulation.reading import Reading
from server.circulation.sending import Sending
from server.circulation.store import CirculationStore
from server.circulation.undoing import Undoing
from server.circulation.witnessing import Witnessing
from server.circulation.working import Working
from server.evidence.mapping import Calendar
from server.evidence.service import Evidence
from server.files.service import Files
from server.identity.access import Access
from server.unit import Units


class Circulation(
    Sending, Mailing, Intake, PaperIntake, Assigning, Working, Undoing, Inheriting, Reading, Proving
):
    """Documents between bodies: sending, receiving, handling, asking back, answering.

    The parts share one ``Core`` and nothing else; each is a chapter of the same public face.
    """

    def __init__(
        self,
        units: Units,
        access: Access,
        files: Files,
        documents: DocumentSource,
        books: IncomingBooks,
        directory: Directory,
        days: Days,
        evidence: Evidence,
        calendar: Calendar,
    ) -> None:
        """Tie the room to those below it."""
        super().__init__(
            Core(
                units,
                access,
                files,
                documents,
                books,
                directory,
                days,
                CirculationStore(units.reader.engine, evidence),
                Witnessing(units, evidence, calendar),
                evidence,
            )
        )

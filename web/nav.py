"""The places of each role in the left rail: few, and with a count only where something waits for me."""

from __future__ import annotations

from dataclasses import dataclass

from server.kernel.actor import Actor, Role


@dataclass(frozen=True, slots=True)
class Place:
    """One place."""

    path: str
    """Address."""
    word: str
    """Key of its name."""
    icon: str
    """Its icon."""
    count: str = ""
    """Name of the count that stands beside it; "" = none."""


HOME = Place("/", "nav.home", "home")
INCOMING = Place("/van-ban-den", "nav.incoming", "inbox", "incoming")
OUTGOING = Place("/van-ban-di", "nav.outgoing", "outbox", "outgoing")
DRAFTS = Place("/du-thao", "nav.drafts", "draft", "drafts")
BOOKS = Place("/so", "nav.books", "book")
RESULTS = Place("/ket-qua", "nav.results", "seal")
DIRECTORY = Place("/danh-muc", "nav.directory", "tree")
AUDIT = Place("/nhat-ky", "nav.audit", "audit")
SEARCH = Place("/tim", "nav.search", "search")
ACCOUNTS = Place("/quan-tri/tai-khoan", "nav.accounts", "people")
MANDATES = Place("/quan-tri/giam-sat", "nav.mandates", "eye")
HEALTH = Place("/quan-tri/suc-khoe", "nav.health", "pulse")

PLACES: dict[Role, tuple[Place, ...]] = {
    Role.RECORDS_CLERK: (HOME, INCOMING, OUTGOING, DRAFTS, RESULTS, BOOKS, DIRECTORY),
    Role.LEADER: (HOME, DRAFTS, INCOMING, OUTGOING, RESULTS, BOOKS, DIRECTORY),
    Role.CHIEF_OF_OFFICE: (HOME, DRAFTS, INCOMING, OUTGOING, BOOKS, DIRECTORY),
    Role.HEAD_OF_UNIT: (HOME, INCOMING, DRAFTS, OUTGOING, RESULTS, DIRECTORY),
    Role.SPECIALIST: (HOME, INCOMING, DRAFTS, OUTGOING, DIRECTORY),
    Role.COUNTER_OFFICER: (HOME, RESULTS, INCOMING, DRAFTS, DIRECTORY),
    Role.SUPERVISOR: (HOME, SEARCH, AUDIT, DIRECTORY),
    Role.ADMINISTRATOR: (HOME, ACCOUNTS, DIRECTORY, BOOKS, MANDATES, HEALTH, AUDIT),
}


def places(actor: Actor) -> tuple[Place, ...]:
    """Return the places of the actor's role; none for nobody, home alone without a post."""
    if not actor.account_id:
        return ()
    if actor.role is None:
        return (HOME,)
    return PLACES[actor.role]

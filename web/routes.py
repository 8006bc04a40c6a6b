"""What a route is, what its handler gets, and what it may answer.

The API modules (``web/api/<room>.py``) export ``ROUTES: list[Route]`` and the page modules
(``web/pages/<room>.py``) export ``PAGES: list[Route]``. That one table feeds the aiohttp router, the
OpenAPI description and the access test; nothing is served that is not in it.

A JSON handler::

    class CreateDraft(Body):
        subject: Annotated[str, Meta(min_length=1, max_length=500)]

    async def create(call: Call[CreateDraft, NoQuery]) -> Draft:
        return await call.services.documents.create(call.actor, subject=call.body.subject)

    ROUTES = [
        Route("POST", "/api/v1/documents", "documents.create", create, "documents.draft", "Start a draft",
              body=CreateDraft, answer=Draft, status=201, once=True, errors=("documents.type_unknown",)),
    ]
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeAlias, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from server.kernel.actor import Actor
from server.kernel.errors import Fault, Invalid, TooLarge
from server.kernel.page import LIMIT_DEFAULT, LIMIT_MAX, PageRequest

if TYPE_CHECKING:
    from server.compose import Services

B_co = TypeVar("B_co", covariant=True)
Q_co = TypeVar("Q_co", covariant=True)
T = TypeVar("T")
Language: TypeAlias = Literal["vi", "en"]

PUBLIC = "public"
"""Action of a route that needs no session."""
SIGNED_IN = "signed_in"
"""Action of a route that any signed-in account may use; the service decides the rest."""

JSON_LIMIT_BYTES = 256 * 1024
"""Largest JSON or form body, unless the route says otherwise."""
UPLOAD_LIMIT_BYTES = 2 * 1024 * 1024 * 1024
"""Largest upload, unless the route says otherwise; the room of files sets its own, lower limit."""

STALLED_SECONDS = 60.0
"""Longest wait for the next bytes of a body, and for the whole of a form or JSON body."""

CUT_OFF = (web.RequestPayloadError, web.HTTPException, HttpProcessingError, ValueError, OSError)
"""What reading a body raises when the line broke or what came is no body."""


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of every request body: unknown fields are faults."""


class Query(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of every query: unknown parameters are faults. A list field takes a repeated parameter."""


class NoBody(Body):
    """The route takes no body."""


class NoQuery(Query):
    """The route takes no query."""


class PageQuery(Query):
    """Query of every list. Lists with filters derive from it."""

    after: Annotated[str, msgspec.Meta(max_length=500)] = ""
    """Cursor: ``next`` of the part before; "" = from the start."""
    limit: Annotated[int, msgspec.Meta(ge=1, le=LIMIT_MAX)] = LIMIT_DEFAULT
    """Rows wanted."""

    @property
    def page(self) -> PageRequest:
        """The part that is wanted, as services take it."""
        return PageRequest(after=self.after, limit=self.limit)


@dataclass(slots=True)
class Call(Generic[B_co, Q_co]):
    """One request as a handler sees it: parsed, checked, with the person who acts."""

    request: web.Request
    """The HTTP request, for what nothing else here gives."""
    route: Route
    """The route that matched."""
    services: Services
    """Every room's service."""
    actor: Actor
    """Who acts (with request id, address, Idempotency-Key); ``account_id`` is "" when nobody is signed in."""
    path: Mapping[str, str]
    """Values of the path template; each is 1 to 200 characters of ``A-Z a-z 0-9 . _ : ~ -``."""
    query: Q_co
    """The query, checked against ``route.query``."""
    body: B_co
    """The body, checked against ``route.body``."""
    language: Language
    """Language of the answer."""
    session: str = ""
    """Token of the session or bearer that made the call; "" = none. Never log it."""
    faults: Sequence[Fault] = ()
    """Pages only: what was wrong with the form that is shown again."""
    typed: Mapping[str, list[str]] = field(default_factory=dict)
    """Pages only: what was typed into the form that is shown again."""

    @property
    def signed_in(self) -> bool:
        """Tell whether somebody is signed in."""
        return self.actor.account_id != ""

    async def stream(self) -> AsyncIterator[bytes]:
        """Hand out the raw body as it arrives (uploads).

        Raises TooLarge ``web.body_too_large``, Invalid ``web.body_cut_off`` (the line broke, or the chunks
        are no chunks).

        Nothing is held in memory. The digest is not known before the end: a service that receives an
        upload puts it into ``actor.request.once`` (whose ``body_digest`` is "" on upload routes).
        """
        total = 0
        parts = self.request.content.iter_any()
        while True:
            try:
                async with asyncio.timeout(STALLED_SECONDS):
                    chunk = await anext(parts, b"")
            except CUT_OFF as error:
                raise Invalid("web.body_cut_off") from error
            if not chunk:
                return
            total += len(chunk)
            if total > self.route.limit_bytes:
                raise TooLarge("web.body_too_large", limit=self.route.limit_bytes)
            yield chunk


Handler: TypeAlias = Callable[[Call[Any, Any]], Awaitable[object]]
"""A handler. The parameters of its Call are the route's own ``body`` and ``query`` types, which no common
type can name, hence Any; the edge builds the Call from exactly those two."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the table."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    """HTTP method; GET also serves HEAD."""
    path: str
    """Path template, such as ``/api/v1/documents/{document_id}``."""
    name: str
    """``room.verb``; unique."""
    handler: Handler
    """What answers."""
    action: str
    """Permission of ``config/identity/permissions.toml``, or PUBLIC, or SIGNED_IN."""
    summary: str
    """One line of plain English for the API description."""
    body: type[msgspec.Struct] | None = None
    """Type of the JSON (API) or form (page) body; None = none."""
    query: type[msgspec.Struct] | None = None
    """Type of the query; None = none, any parameter is a fault."""
    answer: object = None
    """Type of the JSON answer (``Draft``, ``Page[Draft]``, ``list[Node]``); None = no content or not JSON."""
    status: int = 200
    """Status of success; 204 when there is no answer."""
    once: bool = False
    """An Idempotency-Key is required: every POST that creates or changes by an act."""
    errors: tuple[str, ...] = ()
    """Codes of the errors the service raises beside those of the edge."""
    upload: bool = False
    """The body is a stream read by ``call.stream()``."""
    media: tuple[str, ...] = ()
    """Media types an upload may have, or those of an answer that is not JSON."""
    limit_bytes: int = 0
    """Largest body; 0 on construction = the default of its kind."""
    page: bool = False
    """An HTML page: errors are pages, forms carry a CSRF token."""
    again: Handler | None = None
    """Pages only: shows the form again (``call.faults``, ``call.typed``) when the act was refused; its Call
    has the default query and no body. None = an error page."""

    connect: str = ""
    """Pages only: one more address that the page's own script may open (CSP connect-src); "" = none."""

    def __post_init__(self) -> None:
        """Fill the limit that belongs to the kind of body."""
        if self.limit_bytes == 0:
            limit = UPLOAD_LIMIT_BYTES if self.upload else JSON_LIMIT_BYTES
            object.__setattr__(self, "limit_bytes", limit)

    @property
    def key(self) -> str:
        """Method and template, such as ``POST /api/v1/documents``: names the route in keys, logs, metrics."""
        return f"{self.method} {self.path}"

    @property
    def unsafe(self) -> bool:
        """Tell whether the route changes something."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Html:
    """A page: template and what it shows."""

    template: str
    """File under ``web/templates``, such as ``documents/detail.html``."""
    context: Mapping[str, object] = field(default_factory=dict)
    """Values for the template; the frame (actor, counts, t) is added by the edge."""
    status: int = 200
    """HTTP status; 422 when a form is shown again with faults."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """Go to another page after a form (303 See Other)."""

    path: str
    """Local path with query."""
    notice: str = ""
    """Key of the sentence that the next page shows once, such as ``documents.submitted``; "" = none."""
    params: Mapping[str, str | int] = field(default_factory=dict)
    """Values that the sentence names."""
    session: str | None = None
    """Token for the session cookie; "" ends it; None leaves it."""
    language: Language | None = None
    """Language to keep in a cookie; None leaves it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON answer with something beside it."""

    value: object
    """What is encoded; None = no content."""
    session: str | None = None
    """Token for the session cookie; "" ends it; None leaves it."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """More headers, such as ``Location``."""
    status: int | None = None
    """Another status than the route's; None = the route's."""


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes already in memory (a printed book, a slip), not JSON."""

    data: bytes
    """The bytes."""
    media_type: str
    """Such as ``application/pdf``."""
    name: str = ""
    """File name offered; "" = none."""
    inline: bool = True
    """Shown in the browser rather than saved."""


@dataclass(frozen=True, slots=True)
class Download:
    """A stored file, streamed, with ranges and a strong ETag (its digest)."""

    digest: str
    """``sha256:`` + hex; becomes the ETag."""
    size_bytes: int
    """Length of the whole."""
    media_type: str
    """Such as ``application/pdf``."""
    name: str
    """File name offered."""
    read: Callable[[int, int], AsyncIterator[bytes]]
    """Gives the bytes [start, end)."""
    inline: bool = True
    """Shown in the browser (the viewer) rather than saved."""

"""Requests that are not HTTP: lines too long, broken headers, garbage. They get a problem document too.

aiohttp answers them itself, in plain text, and prints what was sent into the log with a traceback. Here the
answer is ours, and the log gets one line without a word of what was sent.
"""

from __future__ import annotations

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import _ErrInfo

from server.kernel.errors import Invalid, LienThongError
from web import i18n
from web.errors import PROBLEM_TYPE, Problem, status_of, views
from web.i18n import Catalogue
from web.keys import CATALOGUE

LINE_LIMIT_BYTES = 8190
"""Longest request line, and longest header field."""
log = structlog.get_logger("web")


class Protocol(web.RequestHandler):
    """One connection."""

    __slots__ = ("words",)
    words: Catalogue

    def data_received(self, data: bytes) -> None:
        """Take bytes from the line, at a stop those of the request under way, too.

        aiohttp drops whatever comes after a stop has begun, so an upload under way would never end, and hold
        the stop until its time limit.
        """
        request = self._current_request
        if not self._close or request is None or request.content.is_eof():
            super().data_received(data)
            self._tell_reader()
            return
        forced, self._close, self._force_close = self._force_close, False, False
        try:
            super().data_received(data)
        finally:
            self._close, self._force_close = True, forced or self._force_close
        self._tell_reader()

    def _tell_reader(self) -> None:
        """Tell the request that is being read when what follows is no HTTP any more.

        aiohttp would only answer it as the next request, and the reader of the body would wait for ever.
        """
        reading = self._current_request
        if reading is None or not self._messages or not isinstance(self._messages[-1][0], _ErrInfo):
            return
        if not reading.content.is_eof():
            reading.content.set_exception(web.RequestPayloadError("not HTTP"))
            self._messages.clear()
            self._lingering_time = 0  # nothing that follows can be read away
            self.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Return the answer to what the parser refused; anything else is aiohttp's matter."""
        if status >= 500 or request.writer.output_size > 0:
            return super().handle_error(request, status, exc, message)
        error: LienThongError = Invalid("web.bad_request")
        if isinstance(exc, LineTooLong):
            error = Invalid("web.line_too_long", limit=LINE_LIMIT_BYTES)
        log.info("unreadable", code=error.code)
        language = i18n.language_of(None, None)
        answer_status = status_of(error)
        faults = views(self.words, language, error.faults)
        document = Problem(
            type=f"urn:lien-thong:problem:{error.code}",
            title=self.words.t(language, f"web.status_{answer_status}", {}),
            status=answer_status,
            code=error.code,
            detail=faults[0].message,
            faults=faults,
            request_id="",
        )
        response = web.Response(
            body=msgspec.json.encode(document),
            status=answer_status,
            content_type=PROBLEM_TYPE,
            headers={"Cache-Control": "no-store"},
        )
        response.force_close()
        return response


class Server(web.Server):
    """Makes a connection for each caller."""

    words: Catalogue
    """Messages."""

    def __call__(self) -> web.RequestHandler:
        """Return a new connection."""
        connection = Protocol(self, loop=self._loop, **self._kwargs)
        connection.words = self.words
        return connection


class Runner(web.AppRunner):
    """Runs the application on such connections."""

    __slots__ = ()

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=made._loop,
            **made._kwargs,
        )
        server.words = self.app[CATALOGUE]
        return server

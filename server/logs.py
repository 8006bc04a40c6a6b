"""How log lines are written: one JSON object a line, to standard error, without blocking on anything else."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import MutableMapping
from datetime import datetime

import msgspec
import structlog

from server.kernel.clock import UTC, text

FRAMES_LIMIT = 30
PLAIN = '{"level": "%(levelname)s", "logger": "%(name)s", "event": "%(message)s"}'
"""How libraries that know only the standard logging are written."""
MESSAGE_LIMIT = 300
_encode = msgspec.json.Encoder(enc_hook=repr, order=None).encode


def configure() -> None:
    """Set structlog and the standard logging up for the whole process; calling it twice changes nothing."""
    if structlog.is_configured():
        return
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format=PLAIN)
    structlog.configure(
        processors=[structlog.processors.add_log_level, _render],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )


def _render(_logger: object, _method: str, event: MutableMapping[str, object]) -> bytes:
    """Encode a line, its time first."""
    return _encode({"at": text(datetime.now(UTC)), **event})


def trace(error: BaseException) -> dict[str, object]:
    """Return where and what an exception was, as values for a log line.

    Source lines are not read: that would wait for the disk in the middle of the loop.
    """
    frames = [
        f"{frame.f_code.co_filename}:{line} {frame.f_code.co_qualname}"
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    cause = error.__cause__ or error.__context__
    return {
        "error": type(error).__name__,
        "message": str(error)[:MESSAGE_LIMIT],
        "frames": frames[-FRAMES_LIMIT:],
        "cause": f"{type(cause).__name__}: {str(cause)[:MESSAGE_LIMIT]}" if cause is not None else "",
    }

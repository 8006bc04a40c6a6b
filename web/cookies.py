"""The four cookies: session, language, theme, and the sentence that the next page shows once."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

import msgspec
from aiohttp import web

from web.i18n import LANGUAGE_COOKIE
from web.keys import TLS
from web.routes import Language

NOTICE_COOKIE = "notice"
THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
NOTICE_SECONDS = 60
PREFERENCE_SECONDS = 365 * 86400
TOKEN_LIMIT = 300
"""Longer session tokens are nobody's."""


class Notice(msgspec.Struct, frozen=True):
    """A sentence for the next page; only its key travels, so nobody can put words there."""

    key: str
    params: dict[str, str]


def session_cookie(tls: bool) -> str:
    """Return the name of the session cookie; over TLS a prefix binds it to this host (RFC 6265bis 4.1.3)."""
    return "__Host-session" if tls else "session"


def session_token(request: web.Request) -> str:
    """Return the session token of the cookie, "" when there is none."""
    token = request.cookies.get(session_cookie(request.app[TLS]), "")
    return token if len(token) <= TOKEN_LIMIT and token.isascii() and token.isprintable() else ""


def set_session(request: web.Request, response: web.Response, token: str) -> None:
    """Keep the session in the browser, or end it (and wipe what the browser holds) when the token is empty.

    The cookie ends with the browser; how long the session lives is the server's rule.
    """
    tls = request.app[TLS]
    if token:
        response.set_cookie(session_cookie(tls), token, path="/", httponly=True, secure=tls, samesite="Lax")
    else:
        response.del_cookie(session_cookie(tls), path="/", httponly=True, secure=tls, samesite="Lax")
        response.headers["Clear-Site-Data"] = '"storage"'


def set_language(request: web.Request, response: web.Response, language: Language) -> None:
    """Keep the language."""
    _prefer(request, response, LANGUAGE_COOKIE, language)


def set_theme(request: web.Request, response: web.Response, theme: str) -> None:
    """Keep the theme."""
    _prefer(request, response, THEME_COOKIE, theme)


def _prefer(request: web.Request, response: web.Response, name: str, value: str) -> None:
    response.set_cookie(
        name,
        value,
        path="/",
        httponly=True,
        secure=request.app[TLS],
        samesite="Lax",
        max_age=PREFERENCE_SECONDS,
    )


def theme_of(request: web.Request) -> str:
    """Return the theme that was chosen; "auto" follows the system."""
    theme = request.cookies.get(THEME_COOKIE, "auto")
    return theme if theme in THEMES else "auto"


def set_notice(
    request: web.Request, response: web.Response, key: str, params: Mapping[str, str | int]
) -> None:
    """Leave a sentence for the next page, or take it away when the key is empty."""
    if not key:
        response.del_cookie(NOTICE_COOKIE, path="/")
        return
    notice = Notice(key, {name: str(value)[:100] for name, value in params.items()})
    value = base64.urlsafe_b64encode(msgspec.json.encode(notice)).decode().rstrip("=")
    response.set_cookie(
        NOTICE_COOKIE,
        value,
        path="/",
        httponly=True,
        secure=request.app[TLS],
        samesite="Lax",
        max_age=NOTICE_SECONDS,
    )


def notice_of(request: web.Request) -> Notice | None:
    """Return the sentence left by the page before; None when there is none or it is garbled."""
    raw = request.cookies.get(NOTICE_COOKIE)
    if not raw or len(raw) > 2000:
        return None
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4)), type=Notice)
    except (msgspec.MsgspecError, binascii.Error, ValueError):
        return None


def forgery_token(session: str) -> str:
    """Return the CSRF token of a session: known to its own pages, telling nothing of the session token."""
    return hmac.new(session.encode(), b"lien-thong csrf 1", hashlib.sha256).hexdigest()[:40]

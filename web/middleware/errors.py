"""Every refusal becomes an answer here and nowhere else; what nobody foresaw is logged with its id."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from server.kernel.errors import LienThongError, Unauthenticated, Unavailable
from server.logs import trace
from storage.sql.protocol import DatabaseBusy, DatabaseUnavailable
from web.errors import Internal, from_http, headers_of, problem, problem_response
from web.keys import REQUEST_ID, route_name, route_of
from web.render import RENDERER
from web.routes import Route

log = structlog.get_logger("web")


@web.middleware
async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Translate what the handler raised."""
    try:
        return await handler(request)
    except LienThongError as error:
        return answer(request, error)
    except DatabaseBusy:
        return answer(request, Unavailable("unit.busy"))
    except DatabaseUnavailable as error:
        # A plain read outside a unit; inside one it is Unavailable already.
        log.warning("database", route=route_name(request), error=str(error)[:200])
        return answer(request, Unavailable("unit.database"))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer(request, from_http(request, error))
    except ConnectionError:
        raise  # the caller went away: nobody is left to answer
    except Exception as error:  # noqa: BLE001 - the last net: a fault in the program leaks no traceback
        name = route_name(request)
        log.error("failed", route=name, request_id=request.get(REQUEST_ID, ""), **trace(error))  # noqa: TRY400
        return answer(request, Internal("web.internal"))


def answer(request: web.Request, error: LienThongError) -> web.StreamResponse:
    """Return an error as the caller can use it: a page for people, a problem document for programs."""
    route = route_of(request)
    if not wants_page(request, route):
        return problem_response(request, error)
    if isinstance(error, Unauthenticated) and request.method in ("GET", "HEAD") and route is not None:
        back = quote(request.raw_path, safe="") if request.raw_path != "/" else ""
        target = "/dang-nhap" + (f"?ve={back}" if back and len(back) < 1000 else "")
        return web.Response(status=303, headers={"Location": target, "Cache-Control": "no-store"})
    document = problem(request, error)
    text = request.app[RENDERER].error_page(request, document)
    return web.Response(
        text=text,
        status=document.status,
        content_type="text/html",
        headers=headers_of(error, document.status),
    )


def wants_page(request: web.Request, route: Route | None) -> bool:
    """Tell whether the caller is a person with a browser."""
    if route is not None:
        return route.page
    return not request.path.startswith(("/api/", "/static/", "/live", "/pki"))

"""What the browser may do with our pages; set on every answer just before its head is sent.

A signal, not a middleware: streamed files send their head before a middleware sees them again.
"""

from __future__ import annotations

from functools import lru_cache

from aiohttp import web
from multidict import CIMultiDict, istr

from web.keys import REQUEST_ID, TLS, route_of
from web.middleware.request_id import HEADER as REQUEST_ID_HEADER

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
)
"""Content-Security-Policy (CSP level 3): no inline script or style, nothing from elsewhere, no framing."""
PERMISSIONS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
WASM_WORKER = "/pdfjs/build/pdf.worker.min.mjs"
WASM_POLICY = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
"""Policy of the one worker, which decodes images of PDFs with WebAssembly; it has no page of its own."""
ALWAYS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("X-Frame-Options", "DENY"),
    ("Server", "lien-thong"),
)
_ALWAYS = CIMultiDict((istr(name), value) for name, value in ALWAYS)
TRANSPORT = "max-age=31536000; includeSubDomains"


@lru_cache(maxsize=8)
def connecting(address: str) -> str:
    """Return the policy of a page whose script may also open this one address."""
    return POLICY.replace("connect-src 'self'", f"connect-src 'self' {address}")


async def on_prepare(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on."""
    headers = response.headers
    headers.update(_ALWAYS)
    route = route_of(request)
    if route is not None and route.connect:
        headers["Content-Security-Policy"] = connecting(route.connect)
    if request.path.endswith(WASM_WORKER):
        headers["Content-Security-Policy"] = WASM_POLICY
    if request.app[TLS]:
        headers["Strict-Transport-Security"] = TRANSPORT
    request_id = request.get(REQUEST_ID)
    if request_id is not None:
        headers[REQUEST_ID_HEADER] = request_id
    headers.setdefault("Cache-Control", "no-store")

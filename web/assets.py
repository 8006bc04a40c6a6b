"""Static files: an explicit list, kept in memory once asked for, under an address that changes with them.

The address is ``/static/<version>/<name>``; the version is a digest of the whole set, so that ES modules
import each other by relative names and every answer may be kept for ever.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from server.kernel.errors import NotFound

ASSETS: web.AppKey[Assets] = web.AppKey("assets")
OWN = Path(__file__).parent / "static"
PACKAGES = Path(__file__).parent.parent / "node_modules"
FOREVER = "public, max-age=31536000, immutable"
MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".wasm": "application/wasm",
    ".bcmap": "application/octet-stream",
    ".pfb": "application/octet-stream",
    ".ttf": "font/ttf",
    ".icc": "application/octet-stream",
    ".webmanifest": "application/manifest+json",
    ".json": "application/json",
}
PRESSED = frozenset({".css", ".js", ".mjs", ".svg", ".wasm", ".webmanifest", ".json", ".ttf", ".bcmap"})
"""Suffixes that compression helps."""
VENDORED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("pdfjs", "pdfjs-dist", ("build/pdf.min.mjs", "build/pdf.worker.min.mjs")),
    ("pdfjs", "pdfjs-dist", ("wasm/*.wasm", "wasm/*.js", "cmaps/*.bcmap", "standard_fonts/*", "iccs/*")),
    (
        "fonts",
        "@fontsource/be-vietnam-pro",
        tuple(
            f"files/be-vietnam-pro-{subset}-{weight}-normal.woff2"
            for subset in ("latin", "latin-ext", "vietnamese")
            for weight in (400, 500, 600, 700)
        ),
    ),
)
"""What is served of npm packages: place in our tree, package, files."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file ready to send."""

    data: bytes
    """As it is."""
    pressed: bytes | None
    """gzip, when that is smaller."""
    media_type: str
    """Its type."""
    tag: str
    """Strong ETag."""


class Assets:
    """The set of static files."""

    def __init__(self, own: Path = OWN, packages: Path = PACKAGES) -> None:
        self._paths = dict(_listing(own, packages))
        self._loaded: dict[str, Asset] = {}
        self.version = _version(self._paths, own)

    @property
    def names(self) -> list[str]:
        """Every name that is served."""
        return sorted(self._paths)

    def url(self, name: str) -> str:
        """Return the address of a file; KeyError when it is not in the set (templates are tested)."""
        if name and not name.endswith("/") and name not in self._paths:
            raise KeyError(name)
        return f"/static/{self.version}/{name}"

    async def get(self, name: str) -> Asset:
        """Return a file. Raises NotFound ``web.not_found``."""
        asset = self._loaded.get(name)
        if asset is None:
            path = self._paths.get(name)
            if path is None:
                raise NotFound("web.not_found")
            asset = await asyncio.to_thread(_read, path)
            self._loaded[name] = asset
        return asset


def _listing(own: Path, packages: Path) -> Iterable[tuple[str, Path]]:
    for path in sorted(own.rglob("*")):
        if path.is_file() and path.suffix in MEDIA_TYPES:
            yield path.relative_to(own).as_posix(), path
    for place, package, patterns in VENDORED:
        for pattern in patterns:
            for path in sorted((packages / package).glob(pattern)):
                if path.suffix in MEDIA_TYPES:
                    inside = path.relative_to(packages / package).as_posix()
                    yield f"{place}/{inside.removeprefix('files/')}", path


def _version(paths: dict[str, Path], own: Path) -> str:
    """Digest our own bytes, and of packages the names and sizes: npm versions are pinned by the lock file."""
    digest = hashlib.sha256()
    for name, path in sorted(paths.items()):
        digest.update(name.encode())
        digest.update(path.read_bytes() if own in path.parents else str(path.stat().st_size).encode())
    return digest.hexdigest()[:12]


def _read(path: Path) -> Asset:
    data = path.read_bytes()
    pressed = gzip.compress(data, 9, mtime=0) if path.suffix in PRESSED and len(data) > 500 else None
    if pressed is not None and len(pressed) >= len(data):
        pressed = None
    return Asset(data, pressed, MEDIA_TYPES[path.suffix], f'"{hashlib.sha256(data).hexdigest()[:24]}"')


async def serve(request: web.Request, assets: Assets) -> web.Response:
    """Answer a static file; an address of another version still works but is not kept."""
    asset = await assets.get(request.match_info["name"])
    current = request.match_info["version"] == assets.version
    headers = {
        "Cache-Control": FOREVER if current else "no-cache",
        "ETag": asset.tag,
        "Vary": "Accept-Encoding",
        "Content-Type": asset.media_type,
    }
    if request.headers.get("If-None-Match") == asset.tag:
        return web.Response(status=304, headers=headers)
    if asset.pressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=asset.pressed, headers=headers)
    return web.Response(body=asset.data, headers=headers)

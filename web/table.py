"""The one table: every route of every API module and page module."""

from __future__ import annotations

import importlib
import pkgutil
import re

from web import api as api_package
from web import pages as pages_package
from web.routes import Route

_TEMPLATE = re.compile(r"/(?:[a-z0-9._-]+|\{[a-z_]+\})?(?:/(?:[a-z0-9._-]+|\{[a-z_]+\}))*")


def routes() -> list[Route]:
    """Return every route, in the order they are tried. Raises ValueError on two of one name or address."""
    table: list[Route] = []
    for package, attribute in ((api_package, "ROUTES"), (pages_package, "PAGES")):
        for module in sorted(item.name for item in pkgutil.iter_modules(package.__path__)):
            loaded = importlib.import_module(f"{package.__name__}.{module}")
            table += getattr(loaded, attribute, [])
    check(table)
    return sorted(table, key=_openness)


def _openness(route: Route) -> tuple[bool, ...]:
    """Order fixed words before parameters: ``/so/{body}/day-so`` is tried before ``/so/{body}/{book}``."""
    return tuple(part.startswith("{") for part in route.path.split("/"))


def check(table: list[Route]) -> None:
    """Raise ValueError when the table contradicts itself."""
    names: set[str] = set()
    keys: set[str] = set()
    for route in table:
        anonymous = re.sub(r"\{[a-z_]+\}", "{}", route.key)
        if route.name in names:
            raise ValueError(f"two routes are called {route.name}")
        if anonymous in keys:
            raise ValueError(f"two routes stand at {route.key}")
        if not _TEMPLATE.fullmatch(route.path):
            raise ValueError(f"{route.name}: the path {route.path} is not one of ours")
        if route.once and route.method == "GET":
            raise ValueError(f"{route.name}: a read needs no Idempotency-Key")
        names.add(route.name)
        keys.add(anonymous)

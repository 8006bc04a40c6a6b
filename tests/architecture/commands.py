"""Writes ``docs/commands/``: one page for each command of the API, out of the route table and the docstrings.

``python -m tests.architecture.commands`` writes the pages (``make docs``); a test compares them.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
import tomllib
from pathlib import Path

import msgspec

from server.identity.permissions import load_permissions
from web.routes import PUBLIC, SIGNED_IN, Route
from web.table import routes

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "commands"


def commands() -> list[Route]:
    """Return the routes of the API that change something."""
    return [route for route in routes() if route.unsafe and not route.page]


def texts() -> dict[str, dict[str, str]]:
    """Return the words of every error code."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "web" / "locale").glob("*.toml")):
        found |= tomllib.loads(path.read_text(encoding="utf-8")).get("errors", {})
    return found


def field_docs(kind: type) -> dict[str, str]:
    """Return what stands under each field of a class and of its bases."""
    docs: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if not issubclass(base, msgspec.Struct) or base is msgspec.Struct:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for item, following in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(item, ast.AnnAssign)
                and isinstance(item.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
            ):
                docs[item.target.id] = " ".join(str(following.value.value).split())
    return docs


def page(route: Route, words: dict[str, dict[str, str]], roles: dict[str, str]) -> str:
    """Return the page of one command."""
    lines = [f"# {route.name}", "", f"{route.summary}.", "", f"`{route.key}`", ""]
    lines.append(f"Who: {roles[route.action]}.")
    if route.once:
        lines += ["", "Takes an `Idempotency-Key`: the same key and body get the same answer for ever."]
    if route.body is not None and msgspec.structs.fields(route.body):
        docs = field_docs(route.body)
        lines += ["", "| field | required | meaning |", "|---|---|---|"]
        for item in msgspec.structs.fields(route.body):
            lines.append(
                f"| `{item.encode_name}` | {'yes' if item.required else ''} | {docs.get(item.name, '')} |"
            )
    if route.upload:
        lines += ["", "The body is the bytes of the file, streamed."]
    if route.errors:
        lines += ["", "| refused with | meaning |", "|---|---|"]
        lines += [f"| `{code}` | {words.get(code, {}).get('en', '')} |" for code in sorted(set(route.errors))]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Return every page by its file name."""
    table = load_permissions(ROOT / "config" / "identity" / "permissions.toml")
    roles = {PUBLIC: "anybody", SIGNED_IN: "whoever is signed in"}
    for permission in table.actions:
        names = ", ".join(sorted(role.value for role in permission.roles))
        roles[permission.action] = f"`{permission.action}` ({names})"
    words = texts()
    made = {f"{route.name}.md": page(route, words, roles) for route in commands()}
    index = ["# Commands", "", "Made from the code by `make docs`; one page for each.", ""]
    index += [
        f"- [{route.name}]({route.name}.md): {route.summary}"
        for route in sorted(commands(), key=lambda r: r.name)
    ]
    made["README.md"] = "\n".join(index) + "\n"
    return made


def main() -> None:
    """Write the pages, and remove those of commands that are gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    made = pages()
    for path in FOLDER.glob("*.md"):
        if path.name not in made:
            path.unlink()
    for name, text in made.items():
        if not re.fullmatch(r"[A-Za-z_.-]+", name):
            raise ValueError(name)
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

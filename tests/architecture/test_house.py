"""The house keeps its own rules: stores are private, SQL lies in files, docs name what exists."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import grimp
import pytest

from server.settings import load

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("server", "signing", "storage", "web")
ERROR_CLASSES = {
    "Invalid", "Unauthenticated", "Forbidden", "NotFound", "Conflict", "TooLarge", "Refused", "TooMany",
    "Unavailable", "Fault",
}  # fmt: skip
CODE = re.compile(r"[a-z_]+\.[a-z0-9_]+")


def sources() -> list[Path]:
    return [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def catalogue() -> dict[str, dict[str, str]]:
    texts: dict[str, dict[str, str]] = {}
    for path in sorted((ROOT / "web" / "locale").glob("*.toml")):
        texts |= tomllib.loads(path.read_text(encoding="utf-8")).get("errors", {})
    return texts


def raised_codes() -> dict[str, str]:
    """Every error code that the source raises, with a file where it does."""
    codes: dict[str, str] = {}
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            value = node.args[0].value
            if name in ERROR_CLASSES and isinstance(value, str) and CODE.fullmatch(value):
                codes[value] = str(path.relative_to(ROOT))
    return codes


def test_every_error_has_its_text_in_both_languages() -> None:
    texts = catalogue()
    missing = {
        code: where
        for code, where in raised_codes().items()
        if not (texts.get(code, {}).get("vi") and texts.get(code, {}).get("en"))
    }
    assert not missing


def test_a_store_is_private_to_its_room() -> None:
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    strangers = [
        f"{importer} imports {module}"
        for module in graph.modules
        if module.endswith(".store") and module.startswith("server.")
        for importer in graph.find_modules_that_directly_import(module)
        if not importer.startswith(module.removesuffix("store"))
    ]
    assert not strangers


def in_circles(graph: grimp.ImportGraph) -> set[str]:
    """Return the modules that import each other in a round, and those that lie between two rounds."""
    left = set(graph.modules)
    while loose := {
        module
        for module in left
        if not (left & graph.find_modules_directly_imported_by(module))
        or not (left & graph.find_modules_that_directly_import(module))
    }:
        left -= loose
    return left


def test_no_modules_import_each_other_in_a_circle() -> None:
    """Not even for types: imports under TYPE_CHECKING count."""
    assert not in_circles(grimp.build_graph(*PACKAGES, cache_dir=None))


def test_a_circle_would_be_seen() -> None:
    graph = grimp.ImportGraph()
    for importer, imported in (("a", "b"), ("b", "c"), ("c", "b"), ("c", "d")):
        graph.add_import(importer=importer, imported=imported)
    assert in_circles(graph) == {"b", "c"}


def test_sql_lies_in_files() -> None:
    pattern = re.compile(r"""["'](?:SELECT\s.+\sFROM|INSERT\s+INTO|UPDATE\s.+\sSET|DELETE\s+FROM)\s""", re.S)
    found = [
        str(path.relative_to(ROOT))
        for path in sources()
        if not path.is_relative_to(ROOT / "storage") and pattern.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


def test_files_stay_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in sources()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long


def test_the_defaults_are_complete_and_every_setting_says_why() -> None:
    settings = load({})
    assert settings.server.port == 8080
    text = (ROOT / "config" / "default.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    assert sum(len(table) for table in tables.values()) > 40
    undocumented, previous = [], ""
    for line in text.splitlines():
        if "=" in line and not line.startswith("#"):
            if "#" not in line and not previous:
                undocumented.append(line)
        else:
            previous = ""
            continue
        previous = line if "#" in line or previous else ""
    assert not undocumented


@pytest.mark.parametrize("document", sorted((ROOT / "docs").glob("*.md")), ids=lambda path: path.name)
def test_a_document_names_only_what_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    paths = re.findall(r"`((?:server|signing|storage|web|tests|config|docs)/[\w./*-]+?)`", text)
    missing = [path for path in paths if not list(ROOT.glob(path.rstrip("/")))]
    assert not missing


def test_threats_name_the_tests_that_prove_their_controls() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if re.match(r"\| T\d+ ", line)]
    assert len(rows) >= 18
    assert all(re.search(r"`(tests/[\w/.]+|make check)`", row.rsplit("|", 2)[1]) for row in rows)

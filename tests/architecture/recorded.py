"""Every action, kind of subject and key of a detail that the code writes into the record of acts.

Found in the syntax trees of ``server/``: a name that is not a literal is followed through ``if`` expressions,
module constants and the callers of the function in the same room. What cannot be followed has to be
named in ``OPEN_ENDED`` with the values it takes.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from server.circulation.codes import ACT, UNDOING, NoteKind
from server.documents.model import Act
from server.identity.model import LinkPurpose
from server.results.model import Work

SERVER = Path(__file__).resolve().parents[2] / "server"
OPEN_ENDED: dict[str, Iterable[str]] = {
    "f'documents.{act.value}'": [f"documents.{act.value}" for act in Act],
    "f'circulation.{act}'": [f"circulation.{verb}" for verb in (*ACT.values(), *UNDOING)],
    "f'circulation.{kind.value}'": [f"circulation.{kind.value}" for kind in NoteKind],
    "f'results.{work.value}_batch'": [f"results.{work.value}_batch" for work in Work if work],
    "f'results.{batch.work.value}_ended'": [f"results.{work.value}_ended" for work in Work if work],
    "f'identity.{purpose.value}'": [f"identity.{purpose.value}" for purpose in LinkPurpose],
}
"""Source of an expression -> every value it can have."""


class Unknown(Exception):
    """An expression whose values nobody can tell; names file and line."""


@dataclass
class Recorded:
    """What is written into the record."""

    actions: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)


def recorded(folder: Path = SERVER) -> Recorded:
    """Return every name that the modules of a folder record. Raises Unknown."""
    found = Recorded()
    for path in sorted(folder.rglob("*.py")):
        module = _Module(path)
        for call in module.calls("record"):
            if call.args and ast.unparse(call.args[0]) != "unit":
                found.actions.update(module.values(call.args[0], call))
                found.keys.update(module.keys(call))
        for call in module.calls("Subject"):
            if call.args:
                found.kinds.update(module.values(call.args[0], call))
    return found


class _Module:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.home: dict[ast.AST, ast.FunctionDef | ast.AsyncFunctionDef] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(node):
                    self.home[inner] = node

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Every call of a function or method of this name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and _called(node) == name:
                yield node

    def values(self, expression: ast.expr, at: ast.AST) -> set[str]:
        """Every text that an expression can have."""
        source = ast.unparse(expression)
        if source in OPEN_ENDED:
            return set(OPEN_ENDED[source])
        match expression:
            case ast.Constant(value=str(text)):
                return {text}
            case ast.IfExp(body=first, orelse=second):
                return self.values(first, at) | self.values(second, at)
            case ast.Name(id=name):
                found = self._assigned(name, at) or self._passed(name, at) or self._imported(name)
                if found:
                    return found
        raise Unknown(f"{self.path}:{expression.lineno}: {source}")

    def keys(self, call: ast.Call) -> set[str]:
        """Keys of the ``detail`` that a call records."""
        detail = next((item.value for item in call.keywords if item.arg == "detail"), None)
        if isinstance(detail, ast.Name):
            home = self.home[call]
            return {
                key
                for node in ast.walk(home)
                if isinstance(node, ast.Assign | ast.AnnAssign)
                and any(isinstance(one, ast.Name) and one.id == detail.id for one in _targets(node))
                and node.value is not None
                for key in _keys_in(node.value)
            }
        return _keys_in(detail) if detail is not None else set()

    def _assigned(self, name: str, at: ast.AST) -> set[str]:
        places: list[ast.AST] = [self.tree, *([self.home[at]] if at in self.home else [])]
        for place in places:
            for node in ast.iter_child_nodes(place):
                if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                    continue
                if any(isinstance(one, ast.Name) and one.id == name for one in _targets(node)):
                    return self.values(node.value, node)
        return set()

    def _imported(self, name: str) -> set[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module and name in [one.name for one in node.names]:
                value: object = getattr(importlib.import_module(node.module), name)
                return {value} if isinstance(value, str) else set()
        return set()

    def _passed(self, name: str, at: ast.AST) -> set[str]:
        home = self.home.get(at)
        if home is None:
            return set()
        names = [one.arg for one in home.args.args if one.arg != "self"]
        if name not in names:
            return set()
        place = names.index(name)
        found: set[str] = set()
        for module in (self, *(_Module(one) for one in self.path.parent.glob("*.py") if one != self.path)):
            for call in module.calls(home.name):
                given = {item.arg: item.value for item in call.keywords}
                value = call.args[place] if place < len(call.args) else given[name]
                found |= module.values(value, call)
        return found


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]


def _keys_in(expression: ast.expr) -> set[str]:
    return {
        key.value
        for node in ast.walk(expression)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }

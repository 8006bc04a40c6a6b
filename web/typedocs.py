"""What stands under the fields of a type in its source, for the description of the API.

Python keeps no docstrings of fields, so the syntax trees of the modules are read, each once. Blocking: call
it in a thread.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping

import msgspec


class TypeDocs:
    """Docstrings of classes and of their fields and members."""

    def __init__(self) -> None:
        self._modules: dict[str, Mapping[str, ast.ClassDef]] = {}

    def of(self, kind: type) -> tuple[str, dict[str, str]]:
        """Return the docstring of a class and those of its fields (or enum members), its bases' too."""
        fields: dict[str, str] = {}
        for base in reversed(kind.__mro__):
            found = self._classes(base.__module__).get(base.__qualname__)
            if found is not None:
                fields |= dict(_fields(found))
        return _line(inspect.cleandoc(kind.__doc__ or "")), fields

    def _classes(self, module: str) -> Mapping[str, ast.ClassDef]:
        if module not in self._modules:
            self._modules[module] = {}
            if module.partition(".")[0] in ("server", "web"):
                tree = ast.parse(inspect.getsource(sys.modules[module]))
                self._modules[module] = {one.name: one for one in tree.body if isinstance(one, ast.ClassDef)}
        return self._modules[module]


def _fields(found: ast.ClassDef) -> Iterator[tuple[str, str]]:
    for item, following in zip(found.body, found.body[1:], strict=False):
        words = following.value if isinstance(following, ast.Expr) else None
        if not isinstance(words, ast.Constant) or not isinstance(words.value, str):
            continue
        if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            yield item.target.id, _line(words.value)
        if isinstance(item, ast.Assign) and isinstance(item.targets[0], ast.Name):
            yield item.targets[0].id, _line(words.value)


def _line(words: str) -> str:
    return " ".join(words.split())


def classes_in(kinds: Iterable[object]) -> dict[str, type]:
    """Return every structure and enum that types refer to, by its name."""
    found: dict[str, type] = {}
    waiting: list[object] = list(msgspec.inspect.multi_type_info(kinds))
    while waiting:
        item = waiting.pop()
        kind = getattr(item, "cls", None)
        if isinstance(kind, type) and isinstance(item, msgspec.inspect.Type):
            qualified = f"{kind.__module__}.{kind.__qualname__}"
            if qualified in found:
                continue
            # Types of the same name are told apart by their modules, as msgspec names them.
            found[qualified] = found[kind.__name__] = kind
        for name in ("fields", "item_types", "types"):
            waiting += list(getattr(item, name, ()) or ())
        for name in ("type", "item_type", "value_type", "key_type"):
            inner = getattr(item, name, None)
            if inner is not None:
                waiting.append(inner)
    return found

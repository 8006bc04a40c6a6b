"""The OpenAPI 3.1 description, generated from the route table and the types it names."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import msgspec
from aiohttp import web

from web.api.examples import EXAMPLES
from web.errors import PROBLEM_TYPE, Problem
from web.routes import PUBLIC, SIGNED_IN, Route
from web.typedocs import TypeDocs, classes_in

VERSION = "3.1.0"
_PARAMETER = re.compile(r"\{([a-z_]+)\}")
_REFERENCE = "#/components/schemas/{name}"
_IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "A new key for each act; the same key and body give the stored answer, byte for byte.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[\\x21-\\x7e]+$"},
}
_POST = {
    "name": "Lien-Thong-Post",
    "in": "header",
    "required": False,
    "description": "Post to act in, one that the account holds now; without it, the post of the session.",
    "schema": {"type": "string", "maxLength": 200, "pattern": "^[A-Za-z0-9._:~-]+$"},
}
JsonObject = dict[str, object]
GUIDE = Path(__file__).parent / "api_guide.md"
"""How the parts go together: the description of the whole."""


@dataclass(frozen=True, slots=True)
class Words:
    """What the description says beside types: meanings of errors, roles of actions, docstrings."""

    messages: Mapping[str, str] = field(default_factory=dict)
    """Error code -> its English message."""
    roles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Action -> roles that may."""
    types: TypeDocs = field(default_factory=TypeDocs)
    """Docstrings of types."""


def describe(
    table: Sequence[Route],
    words: Words | None = None,
    *,
    title: str = "Liên Thông",
    version: str = "1",
) -> JsonObject:
    """Return the description of every JSON route of a table (reads sources: call it in a thread)."""
    words = words or Words()
    described = [route for route in table if not route.page]
    kinds: list[object] = [Problem]
    for route in described:
        kinds += [kind for kind in (route.body, route.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    _explain(components, classes_in(kinds), words.types)
    by_kind = {str(kind): shape for kind, shape in zip(kinds, schemas, strict=True)}
    paths: dict[str, JsonObject] = {}
    for route in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind, words)
    return {
        "openapi": VERSION,
        "info": {
            "title": title,
            "version": version,
            "description": GUIDE.read_text(encoding="utf-8"),
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "session"},
            },
        },
    }


class Description:
    """The description as it is served: made once, in a thread, at the first request."""

    def __init__(self, table: tuple[Route, ...], words: Callable[[], Words]) -> None:
        self._table = table
        self._words = words
        self._once = asyncio.Lock()
        self._made = b""

    async def read(self) -> bytes:
        """Return the JSON document."""
        async with self._once:
            if not self._made:
                self._made = await asyncio.to_thread(self._make)
            return self._made

    def _make(self) -> bytes:
        return msgspec.json.encode(describe(self._table, self._words()))


DESCRIPTION: web.AppKey[Description] = web.AppKey("description")


def _explain(components: Mapping[str, JsonObject], classes: Mapping[str, type], docs: TypeDocs) -> None:
    """Put the docstrings of types, fields and members into their schemas."""
    for name, shape in components.items():
        kind = classes.get(name) or classes.get(name.partition("_")[0])
        if kind is None:
            continue
        about, fields = docs.of(kind)
        if issubclass(kind, Enum):
            values = [f"`{one.value}`: {fields[one.name]}" for one in kind if one.name in fields]
            shape["description"] = "\n".join([about, *values])
            continue
        shape["description"] = about
        config = getattr(kind, "__struct_config__", None)
        if config is not None and config.tag_field:
            fields = {**fields, config.tag_field: "Tells which of the kinds it is."}
        properties = shape.get("properties")
        for key, inner in (properties if isinstance(properties, dict) else {}).items():
            if key in fields and isinstance(inner, dict) and "description" not in inner:
                # In OpenAPI 3.1 words may stand beside a reference.
                inner["description"] = fields[key]


def _operation(route: Route, schemas: Mapping[str, Mapping[str, object]], words: Words) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.name,
        "summary": route.summary,
        "description": _about(route, words),
        "tags": [route.name.partition(".")[0]],
        "security": [] if route.action == PUBLIC else [{"bearer": []}, {"session": []}],
        "parameters": _parameters(route, words.types),
        "responses": _responses(route, schemas),
    }
    if route.action not in (PUBLIC, SIGNED_IN):
        operation["x-permission"] = route.action
        operation["x-roles"] = list(words.roles.get(route.action, ()))
    if route.errors:
        operation["x-error-codes"] = {
            code: words.messages.get(code, "") for code in sorted(set(route.errors))
        }
    if route.upload:
        content = _binary(route.media)
        operation["requestBody"] = {"required": True, "content": content}
    elif route.body is not None:
        media: JsonObject = {"schema": schemas[str(route.body)]}
        if route.name in EXAMPLES:
            media["example"] = EXAMPLES[route.name]
        operation["requestBody"] = {"required": True, "content": {"application/json": media}}
    return operation


def _about(route: Route, words: Words) -> str:
    """What an act means, and who may do it."""
    lines = [_paragraph(route.handler.__doc__ or "") or f"{route.summary}."]
    roles = words.roles.get(route.action, ())
    if roles:
        lines.append(f"For: {', '.join(roles)}.")
    if route.upload:
        lines.append("The body is the bytes themselves.")
    return "\n\n".join(lines)


def _paragraph(words: str) -> str:
    return " ".join(words.split())


def _binary(media: Sequence[str]) -> JsonObject:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media}


def _parameters(route: Route, docs: TypeDocs) -> list[JsonObject]:
    shape = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9._:~-]+$"}
    parameters: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": shape, "description": _named(name)}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query, docs)
    if route.once:
        parameters.append(_IDEMPOTENCY)
    if route.action != PUBLIC:
        parameters.append(_POST)
    return parameters


def _named(parameter: str) -> str:
    if parameter == "digest":
        return "Digest: sha256: and 64 hex digits."
    return f"Id of the {parameter.removesuffix('_id').replace('_', ' ')}, as lists and answers give it."


def _query_parameters(query: type[msgspec.Struct], docs: TypeDocs) -> list[JsonObject]:
    _, fields = docs.of(query)
    schema = msgspec.json.schema(query, ref_template="#/$defs/{name}")
    definitions = schema.get("$defs", {})
    shape = definitions.get(query.__name__, schema)
    required = set(shape.get("required", ()))
    parameters: list[JsonObject] = []
    for name, inner in shape.get("properties", {}).items():
        parameters.append(
            {
                "name": name,
                "in": "query",
                "required": name in required,
                "schema": _inlined(inner, definitions),
                **({"description": fields[name]} if name in fields else {}),
            }
        )
    return parameters


def _inlined(shape: object, definitions: Mapping[str, object]) -> object:
    """Put definitions in the place of references: query types are small and never refer to themselves."""
    if isinstance(shape, dict):
        reference = shape.get("$ref")
        if isinstance(reference, str):
            return _inlined(definitions[reference.rpartition("/")[2]], definitions)
        return {key: _inlined(value, definitions) for key, value in shape.items()}
    if isinstance(shape, list):
        return [_inlined(item, definitions) for item in shape]
    return shape


def _responses(route: Route, schemas: Mapping[str, Mapping[str, object]]) -> JsonObject:
    responses: JsonObject = {}
    if route.answer is not None:
        content: JsonObject = {"application/json": {"schema": schemas[str(route.answer)]}}
        responses[str(route.status)] = {"description": route.summary, "content": content}
    elif route.media and not route.upload:
        content = _binary(route.media)
        responses["200"] = {"description": route.summary, "content": content}
        for status, words in (("206", "The range"), ("304", "Not changed"), ("416", "No such range")):
            responses[status] = {"description": words}
    else:
        responses["204"] = {"description": route.summary}
        if route.status != 204:
            responses[str(route.status)] = {"description": route.summary}
    responses["default"] = {
        "description": "A problem document with every fault",
        "content": {PROBLEM_TYPE: {"schema": schemas[str(Problem)]}},
    }
    return responses

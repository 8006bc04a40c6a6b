"""The OpenAPI 3.1 description, generated from the route table and the types it names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from web.errors import PROBLEM_TYPE, Problem
from web.routes import PUBLIC, SIGNED_IN, Route

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


def describe(table: Sequence[Route], *, title: str = "Liên Thông", version: str = "1") -> JsonObject:
    """Return the description of every JSON route of a table."""
    described = [route for route in table if not route.page]
    kinds: list[object] = [Problem]
    for route in described:
        kinds += [kind for kind in (route.body, route.answer) if kind is not None]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    by_kind = {str(kind): shape for kind, shape in zip(kinds, schemas, strict=True)}
    paths: dict[str, JsonObject] = {}
    for route in described:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, by_kind)
    return {
        "openapi": VERSION,
        "info": {
            "title": title,
            "version": version,
            "description": "Circulation of signed documents between the bodies of a province.",
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


def _operation(route: Route, schemas: Mapping[str, Mapping[str, object]]) -> JsonObject:
    operation: JsonObject = {
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.name.partition(".")[0]],
        "security": [] if route.action == PUBLIC else [{"bearer": []}, {"session": []}],
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.action not in (PUBLIC, SIGNED_IN):
        operation["x-permission"] = route.action
    if route.errors:
        operation["x-error-codes"] = list(route.errors)
    if route.upload:
        content = _binary(route.media)
        operation["requestBody"] = {"required": True, "content": content}
    elif route.body is not None:
        content = {"application/json": {"schema": schemas[str(route.body)]}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _binary(media: Sequence[str]) -> JsonObject:
    return {kind: {"schema": {"type": "string", "format": "binary"}} for kind in media}


def _parameters(route: Route) -> list[JsonObject]:
    shape = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[A-Za-z0-9._:~-]+$"}
    parameters: list[JsonObject] = [
        {"name": name, "in": "path", "required": True, "schema": shape}
        for name in _PARAMETER.findall(route.path)
    ]
    if route.query is not None:
        parameters += _query_parameters(route.query)
    if route.once:
        parameters.append(_IDEMPOTENCY)
    if route.action != PUBLIC:
        parameters.append(_POST)
    return parameters


def _query_parameters(query: type[msgspec.Struct]) -> list[JsonObject]:
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

"""The description of the API says enough for somebody who has nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from server.identity.permissions import load_permissions
from web import i18n
from web.api.examples import EXAMPLES
from web.openapi import Words, describe
from web.table import routes

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def document() -> Any:  # JSON as it is served
    table = load_permissions(ROOT / "config" / "identity" / "permissions.toml")
    roles = {one.action: sorted(one.roles) for one in table.actions}
    words = Words(messages=i18n.load().errors["en"], roles=roles)
    return msgspec.json.decode(msgspec.json.encode(describe(routes(), words)))


def operations(document: Any) -> list[tuple[str, Any]]:
    return [
        (f"{method} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_says_what_it_does_and_who_may(document: Any) -> None:
    for name, operation in operations(document):
        assert len(operation["description"]) > 15, name
        if "x-permission" in operation:
            assert operation["x-roles"], name
        for parameter in operation["parameters"]:
            assert parameter.get("description"), f"{name} {parameter['name']}"


def test_every_error_has_its_meaning(document: Any) -> None:
    for name, operation in operations(document):
        for code, meaning in operation.get("x-error-codes", {}).items():
            assert meaning, f"{name} {code}"


def test_every_field_of_every_body_says_what_it_means(document: Any) -> None:
    schemas = document["components"]["schemas"]
    waiting = [
        content["schema"]["$ref"].rpartition("/")[2]
        for _, operation in operations(document)
        for media, content in operation.get("requestBody", {}).get("content", {}).items()
        if media == "application/json"
    ]
    seen: set[str] = set()
    silent = []
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for field, shape in schemas[name].get("properties", {}).items():
            if not shape.get("description"):
                silent.append(f"{name}.{field}")
            if "$ref" in shape:
                waiting.append(shape["$ref"].rpartition("/")[2])
    assert len(seen) > 40
    assert not silent


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_each_example_is_a_body_that_its_route_takes(name: str, document: Any) -> None:
    (route,) = [one for one in routes() if one.name == name]
    assert route.body is not None
    msgspec.convert(msgspec.to_builtins(dict(EXAMPLES[name])), route.body)
    (shown,) = [one for _, one in operations(document) if one["operationId"] == name]
    assert shown["requestBody"]["content"]["application/json"]["example"] == EXAMPLES[name]


def test_states_are_explained_where_they_are_named(document: Any) -> None:
    assert "`03`: Đã tiếp nhận" in document["components"]["schemas"]["Code"]["description"]


def test_the_guide_names_only_paths_that_exist(document: Any) -> None:
    paths = document["paths"]
    for act in ("undo-accept", "undo-refuse", "reopen", "unassign", "rebook", "accept", "assign"):
        assert f"/api/v1/arrivals/{{arrival_id}}/{act}" in paths
        assert f"/{act}" in document["info"]["description"]

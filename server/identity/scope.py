"""Need to know: rows of ``participants``, and the predicate every scoped read carries.

A store joins the predicate in by passing ``FRAGMENTS`` to ``load_all`` and writing
``WHERE {{may_see_document}}`` with its table aliased ``d`` (see ``FRAGMENTS``); the parameters come from
``Access.scope_params``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from server.identity.model import Grant
from server.kernel.actor import Role
from server.kernel.clock import text
from server.unit import Unit
from storage.sql.protocol import Params
from storage.sql.statements import load

_HERE = Path(__file__).parent
# No statement here differs between the engines.
_STATEMENTS = load(_HERE / "queries_scope.sql", "sqlite")
_NO_CONTENT = frozenset({Role.ADMINISTRATOR.value, Role.SUPERVISOR.value})


def predicate(kind: str, alias: str) -> str:
    """Return the predicate for subjects of ``kind`` whose table is aliased ``alias`` (SQL text).

    Both are words of the program, never of a request.
    """
    if not kind.isidentifier() or not alias.isidentifier():
        raise ValueError(f"not words of the program: {kind}, {alias}")
    lines = (_HERE / "scope.sql").read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("--"))
    return body.strip().replace("%kind%", kind).replace("%alias%", alias)


def seen_ids(kind: str) -> dict[str, str]:
    """Return the fragments ``few_<kind>s`` and ``ids_of_<kind>s`` (see ``scope_ids.sql``)."""
    if not kind.isidentifier():
        raise ValueError(f"not a word of the program: {kind}")
    parts: dict[str, str] = {}
    for part in (_HERE / "scope_ids.sql").read_text(encoding="utf-8").split("-- fragment: ")[1:]:
        name, _, body = part.partition("\n")
        for known, made in parts.items():
            body = body.replace(f"{{{{{known}}}}}", made)
        parts[name] = body.strip().replace("%kind%", kind)
    return {f"few_{kind}s": parts["few"], f"ids_of_{kind}s": parts["ids"]}


FRAGMENTS: Final[Mapping[str, str]] = {
    "may_see_document": predicate("document", "d"),
    "may_see_arrival": predicate("arrival", "a"),
    "may_see_dispatch": predicate("dispatch", "s"),
    **seen_ids("document"),
    **seen_ids("arrival"),
}
"""Fragments for ``load_all``: documents aliased ``d``, arrivals ``a``, dispatches ``s``."""


class GrantRefused(ValueError):
    """Handling named somebody who may never see content, or nobody at all: a fault in the program."""


async def grant(unit: Unit, kind: str, subject_id: str, grants: Sequence[Grant]) -> None:
    """Let each grantee see the subject; those who may already are left as they are.

    One statement for any number of grants. Raises GrantRefused.
    """
    await grant_many(unit, kind, [(subject_id, grant) for grant in grants])


async def grant_many(unit: Unit, kind: str, grants: Sequence[tuple[str, Grant]]) -> None:
    """As ``grant``, for many subjects of one kind in one statement: (subject id, grant)."""
    rows: list[Params] = [
        {
            "subject_kind": kind,
            "subject_id": subject_id,
            "body_id": grant.body_id,
            "grantee": _checked(grant.grantee),
            "reason": grant.reason,
            "since": text(unit.now),
        }
        for subject_id, grant in grants
    ]
    unit.later(_STATEMENTS["grant"], rows)


async def revoke(unit: Unit, kind: str, subject_id: str, grantees: Sequence[str]) -> None:
    """Take the way in from each grantee (a wrongly named post)."""
    await unit.execute_many(
        _STATEMENTS["revoke"],
        [{"subject_kind": kind, "subject_id": subject_id, "grantee": grantee} for grantee in grantees],
    )


async def restrict(unit: Unit, kind: str, subject_id: str, *, restricted: bool) -> None:
    """Mark a subject as restricted (personnel and the like): no mandate reaches it. Later grants inherit."""
    await unit.execute(
        _STATEMENTS["restrict"],
        {"subject_kind": kind, "subject_id": subject_id, "restricted": int(restricted)},
    )


def post(post_id: str) -> str:
    """Return the grantee that names one post."""
    return f"post:{post_id}"


def role(body_id: str, which: Role) -> str:
    """Return the grantee that names everybody of a role in a body."""
    return f"role:{body_id}:{which.value}"


def _checked(grantee: str) -> str:
    kind, _, rest = grantee.partition(":")
    if kind == "post" and rest:
        return grantee
    if kind == "role":
        body_id, _, which = rest.partition(":")
        if body_id and which in Role._value2member_map_ and which not in _NO_CONTENT:
            return grantee
    raise GrantRefused(f"not a grantee: {grantee!r}")

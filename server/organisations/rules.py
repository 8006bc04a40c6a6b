"""What is allowed with bodies, posts, holdings and authorities. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from server.kernel.errors import Fault
from server.organisations.model import Authority, Body, Holding, HoldingKind, Mode, Node

INSTALLATION = "installation"
"""Level, and id, of the body that holds the first administrator before any real body exists."""


def shown(day: date) -> str:
    """Return a day as the office writes it: 01/07/2025."""
    return day.strftime("%d/%m/%Y")


def overlaps(from_a: date, to_a: date | None, from_b: date, to_b: date | None) -> bool:
    """Tell whether two half-open spans share a day; None = open."""
    return (to_b is None or from_a < to_b) and (to_a is None or from_b < to_a)


def span_fault(valid_from: date, valid_to: date | None, field: str = "/valid_to") -> Fault | None:
    """Return the fault of a span that has no day; None = it is right."""
    if valid_to is not None and valid_to <= valid_from:
        return Fault("organisations.span_empty", field, {"from": shown(valid_from), "to": shown(valid_to)})
    return None


def holding_faults(new: Holding, others: Iterable[Holding]) -> list[Fault]:
    """Return what is wrong with a new holding of a post; ``others`` are the holdings of the same post.

    A post has one holder (appointed or acting) on a day; beside them any number of delegates, each with an
    end and a basis. Acting needs a basis, too. Nobody holds the same post twice on a day.
    """
    faults = []
    if fault := span_fault(new.valid_from, new.valid_to):
        faults.append(fault)
    if new.kind is not HoldingKind.APPOINTED and not new.basis:
        faults.append(Fault("organisations.basis_missing", "/basis"))
    if new.kind is HoldingKind.DELEGATED and new.valid_to is None:
        faults.append(Fault("organisations.delegation_open", "/valid_to"))
    if faults:
        return faults
    for other in others:
        if other.id == new.id or not overlaps(new.valid_from, new.valid_to, other.valid_from, other.valid_to):
            continue
        both_hold = HoldingKind.DELEGATED not in (new.kind, other.kind)
        if both_hold or other.account_id == new.account_id:
            since = {"from": shown(other.valid_from)}
            return [Fault("organisations.post_taken", "/valid_from", since)]
    return []


def authority_faults(new: Authority, granted_by: Sequence[Authority]) -> list[Fault]:
    """Return what is wrong with a new authority; ``granted_by`` are those of the post that gives it.

    A TUQ is a written mandate for a time (Decree 30/2020, Article 13 [M]); whoever signs by TUQ passes
    nothing on (TUQ cannot be passed on). TUQ and TL are given by somebody who may sign.
    """
    faults = []
    if fault := span_fault(new.valid_from, new.valid_to):
        faults.append(fault)
    if new.mode is Mode.TUQ:
        if not new.basis:
            faults.append(Fault("organisations.mandate_unwritten", "/basis"))
        if new.valid_to is None:
            faults.append(Fault("organisations.mandate_open", "/valid_to"))
    if new.mode in (Mode.TUQ, Mode.TL) and not new.granted_by_post_id:
        faults.append(Fault("organisations.giver_missing", "/granted_by_post_id"))
    if new.mode in (Mode.TM, Mode.KT, Mode.TL, Mode.TUQ) and not new.for_title:
        faults.append(Fault("organisations.for_title_missing", "/for_title"))
    if new.granted_by_post_id:
        faults.extend(_giver_faults(new, granted_by))
    return faults


def _giver_faults(new: Authority, granted_by: Sequence[Authority]) -> list[Fault]:
    if new.granted_by_post_id == new.post_id:
        return [Fault("organisations.giver_self", "/granted_by_post_id")]
    own = [
        given for given in granted_by if given.in_force_on(new.valid_from) and given.body_id == new.body_id
    ]
    if not own:
        return [Fault("organisations.giver_without_authority", "/granted_by_post_id")]
    if all(given.mode is Mode.TUQ for given in own):
        return [Fault("organisations.mandate_passed_on", "/granted_by_post_id")]
    return []


_MODE_ORDER = (Mode.TM, Mode.DIRECT, Mode.Q, Mode.KT, Mode.TL, Mode.TUQ)


def best_authority(authorities: Iterable[Authority], on: date, *, delegated: bool) -> Authority | None:
    """Return the authority to use on a day: the strongest capacity, the newest of equal ones.

    ``delegated``: the person stands in for the holder. A TUQ names its holder and cannot be passed on, so a
    stand-in has none.
    """
    usable = [
        authority
        for authority in authorities
        if authority.in_force_on(on) and not (delegated and authority.mode is Mode.TUQ)
    ]
    usable.sort(key=lambda authority: (-authority.valid_from.toordinal(), authority.id))
    usable.sort(key=lambda authority: _MODE_ORDER.index(authority.mode))
    return usable[0] if usable else None


def closing_faults(
    body: Body, on: date, successor: Body | None, children: Sequence[Body], kept: Sequence[Body]
) -> list[Fault]:
    """Return why a body cannot be closed from a day.

    ``children``: bodies below it, ``kept``: bodies whose books its clerk keeps; both must have been moved or
    closed by that day. ``successor`` is None when nobody takes over.
    """
    faults = []
    if body.valid_to is not None:
        faults.append(Fault("organisations.closed_already", "", {"on": shown(body.valid_to)}))
    if on <= body.valid_from:
        faults.append(Fault("organisations.closed_before_opening", "/on", {"from": shown(body.valid_from)}))
    if successor is not None and successor.id == body.id:
        faults.append(Fault("organisations.successor_self", "/successor_id"))
    elif successor is not None and not successor.open_on(on):
        faults.append(Fault("organisations.successor_closed", "/successor_id", {"code": successor.code}))
    faults.extend(
        Fault("organisations.child_open", "", {"name": child.name, "code": child.code})
        for child in children
        if child.open_on(on)
    )
    faults.extend(
        Fault("organisations.books_kept", "", {"name": other.name, "code": other.code})
        for other in kept
        if other.open_on(on)
    )
    return faults


def recipient_fault(
    body_id: str, body: Body | None, successor: Body | None, on: date, index: int
) -> Fault | None:
    """Return why nothing can be sent to a body on a day; None = it can.

    ``successor`` is the body that is open and stands at the end of the line of successors.
    """
    field = f"/recipients/{index}"
    if body is None or body.level == INSTALLATION:
        return Fault("organisations.recipient_unknown", field, {"id": body_id})
    if body.open_on(on):
        return None
    params = {"name": body.name, "code": body.code}
    if body.valid_to is None or on < body.valid_from:
        return Fault("organisations.recipient_not_yet", field, {**params, "from": shown(body.valid_from)})
    params["closed"] = shown(body.valid_to)
    if successor is None:
        return Fault("organisations.recipient_closed", field, params)
    params |= {"successor": successor.code, "successor_name": successor.name}
    return Fault("organisations.recipient_succeeded", field, params)


def last_successor(body: Body, known: Mapping[str, Body], on: date) -> Body | None:
    """Follow the successors of a closed body to one that is open on the day; None = there is none."""
    seen = {body.id}
    current: Body | None = body
    while current is not None and not current.open_on(on):
        current = known.get(current.successor_id)
        if current is None or current.id in seen:
            return None
        seen.add(current.id)
    return current


def parents_fault(parents: Mapping[str, str]) -> str | None:
    """Return the id of a body that stands above itself; None = the parents make a tree.

    ``parents``: body -> the body above it ("" = top).
    """
    settled: set[str] = set()
    for start in parents:
        path: list[str] = []
        current = start
        while current and current not in settled:
            if current in path:
                return current
            path.append(current)
            current = parents.get(current, "")
        settled.update(path)
    return None


def ordered(rows: Iterable[Node]) -> list[Node]:
    """Return the nodes of one day in the order of the tree, depth filled in, siblings by id.

    A node whose parent is not there on that day stands at the top.
    """
    nodes = {node.id: node for node in rows}
    below: dict[str, list[Node]] = {}
    for node in sorted(nodes.values(), key=lambda node: node.id):
        below.setdefault(node.parent_id if node.parent_id in nodes else "", []).append(node)
    result: list[Node] = []
    waiting = [(node, 0) for node in reversed(below.get("", []))]
    while waiting:
        node, depth = waiting.pop()
        result.append(_at_depth(node, depth))
        waiting.extend((child, depth + 1) for child in reversed(below.get(node.id, [])))
    return result


def _at_depth(node: Node, depth: int) -> Node:
    return Node(
        id=node.id,
        code=node.code,
        name=node.name,
        name_en=node.name_en,
        short_name=node.short_name,
        bloc=node.bloc,
        level=node.level,
        parent_id=node.parent_id if depth else "",
        depth=depth,
    )

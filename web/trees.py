"""Trees of bodies as nested lists, put together in one pass: a province has a thousand of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup, escape

from server.organisations.model import Node
from web.routes import Language


class Trees:
    """Trees in one language."""

    def __init__(self, language: Language, t: Callable[..., str]) -> None:
        self._english = language == "en"
        self._t = t

    def picks(self, nodes: Sequence[Node], name: str, chosen: Iterable[str]) -> Markup:
        """Return a tree of check boxes; branches carry a button that chooses all below (with script)."""
        marked = frozenset(chosen)
        field = escape(name)
        below = escape(self._t("tree.all_below"))
        button = f'<button type="button" class="ghost small" data-branch hidden>{below}</button>'

        def row(node: Node, branch: bool) -> str:
            checked = " checked" if node.id in marked else ""
            return (
                f'<label class="choice"><input type="checkbox" name="{field}" value="{escape(node.id)}"'
                f'{checked}> <span>{self._name(node)} <span class="code">{escape(node.code)}</span>'
                "</span></label>"
                f"{button if branch else ''}"
            )

        return _nested(nodes, row)

    def links(self, nodes: Sequence[Node]) -> Markup:
        """Return a tree of links into the directory."""

        def row(node: Node, _branch: bool) -> str:
            bloc = escape(self._t(f"bloc.{node.bloc}"))
            return (
                f'<div class="leaf"><a href="/danh-muc/{escape(node.id)}">{self._name(node)}</a> '
                f'<span class="code">{escape(node.code)} · {bloc}</span></div>'
            )

        return _nested(nodes, row)

    def _name(self, node: Node) -> Markup:
        return escape(node.name_en if self._english and node.name_en else node.name)


def _nested(nodes: Sequence[Node], row: Callable[[Node, bool], str]) -> Markup:
    """Return nested lists from nodes in tree order; a node deeper than the one before is below it."""
    parts: list[str] = []
    open_depths: list[int] = []
    for index, node in enumerate(nodes):
        while open_depths and open_depths[-1] > node.depth:
            parts.append("</li></ul>")
            open_depths.pop()
        if open_depths and open_depths[-1] == node.depth:
            parts.append("</li>")
        else:
            parts.append("<ul>")
            open_depths.append(node.depth)
        branch = index + 1 < len(nodes) and nodes[index + 1].depth > node.depth
        parts.append(f"<li>{row(node, branch)}")
    parts.extend("</li></ul>" for _ in open_depths)
    return Markup("".join(parts))  # noqa: S704 - every value was escaped above

"""Named parameters for PostgreSQL: ``:name`` becomes ``$n``.

Left alone are ``::casts``, string literals, quoted identifiers, dollar quotes and comments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from storage.sql.protocol import Params, SqlError, SqlValue, Statement

TOKEN = re.compile(
    r"""
      (?P<literal> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<dollar> \$(?P<tag>[A-Za-z_]\w*|)\$ .*? \$(?P=tag)\$ )
    | (?P<comment> --[^\n]* | /\*.*?\*/ )
    | (?P<cast> :: )
    | :(?P<name> [A-Za-z_]\w* )
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the text with numbered parameters and the names in the order of their numbers."""
    numbers: dict[str, int] = {}

    def replace(token: re.Match[str]) -> str:
        name = token["name"]
        if name is None:
            return token[0]
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    result = TOKEN.sub(replace, text)
    return result, tuple(numbers)


def arguments(statement: Statement, names: Sequence[str], params: Params) -> list[SqlValue]:
    """Return the values in the order of their numbers. Raises SqlError when one is missing."""
    try:
        return [params[name] for name in names]
    except KeyError as error:
        raise SqlError(f"{statement.name}: no value for :{error.args[0]}") from error

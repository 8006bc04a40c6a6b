"""From untrusted bytes to typed values, naming every fault at once.

msgspec stops at the first fault, so a value that fails is walked field by field. Text is kept as it
should be stored: NFC (Vietnamese letters arrive decomposed from some systems), without control characters
other than line feed, carriage return and tab, without lone surrogates, which no database keeps.
"""

from __future__ import annotations

import json
import re
import types
import typing
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Annotated, TypeVar, cast

import msgspec

from server.kernel.errors import Fault, Invalid

T = TypeVar("T", bound=msgspec.Struct)

DEPTH_LIMIT = 32
FAULT_LIMIT = 100
"""More faults than that are not listed."""
INTEGER_LIMIT = 2**63
"""Rows keep 64-bit integers."""
_FORBIDDEN = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")

_REASONS: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (re.compile(r"Expected `(?:str|array|bytes|object)` of length >= (\d+)"), "web.too_short", ("limit",)),
    (re.compile(r"Expected `(?:str|array|bytes|object)` of length <= (\d+)"), "web.too_long", ("limit",)),
    (re.compile(r"Expected `(?:int|float|decimal)` >=? (-?\d+)"), "web.too_small", ("limit",)),
    (re.compile(r"Expected `(?:int|float|decimal)` <=? (-?\d+)"), "web.too_great", ("limit",)),
    (re.compile(r"Expected `str` matching regex '(.*)'"), "web.wrong_pattern", ("pattern",)),
    (re.compile(r"Invalid enum value (.+?)(?: - at .*)?$"), "web.not_a_choice", ("given",)),
    (re.compile(r"Invalid RFC3339 encoded date"), "web.not_a_date", ()),
    (re.compile(r"Invalid RFC3339 encoded|Expected `datetime` with a timezone"), "web.not_an_instant", ()),
    (re.compile(r"Expected `(.+?)`, got `(.+?)`"), "web.wrong_type", ("expected", "given")),
)


class _Duplicate(ValueError):
    """An object names a key twice (RFC 8259 section 4 leaves the meaning open, so it is refused)."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Duplicate(name)
            seen.add(name)
    return result


def _constant(name: str) -> object:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def parse_json(raw: bytes) -> object:
    """Return the JSON value of a body (RFC 8259), made of builtins.

    Raises Invalid ``web.not_utf8``, ``web.not_json``, ``web.duplicate_field``, ``web.too_deep``.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Invalid("web.not_utf8") from error
    try:
        return cast(object, json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant))
    except _Duplicate as error:
        raise Invalid("web.duplicate_field", name=visible(error.name)) from error
    except json.JSONDecodeError as error:
        raise Invalid("web.not_json", position=error.pos) from error
    except RecursionError as error:
        raise Invalid("web.too_deep", limit=DEPTH_LIMIT) from error
    except ValueError as error:  # an integer of more than 4300 digits
        raise Invalid("web.number_out_of_range") from error


def visible(text: str) -> str:
    """Return text from a caller as it may stand in a message or a log: short, no control characters."""
    return _FORBIDDEN.sub("�", text[:200])


def clean_text(text: str) -> str | None:
    """Return text in NFC, or None when it holds a character that may not be kept."""
    if text.isascii():
        return None if _FORBIDDEN.search(text) else text
    if _FORBIDDEN.search(text):
        return None
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def clean(value: object) -> object:
    """Return a value of builtins with all its text clean.

    Raises Invalid with a fault for each text or number that may not be kept, or ``web.too_deep``.
    """
    faults: list[Fault] = []
    cleaned = _clean(value, "", 0, faults)
    if faults:
        raise Invalid.of(faults[:FAULT_LIMIT])
    return cleaned


def _clean(value: object, pointer: str, depth: int, faults: list[Fault]) -> object:
    if isinstance(value, str):
        text = clean_text(value)
        if text is None:
            faults.append(Fault("web.control_character", pointer))
            return ""
        return text
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        if not -INTEGER_LIMIT <= value < INTEGER_LIMIT:
            faults.append(Fault("web.number_out_of_range", pointer))
        return value
    if isinstance(value, float):
        if value in (float("inf"), float("-inf")):
            faults.append(Fault("web.number_out_of_range", pointer))
        return value
    if depth >= DEPTH_LIMIT:
        raise Invalid("web.too_deep", limit=DEPTH_LIMIT)
    if isinstance(value, dict):
        result = {}
        for name, item in value.items():
            if clean_text(name) is None:
                faults.append(Fault("web.control_character", pointer))
                continue
            result[name] = _clean(item, f"{pointer}/{escape(name)}", depth + 1, faults)
        return result
    if isinstance(value, list):
        return [_clean(item, f"{pointer}/{index}", depth + 1, faults) for index, item in enumerate(value)]
    return value


def escape(name: str) -> str:
    """Return a key as a part of a JSON pointer (RFC 6901 section 3)."""
    return name.replace("~", "~0").replace("/", "~1")


def body(raw: bytes, into: type[T]) -> T:
    """Return a JSON body as ``into``. Raises Invalid with every fault of the body."""
    if not raw:
        raise Invalid("web.body_missing")
    return check(clean(parse_json(raw)), into)


def check(value: object, into: type[T], *, prefix: str = "/", strict: bool = True) -> T:
    """Return clean builtins as ``into``. Raises Invalid with every fault, each at ``prefix`` + its path."""
    try:
        return msgspec.convert(value, into, strict=strict)
    except msgspec.ValidationError as error:
        faults: list[Fault] = []
        _collect(value, into, prefix, strict, faults)
        if not faults:
            faults.append(reason(str(error), prefix.rstrip("/")))
        raise Invalid.of(faults[:FAULT_LIMIT]) from error
    except (RecursionError, OverflowError) as error:
        raise Invalid("web.too_deep", limit=DEPTH_LIMIT) from error


def query(pairs: Iterable[tuple[str, str]], into: type[T]) -> T:
    """Return query parameters as ``into``; a parameter left empty counts as not given.

    Raises Invalid with every fault, each at ``query:<name>``.
    """
    values, faults = gather(pairs, into, "query:")
    return _judged(values, into, "query:", faults)


def form(pairs: Iterable[tuple[str, str]], into: type[T]) -> T:
    """Return the fields of an HTML form as ``into``; a field left empty counts as not given.

    Raises Invalid with every fault, each at ``/<name>``.
    """
    values, faults = gather(pairs, into, "/")
    return _judged(values, into, "/", faults)


def _judged(values: dict[str, object], into: type[T], prefix: str, faults: list[Fault]) -> T:
    try:
        result = check(values, into, prefix=prefix, strict=False)
    except Invalid as error:
        named = {fault.field for fault in faults}
        raise Invalid.of([*faults, *(item for item in error.faults if item.field not in named)]) from error
    if faults:
        raise Invalid.of(faults)
    return result


def gather(
    pairs: Iterable[tuple[str, str]], into: type[msgspec.Struct], prefix: str
) -> tuple[dict[str, object], list[Fault]]:
    """Return names and values of a query or form as builtins, and the faults found on the way."""
    lists = _list_fields(into)
    known = _names(into)
    values: dict[str, object] = {}
    faults: list[Fault] = []
    for name, raw in pairs:
        place = prefix + visible(name)
        text = clean_text(raw)
        if name not in known:
            code = "web.unknown_parameter" if prefix == "query:" else "web.unknown_field"
            faults.append(Fault(code, place, {"name": visible(name)}))
        elif text is None:
            faults.append(Fault("web.control_character", place))
        elif name in lists:
            present = values.setdefault(name, [])
            if isinstance(present, list) and text:
                present.append(text)
        elif name in values:
            faults.append(Fault("web.repeated_parameter", place, {"name": name}))
        elif text:
            values[name] = text
    return values, faults


@lru_cache(maxsize=1024)
def _names(into: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(item.encode_name for item in msgspec.structs.fields(into))


@lru_cache(maxsize=1024)
def _list_fields(into: type[msgspec.Struct]) -> frozenset[str]:
    return frozenset(
        item.encode_name
        for item in msgspec.structs.fields(into)
        if typing.get_origin(_bare(item.type)) in (list, tuple, set, frozenset)
    )


def _bare(kind: object) -> object:
    """Strip Annotated and ``| None`` from a type."""
    while typing.get_origin(kind) is Annotated:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        rest = [item for item in typing.get_args(kind) if item is not type(None)]
        if len(rest) == 1:
            return _bare(rest[0])
    return kind


def _collect(value: object, kind: object, pointer: str, strict: bool, faults: list[Fault]) -> None:
    if len(faults) >= FAULT_LIMIT:
        return
    bare = _bare(kind)
    if isinstance(bare, type) and issubclass(bare, msgspec.Struct) and isinstance(value, dict):
        _collect_struct(value, bare, pointer, strict, faults)
        return
    before = len(faults)
    if typing.get_origin(bare) is list and isinstance(value, list):
        (item_kind,) = typing.get_args(bare)
        for index, item in enumerate(value):
            if _reason(item, item_kind, strict) is not None:
                _collect(item, item_kind, f"{pointer.rstrip('/')}/{index}", strict, faults)
    if len(faults) == before and (why := _reason(value, kind, strict)) is not None:
        faults.append(reason(why, pointer.rstrip("/")))


def _collect_struct(
    value: Mapping[str, object], kind: type[msgspec.Struct], pointer: str, strict: bool, faults: list[Fault]
) -> None:
    base = pointer if pointer.endswith(("/", ":")) else pointer + "/"
    known = set()
    for item in msgspec.structs.fields(kind):
        known.add(item.encode_name)
        place = base + escape(item.encode_name)
        if item.encode_name not in value:
            if item.required:
                faults.append(Fault("web.field_missing", place))
        elif _reason(value[item.encode_name], item.type, strict) is not None:
            _collect(value[item.encode_name], item.type, place, strict, faults)
    if kind.__struct_config__.forbid_unknown_fields:
        for name in value:
            if name not in known:
                faults.append(
                    Fault("web.unknown_field", base + escape(visible(name)), {"name": visible(name)})
                )


def _reason(value: object, kind: object, strict: bool) -> str | None:
    """Return why a value is not of a kind, in msgspec's words; None when it is."""
    try:
        msgspec.convert(value, cast("type[object]", kind), strict=strict)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def reason(text: str, pointer: str) -> Fault:
    """Return a fault from msgspec's words."""
    for pattern, code, names in _REASONS:
        if match := pattern.search(text):
            return Fault(code, pointer, dict(zip(names, map(visible, match.groups()), strict=True)))
    return Fault("web.invalid_value", pointer, {"reason": visible(text)})

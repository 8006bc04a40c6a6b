"""The words of the product: Vietnamese first, English second, side by side in ``web/locale/*.toml``.

A catalogue holds ``[words]`` (``"documents.draft" = { vi = "...", en = "..." }``) and one
``[errors."code"]`` table per error code with ``vi`` and ``en``. Parameters stand as ``{name}``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path

from server.kernel.clock import VIETNAM, local_date
from web.routes import Language

LOCALE = Path(__file__).parent / "locale"
LANGUAGES: tuple[Language, ...] = ("vi", "en")
LANGUAGE_COOKIE = "lang"
PARAMETER_LIMIT = 200
"""Longest parameter put into a sentence; what callers send is cut there."""


class BadCatalogue(ValueError):
    """A catalogue is not what this module reads; names the file and the key."""


@dataclass(frozen=True)
class Catalogue:
    """Every word and message, by language."""

    words: Mapping[Language, Mapping[str, str]]
    """Key -> text."""
    errors: Mapping[Language, Mapping[str, str]]
    """Error code -> message."""
    missing: set[str] = field(default_factory=set)
    """Keys asked for and not found; tests expect it empty."""

    def t(self, language: Language, key: str, params: Mapping[str, object]) -> str:
        """Return the words of ``key``; the key itself when there are none."""
        text = self.words[language].get(key)
        if text is None:
            self.missing.add(key)
            return key
        return _fill(text, params) if params else text

    def message(self, language: Language, code: str, params: Mapping[str, object]) -> str:
        """Return the message of an error code; a general sentence when it has none."""
        text = self.errors[language].get(code)
        if text is None:
            self.missing.add(code)
            text = self.errors[language].get("web.unexplained", code)
            params = {**params, "code": code}
        return _fill(text, params)

    def translator(self, language: Language) -> Callable[..., str]:
        """Return the ``t(key, **params)`` of one language, as templates use it."""
        words = self.words[language]

        def t(key: str, /, **params: object) -> str:
            text = words.get(key)
            if text is None or params:
                return self.t(language, key, params)
            return text

        return t


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(text: str, params: Mapping[str, object]) -> str:
    """Put parameters in by plain replacement: a parameter is text, never a format of its own."""
    if "{" not in text:
        return text
    values = _Lenient({key: str(value)[:PARAMETER_LIMIT] for key, value in params.items()})
    parts: list[str] = []
    rest = text
    while rest:
        before, brace, after = rest.partition("{")
        parts.append(before)
        if not brace:
            break
        name, close, rest = after.partition("}")
        parts.append(values[name] if close else "{" + name)
    return "".join(parts)


def load(folder: Path = LOCALE) -> Catalogue:
    """Read every catalogue of a folder. Raises BadCatalogue naming the file and key at fault."""
    words: dict[Language, dict[str, str]] = {language: {} for language in LANGUAGES}
    errors: dict[Language, dict[str, str]] = {language: {} for language in LANGUAGES}
    for path in sorted(folder.glob("*.toml")):
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise BadCatalogue(f"{path.name}: {error}") from error
        _take(path.name, content.get("words", {}), words)
        _take(path.name, content.get("errors", {}), errors)
    return Catalogue(words, errors)


def _take(file: str, table: object, into: dict[Language, dict[str, str]]) -> None:
    if not isinstance(table, dict):
        raise BadCatalogue(f"{file}: words and errors are tables")
    for key, texts in table.items():
        if not isinstance(texts, dict):
            raise BadCatalogue(f'{file}: "{key}" needs vi and en; a key with a dot stands in quotes')
        for language in LANGUAGES:
            text = texts.get(language)
            if not isinstance(text, str) or not text:
                raise BadCatalogue(f"{file}: {key} lacks {language}")
            if key in into[language]:
                raise BadCatalogue(f"{file}: {key} is there twice")
            into[language][key] = text


@lru_cache(maxsize=512)
def accepted(header: str) -> Language:
    """Choose a language from an ``Accept-Language`` header (RFC 9110 12.5.4); Vietnamese by default."""
    best: Language = "vi"
    best_quality = 0.0
    for part in header[:500].split(","):
        tag, _, parameter = part.strip().partition(";")
        quality = 1.0
        name, _, value = parameter.strip().partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                quality = 0.0
        for language in LANGUAGES:
            if tag.lower().split("-")[0] == language and quality > best_quality:
                best, best_quality = language, quality
    return best


def language_of(cookie: str | None, header: str | None) -> Language:
    """Return the caller's language: what they switched to, else what their browser asks for."""
    for language in LANGUAGES:
        if cookie == language:
            return language
    return accepted(header) if header else "vi"


def instant(value: datetime | str) -> str:
    """Return an instant as the office reads it: ``22/11/2026 14:05`` at +07:00."""
    if isinstance(value, str):
        if not value:
            return ""
        value = datetime.fromisoformat(value)
    return value.astimezone(VIETNAM).strftime("%d/%m/%Y %H:%M")


def day(value: date | datetime | str) -> str:
    """Return a day as the office reads it: ``22/11/2026``."""
    if isinstance(value, str):
        if not value:
            return ""
        value = date.fromisoformat(value[:10])
    if isinstance(value, datetime):
        value = local_date(value)
    return value.strftime("%d/%m/%Y")


def file_size(size_bytes: int, language: Language) -> str:
    """Return a size as people read it: ``96,5 KB`` (vi), ``96.5 KB`` (en)."""
    units = ("B", "KB", "MB", "GB", "TB")
    index = 0
    scaled = size_bytes * 10
    while scaled >= 10240 and index < len(units) - 1:
        scaled = (scaled + 512) // 1024
        index += 1
    whole, tenth = divmod(scaled, 10)
    mark = "," if language == "vi" else "."
    return f"{whole}{mark}{tenth} {units[index]}" if index and tenth else f"{whole} {units[index]}"

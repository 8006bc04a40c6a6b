"""Rules of series from ``config/registers``: read at set-up by the command line and the demo."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec

from server.organisations.model import Body
from server.registers.series import (
    FOREVER,
    Book,
    Period,
    PeriodKind,
    SecretRule,
    SeriesRule,
    Slug,
    Start,
    Words,
)


class RulesError(ValueError):
    """A file of rules is wrong: says file and what."""


class Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule for every body of a profile; fields as in ``SeriesRule``."""

    key: Slug
    """Ending of the id of each rule made from it."""
    book: Book
    """Which book."""
    name: Words
    """Name of the book."""
    period: PeriodKind
    """How long a series runs."""
    valid_from: date
    """First day of the rule."""
    profile: str = ""
    """Profile of the bodies that get it; "" = all."""
    types: tuple[str, ...] = ()
    """Types that it counts."""
    per_type: bool = False
    """One series for each type."""
    periods: tuple[Period, ...] = ()
    """Spans."""
    starts: tuple[Start, ...] = ()
    """Own first numbers."""
    width: int = 0
    """Least number of digits."""
    pattern: str = ""
    """Pattern of the notation."""
    secret: SecretRule = SecretRule.OWN
    """Where numbers of secret papers go."""
    valid_to: date = FOREVER
    """First day on which the rule no longer holds."""

    def rule_for(self, body: Body) -> SeriesRule:
        """Return the rule of one body."""
        fields = msgspec.structs.asdict(self)
        key = fields.pop("key")
        fields["profile"] = body.profile if self.book in (Book.OUTGOING, Book.COPIES) else ""
        return SeriesRule(id=f"{body.id}-{key}", body_id=body.id, kept_by=body.keeper_id, **fields)


class RuleSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of rules holds."""

    rules: tuple[SeriesRule, ...] = ()
    """Rules of single bodies."""
    templates: tuple[Template, ...] = ()
    """Rules for every body of a profile that has none of its own for the book."""

    def rules_of(self, bodies: Iterable[Body]) -> tuple[SeriesRule, ...]:
        """Return every rule for these bodies; closed bodies get none from templates."""
        known = list(bodies)
        here = {body.id for body in known}
        own = {(rule.body_id, rule.book) for rule in self.rules}
        made = [
            template.rule_for(body)
            for body in known
            if body.valid_to is None
            for template in self.templates
            if template.profile in ("", body.profile) and (body.id, template.book) not in own
        ]
        return (*(rule for rule in self.rules if rule.body_id in here), *made)


def load_rules(path: Path) -> RuleSet:
    """Read the rules of one file (blocking). Raises RulesError, OSError."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=RuleSet)
    except msgspec.MsgspecError as error:
        raise RulesError(f"{path.name}: {error}") from error

"""One piece of cryptographic work on one file, told as data, so that a thread or a child process does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server.signatures.keyring import Keyring
from server.signatures.model import KeyRow
from signing.fonts import TextFont, load_font
from signing.model import FieldPlan, Level
from signing.pades.appearance import Appearance
from signing.pades.embed import SignatureText, fill_number_and_date, sign_to
from signing.pades.prepare import prepare
from signing.pades.purpose import Purpose, Request, sign_for
from signing.services import Services


@dataclass(frozen=True, slots=True)
class Step:
    """One signature."""

    key: KeyRow
    """Row of the key that signs."""
    field: str = ""
    """Prepared field to sign in; "" = by the purpose."""
    purpose: Purpose | None = None
    """What the signature is for, when no field was prepared; None with a field."""
    reason: str = ""
    """Plain words in the signature dictionary; with a field."""
    number: str = ""
    """Number shown (purpose issue, attachment)."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is done to one file, in this order: fields placed, texts filled, signatures put."""

    source: bytes
    at: datetime
    """Claimed time of the signatures."""
    plan: FieldPlan | None = None
    """Fields to be placed first; None = they are there."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Texts to be filled in."""
    steps: tuple[Step, ...] = ()
    """Signatures, in order."""
    level: Level = Level.B_B
    """Level wanted of each."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of an order."""

    pdf: bytes
    """The file at the end."""
    prepared: bytes | None
    """The file with its fields, before anything else; None = no plan was given."""
    reached: Level
    """Level of the last signature."""
    shortfall: str
    """Why it is below the level wanted; "" = it is not."""


class Tools:
    """Opened keys and fonts of one process; threads share them."""

    def __init__(self, keys: Path, upright: Path, italic: Path, services: Services = Services()) -> None:  # noqa: B008 - immutable
        self.keyring = Keyring(keys)
        self.services = services
        self._faces = (upright, italic)
        self._fonts: tuple[TextFont, TextFont] | None = None

    def fonts(self) -> tuple[TextFont, TextFont]:
        """Return the upright and the italic face, read once (blocking)."""
        if self._fonts is None:
            upright, italic = self._faces
            self._fonts = load_font(upright), load_font(italic)
        return self._fonts

    def carry_out(self, order: Order) -> Carried:
        """Do the work (blocking).

        Raises SigningError; KeyFault when a certificate is not valid at ``at``; Unavailable
        ``signatures.key_unreadable``.
        """
        pdf, prepared = order.source, None
        upright, italic = self.fonts()
        if order.plan is not None:
            pdf = prepared = prepare(pdf, order.plan, upright, italic).pdf
        if order.values:
            pdf = fill_number_and_date(pdf, order.values, upright)
        reached, shortfall = Level.B_B, ""
        for step in order.steps:
            key = self.keyring.held(step.key)
            if step.purpose is None:
                look, words = Appearance(image=key.image), SignatureText(reason=step.reason)
                done = sign_to(
                    pdf,
                    key.signer,
                    step.field,
                    look,
                    words,
                    order.at,
                    level=order.level,
                    services=self.services,
                )
                pdf, reached, short = done.pdf, done.reached, done.shortfall
            else:
                request = Request(step.purpose, key.image, step.number)
                made = sign_for(
                    pdf,
                    key.signer,
                    request,
                    upright,
                    order.at,
                    level=order.level,
                    services=self.services,
                )
                pdf, reached, short = made.pdf, made.reached, made.shortfall
            shortfall = str(short) if short else ""
        return Carried(pdf, prepared, reached, shortfall)

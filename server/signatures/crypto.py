"""One piece of cryptographic work on one file, told as data, so that a thread or a child process does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from server.signatures.keyring import Keyring
from server.signatures.model import KeyRow
from signing.errors import FieldFault
from signing.fetch import Fetcher, http_services
from signing.fonts import TextFont, load_font
from signing.model import FieldPlan, Level
from signing.pades.appearance import Appearance
from signing.pades.embed import SignatureText, fill_number_and_date, sign_to
from signing.pades.prepare import prepare
from signing.pades.purpose import Purpose, Request, sign_for
from signing.pades.upgrade import raised


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
class Raise:
    """A signature whose level is to be raised."""

    field: str
    """Field that holds it."""
    level: Level
    """Level wanted."""
    needed: bool = True
    """False: one that cannot be raised any more is passed over."""


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
    raises: tuple[Raise, ...] = ()
    """Levels raised at the end, in order; the last one tells the level reached."""


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

    def __init__(
        self, keys: Path, upright: Path, italic: Path, *, tsa: str = "", hosts: tuple[str, ...] = ()
    ) -> None:
        """``tsa`` is the address of the time-stamping authority, ``hosts`` may lie in private networks."""
        self.keyring = Keyring(keys)
        self.services = http_services(tsa or None, Fetcher(allowed_hosts=frozenset(hosts)))
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
        for wanted in order.raises:
            if shortfall:
                break  # what is added now would keep the missing time-stamp out for ever
            try:
                lifted = raised(pdf, wanted.field, wanted.level, self.services, order.at)
            except FieldFault:
                if wanted.needed:
                    raise
                continue
            pdf = lifted.pdf
            if wanted.needed:
                reached = lifted.reached
            shortfall = str(lifted.shortfall) if lifted.shortfall else ""
        return Carried(pdf, prepared, reached, shortfall)

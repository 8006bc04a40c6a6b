"""Builds the demo province: bodies, accounts, books, a development PKI with a key for each signer and seal.

Everything is fictional: bodies stand under a letter that no authority uses, persons are named by function.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from server.compose import TEXT_FACE, Services
from server.kernel.actor import SYSTEM
from server.kernel.clock import local_date
from server.kernel.page import LIMIT_MAX, PageRequest
from server.organisations.data import read_tree
from server.organisations.model import Body
from server.registers.config import load_rules
from server.signatures.model import OwnerKind
from signing.pades.pictures import seal_picture, signature_picture
from signing.pki import ca
from signing.pki.ca import Authority, CertificateRequest
from signing.pki.profiles import KeyType, Kind

KEY_BODIES = ("z01", "z01-01", "z02", "z02-01", "z02-05", "z02-20", "z03-01", "z03-02")
"""Bodies whose signers and seals get keys (RSA-2048, as tokens in the field hold). A key costs a fifth of a
second; the others would be refused with the words that a real signer without a key gets."""


@dataclass(frozen=True, slots=True)
class KeyOrder:
    """A key to be made."""

    kind: OwnerKind
    owner_id: str
    name: str
    organ_id: str
    file: str
    """Name of its files, without ending."""
    key: KeyType


@dataclass(frozen=True, slots=True)
class ProvinceReport:
    """What was built."""

    bodies: int
    accounts: int
    rules: int
    keys: int


async def build_province(
    services: Services, *, password: str, base_url: str, keys_of: Iterable[str] = KEY_BODIES
) -> ProvinceReport:
    """Bring in the demo data; every account gets ``password``; keys are made for ``keys_of``.

    Raises what the rooms raise; doing it twice changes nothing but adds keys anew.
    """
    settings = services.settings
    tree = await asyncio.to_thread(read_tree, settings.under_root(settings.province.organisations))
    rule_set = await asyncio.to_thread(load_rules, settings.under_root(settings.province.registers))
    await services.organisations.import_tree(SYSTEM, tree)
    imported = await services.account_import.import_accounts(SYSTEM, tree, password=password)
    bodies = await all_bodies(services)
    rules = rule_set.rules_of(bodies)
    await services.registers.configure(SYSTEM, rules)
    keys = await make_keys(services, bodies, base_url=base_url, of=keys_of)
    return ProvinceReport(len(bodies), imported.accounts, len(rules), keys)


async def all_bodies(services: Services) -> list[Body]:
    """Return every body, closed ones too."""
    found: list[Body] = []
    page = PageRequest(limit=LIMIT_MAX)
    while True:
        part = await services.organisations.bodies(page)
        found += part.items
        if part.next is None:
            return found
        page = PageRequest(after=part.next, limit=LIMIT_MAX)


async def make_keys(services: Services, bodies: list[Body], *, base_url: str, of: Iterable[str]) -> int:
    """Make the PKI and one key for each person who may sign and each body with a seal."""
    settings = services.settings
    now = services.clock.now()
    wanted = frozenset(of)
    chosen = [body for body in bodies if body.valid_to is None and body.id in wanted]
    orders = await _orders(services, chosen, local_date(now))
    folder = settings.under_data(settings.signing.keys)
    font = settings.under_root(settings.rendering.fonts) / TEXT_FACE
    authority = await asyncio.to_thread(_authority, settings.under_data("pki"), base_url, now)
    await asyncio.to_thread(_make_all, authority, folder, font, orders, now)
    for order in orders:
        await services.signatures.add_key(
            SYSTEM,
            order.kind,
            order.owner_id,
            path=f"{order.file}.p12",
            passphrase_path=f"{order.file}.pass",
            image_path=f"{order.file}.png",
        )
    return len(orders)


async def _orders(services: Services, bodies: list[Body], today: date) -> list[KeyOrder]:
    """Say whose keys are wanted: holders of posts with authority to sign, and bodies with a seal."""
    orders: dict[tuple[OwnerKind, str], KeyOrder] = {}
    for body in bodies:
        if body.has_seal:
            orders[(OwnerKind.BODY, body.id)] = KeyOrder(
                OwnerKind.BODY, body.id, body.name, body.code, f"body-{body.id}", KeyType.RSA2048
            )
        authorities = await services.organisations.authorities_of(body.id)
        posts = [item.post_id for item in authorities if item.in_force_on(today)]
        holders = await services.organisations.holders(posts)
        names = await services.identity.names([holder.account_id for holder in holders])
        for holder in holders:
            orders.setdefault(
                (OwnerKind.PERSON, holder.account_id),
                KeyOrder(
                    OwnerKind.PERSON,
                    holder.account_id,
                    names.get(holder.account_id, holder.post_title),
                    body.code,
                    f"person-{holder.account_id}",
                    KeyType.RSA2048,
                ),
            )
    return list(orders.values())


def _authority(folder: Path, base_url: str, now: datetime) -> Authority:
    if (folder / "register.json").exists():
        return ca.open_authority(folder, passphrase=None)
    return ca.init(folder, base_url=base_url, passphrase=None, now=now)


def _make_all(authority: Authority, folder: Path, font: Path, orders: list[KeyOrder], now: datetime) -> None:
    """Make every key, two at a time (blocking)."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    face = font.read_bytes()
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(_make, authority, folder, face, order, now) for order in orders]:
            done.result()


def _make(authority: Authority, folder: Path, face: bytes, order: KeyOrder, now: datetime) -> None:
    passphrase = secrets.token_urlsafe(24)
    person = order.kind is OwnerKind.PERSON
    issued = authority.issue(
        CertificateRequest(
            Kind.PERSON if person else Kind.ORGANISATION, order.name, organ_id=order.organ_id, key=order.key
        ),
        passphrase=passphrase.encode(),
        now=now,
    )
    seed = int.from_bytes(order.owner_id.encode()[-4:], "big")
    picture = signature_picture(order.name, face, seed=seed) if person else seal_picture(order.name, face)
    for ending, data in (("p12", issued.pkcs12), ("pass", passphrase.encode()), ("png", picture)):
        path = folder / f"{order.file}.{ending}"
        path.touch(mode=0o600)
        path.write_bytes(data)

"""Bulk runs against the signatures alone: the same files, keys and children, without rows and record."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator

from server.compose import Services, open_services
from server.demo.province import build_province
from server.documents.commands import Advance, CheckForm, CreateDraft, FieldsInput
from server.files.model import Secrecy
from server.kernel.actor import Actor, Channel, RequestContext, Role
from server.render.model import Paragraph, Run
from server.signatures.bulk_documents import SIGN
from server.signatures.bulk_model import BulkAsked
from server.signatures.crypto import Order, Step
from server.signatures.model import OwnerKind
from server.signatures.plan import field_plan, person_field
from tests.benchmarks.figures import WORK, Figure, middle, notes, spread
from tests.factories.province import PASSWORD, settings_of

BODY = "z02-05"
DOCUMENTS, ROUNDS = 60, 3


def measure() -> Iterator[Figure]:
    """Return the rate of a bulk run and that of its signatures alone."""
    yield asyncio.run(_measured())


async def _measured() -> Figure:
    folder = WORK / "bulk"
    shutil.rmtree(folder, ignore_errors=True)
    rates: list[float] = []
    floors: list[float] = []
    async with open_services(settings_of(folder), background=False) as services:
        await build_province(services, password=PASSWORD, base_url="http://127.0.0.1/pki", keys_of=(BODY,))
        people = {
            name: await _actor(services, name) for name in ("chuyen-vien", "chanh-van-phong", "giam-doc")
        }
        for turn in range(ROUNDS + 1):  # the first starts the children and is not counted
            asked = [await _to_sign(services, people, f"{turn}.{n}") for n in range(DOCUMENTS)]
            floor = await _alone(services, people["giam-doc"], asked)
            began = time.monotonic()
            run = await services.bulk.start_run(people["giam-doc"], SIGN, asked)
            await services.bulk.drain()
            seconds = time.monotonic() - began
            ended = await services.bulk.run(people["giam-doc"], run.id)
            if ended.done != DOCUMENTS:
                raise RuntimeError(f"{ended.failed} of {DOCUMENTS} documents were not signed")
            if turn:
                rates.append(DOCUMENTS / seconds)
                floors.append(floor)
    value, floor = middle(rates), middle(floors)
    words = (
        f"{DOCUMENTS} rendered documents a run, fields placed, {services.signatures.pool.workers} children"
    )
    return Figure(
        "bulk: documents signed in a run",
        value,
        "files/s",
        floor,
        value / floor,
        note=notes(words, spread(rates)),
    )


async def _alone(services: Services, director: Actor, asked: list[BulkAsked]) -> float:
    """Return the rate at which the children place fields and sign, nothing stored."""
    signatures = services.signatures
    key = await signatures.key_of(OwnerKind.PERSON, director.account_id, "")
    orders = []
    for one in asked:
        task = await services.documents.begin_signing(director, one.subject_id)
        source = await services.files.read_bytes(task.digest)
        plan = field_plan(task.current.placements)
        step = Step(key, person_field(0), reason="Ký")
        orders.append(Order(source, services.clock.now(), plan, steps=(step,)))
    began = time.monotonic()
    await asyncio.gather(*(signatures.carry_out(order, bulk=True) for order in orders))
    return len(orders) / (time.monotonic() - began)


async def _actor(services: Services, post: str) -> Actor:
    post_id = f"{BODY}.{post}"
    [holder, *_] = await services.organisations.holders([post_id])
    return Actor(
        account_id=holder.account_id,
        name=holder.post_title,
        role=Role(holder.role),
        body_id=BODY,
        post_id=post_id,
        post_title=holder.post_title,
        request=RequestContext(channel=Channel.API),
    )


async def _to_sign(services: Services, people: dict[str, Actor], words: str) -> BulkAsked:
    documents, author = services.documents, people["chuyen-vien"]
    fields = FieldsInput(
        body_id=BODY,
        type_code="cong-van",
        subject=f"Ký loạt {words}",
        secrecy=Secrecy.NONE,
        recipients=("z03-01",),
        signer_post=f"{BODY}.giam-doc",
        blocks=(Paragraph(runs=(Run(text="Nội dung văn bản."),)),),
    )
    moved = await documents.create(author, CreateDraft(fields=fields))
    moved = await documents.render(author, moved.id, version=moved.version)
    moved = await documents.submit(author, moved.id, Advance(version=moved.version))
    check = CheckForm(version=moved.version, passed=True)
    moved = await documents.check_form(people["chanh-van-phong"], moved.id, check)
    return BulkAsked(moved.id, moved.version)

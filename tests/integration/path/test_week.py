"""An office week through the API: both registers are what an independent count says they must be."""

from __future__ import annotations

import itertools
import os
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.factories.province import Office, sign_in
from tests.integration.path import mistakes
from tests.integration.path.week import CLERKS, ISSUERS, LEADERS, OTHERS, PEOPLE, WORKERS, Week

ARRIVALS, ISSUES = 30, 24


@asynccontextmanager
async def opened(office: Office, seed: int) -> AsyncIterator[Week]:
    """Sign everybody in and look up names, as whoever knows only the API does."""
    async with AsyncExitStack() as stack:
        people, posts, names = {}, {}, {}
        for name in PEOPLE:
            people[name] = await stack.enter_async_context(office.client())
            await sign_in(people[name], name)
            me = await people[name].get("/api/v1/session")
            posts[name], names[name] = me["post_id"], me["account"]["full_name"]
        anyone = people["vanthu.vptu"]
        bodies = {
            one: (await anyone.get(f"/api/v1/bodies/{one}"))["body"]["name"]
            for one in {*ISSUERS, "z03-02", "z02-06"}
        }
        titles: dict[str, str] = {}
        for body in ("z01-01", "z02-05"):
            titles |= {one["id"]: one["title"] for one in await anyone.get(f"/api/v1/bodies/{body}/posts")}
        yield Week(people, bodies, posts, titles, names, random.Random(seed))


async def live(week: Week, arrivals: int, issues: int) -> None:
    """Issue, receive, handle; the mistakes are spread over the week."""
    counts = itertools.cycle([(body, kind) for body, (_, kinds) in ISSUERS.items() for kind in kinds])
    wanted = arrivals - arrivals // 3
    for place, (body, kind) in enumerate(itertools.islice(counts, issues)):
        others = [one for one in CLERKS if one != body]
        share = (wanted * (place + 1)) // issues - (wanted * place) // issues
        await week.issue(body, kind, others[: max(1, min(share, len(others)))])
        if place % 12 == 5:
            await week.take_and_void(body, kind)
    electronic = list(week.held)
    for place in range(arrivals // 3):
        body = list(CLERKS)[place % len(CLERKS)]
        await week.paper(body, "citizen" if place % 5 == 4 else "incoming")
    first, second, third, fourth, *rest = electronic
    await mistakes.wrong_acceptance(week, first)
    await mistakes.wrong_acceptance_in_work(week, second)
    await mistakes.wrong_refusal(week, third)
    await week.accept(fourth)
    await mistakes.wrong_assignment(week, fourth)
    await mistakes.wrong_book(week, "z01")
    await mistakes.wrong_body(week, "z01-01", "z01")
    await mistakes.wrong_paper_entry(week, "z02-05")
    await mistakes.wrong_recipient(week, "z01", "thong-bao", "z03-02", "z02-06")
    for held in rest:
        await week.accept(held)
    for held in [one for one in week.held if one.state == "03"][::2]:
        await week.assign(held, week.posts[WORKERS[held.body]])
        if week.chance.random() < 0.5:
            await week.assign(held, week.posts[OTHERS[held.body]], "join")
        if week.chance.random() < 0.5:
            await week.finish(held, WORKERS[held.body])


async def live_and_compare(
    office: Office, capsys: pytest.CaptureFixture[str], arrivals: int, issues: int
) -> None:
    """Live the week and compare both registers with the oracle, line by line."""
    seed = int(os.environ.get("LIENTHONG_WEEK_SEED") or secrets.randbelow(10**9))
    async with opened(office, seed) as week:
        await live(week, arrivals, issues)
        await office.services.jobs.drain()
        lines = await week.compare()
        assert lines >= arrivals + issues
        assert await week.complete() == 12
        for body in LEADERS:
            printed = f"/api/v1/books/print?book=incoming&body_id={body}"
            pdf = await week.people[CLERKS[body]].call("GET", printed)
            assert pdf.body.startswith(b"%PDF-")
    with capsys.disabled():
        print(f"\nweek: LIENTHONG_WEEK_SEED={seed}, {lines} lines compared")


async def test_an_office_week(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    await live_and_compare(office, capsys, ARRIVALS, ISSUES)

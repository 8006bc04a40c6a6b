"""Smaller parts of the edge: live hub, static files, links, typed text, cookies, local paths."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest
from aiohttp import WSServerHandshakeError
from hypothesis import given
from hypothesis import strategies as st

from server.kernel.actor import Actor, Role
from server.kernel.errors import Invalid, NotFound
from server.render.model import Paragraph, Run
from tests.unit.web.site import TOKEN, Client
from web import nav
from web.answers import disposition, local
from web.assets import Assets
from web.links import address
from web.live.hub import HUB, QUEUE_EVENTS, RELOAD, SOCKETS_PER_ACCOUNT, Event, Hub
from web.middleware import access_log, request_id
from web.pages.drafting import paragraphs, typed_text
from web.pages.outgoing import outside_of
from web.routes import PageQuery
from web.table import routes

ASSETS = Assets()
"""Read once, outside every loop."""


class Chips(PageQuery):
    """A list with filters."""

    loc: str = ""
    state: list[str] = msgspec.field(default_factory=list)
    late: bool = False


async def test_an_event_reaches_those_who_listen_and_no_others() -> None:
    hub = Hub()
    mine = hub.subscribe("a", ["body:z01"])
    other = hub.subscribe("b", ["body:z02"])
    assert mine is not None
    assert other is not None
    assert hub.publish("body:z01", Event("circulation.arrived", "x")) == 1
    assert await mine.next() == b'{"kind":"circulation.arrived","id":"x","count":1}'
    other.close()
    assert await other.next() is None


async def test_a_slow_reader_is_told_to_load_anew_and_holds_nobody_up() -> None:
    hub = Hub()
    slow = hub.subscribe("a", ["all"])
    assert slow is not None
    for number in range(QUEUE_EVENTS * 3):
        hub.publish("all", Event("x", str(number)))
    assert await slow.next() == RELOAD
    hub.publish("all", Event("after"))
    assert await slow.next() == b'{"kind":"after","id":"","count":1}'


async def test_an_account_has_so_many_sockets() -> None:
    hub = Hub()
    opened = [hub.subscribe("a", ["all"]) for _ in range(SOCKETS_PER_ACCOUNT)]
    assert hub.subscribe("a", ["all"]) is None
    assert hub.subscribe("b", ["all"]) is not None
    assert opened[0] is not None
    hub.unsubscribe(opened[0])
    hub.unsubscribe(opened[0])
    assert hub.size == SOCKETS_PER_ACCOUNT
    assert hub.subscribe("a", ["all"]) is not None


async def test_a_socket_opens_for_a_page_of_this_site_only(client: Client) -> None:
    origin = f"http://{client.host}:{client.port}"
    cookie = {"Cookie": f"session={TOKEN}"}
    for headers in ({}, {"Origin": "https://elsewhere.example", **cookie}, {"Origin": origin}):
        with pytest.raises(WSServerHandshakeError):
            await client.ws_connect("/live", headers=headers)
    async with client.ws_connect("/live", headers={"Origin": origin, **cookie}) as socket:
        hub = client.server.app[HUB]  # type: ignore[attr-defined]  # a TestServer has its application
        while not hub.size:
            await asyncio.sleep(0.01)
        hub.publish("post:z02-05.vt", Event("circulation.arrived", "a1"))
        assert (await socket.receive_json(timeout=5))["id"] == "a1"


async def test_static_files_are_listed_immutable_and_pressed(client: Client) -> None:
    url = ASSETS.url("css/base.css")
    async with client.get(url) as response:
        assert response.status == 200
        assert "immutable" in response.headers["Cache-Control"]
        assert response.headers["Content-Encoding"] == "gzip"
        tag = response.headers["ETag"]
    async with client.get(url, headers={"If-None-Match": tag}) as response:
        assert response.status == 304
    async with client.get(url.replace(ASSETS.version, "older")) as response:
        assert response.headers["Cache-Control"] == "no-cache"
    for name in ("../app.py", "css/../../app.py", "pdfjs/package.json", "nothing.css", "%2e%2e/app.py"):
        async with client.get(f"/static/x/{name}") as response:
            assert response.status == 404


async def test_an_asset_not_in_the_list_does_not_exist() -> None:
    with pytest.raises(NotFound):
        await ASSETS.get("../keys.py")


def test_the_version_changes_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    before = Assets(tmp_path, tmp_path).version
    (tmp_path / "a.css").write_text("b {}")
    assert Assets(tmp_path, tmp_path).version != before


def test_a_filter_keeps_the_others_and_drops_the_cursor() -> None:
    query = Chips(loc="new", state=["a", "b"], after="xyz", late=True)
    assert address("/x", query) == "/x?loc=new&state=a&state=b&late=1"
    assert address("/x", query, loc="") == "/x?state=a&state=b&late=1"
    assert address("/x", query, after="next") == "/x?after=next&loc=new&state=a&state=b&late=1"
    assert address("/x", Chips()) == "/x"


@pytest.mark.parametrize(
    "path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:x", "", "/a\nb", "a"]
)
def test_a_way_back_stays_on_this_site(path: str) -> None:
    assert local(path) == "/"


def test_a_good_way_back_is_kept() -> None:
    assert local("/van-ban-den?loc=new&q=x") == "/van-ban-den?loc=new&q=x"


@given(st.text())
def test_no_file_name_breaks_the_header(name: str) -> None:
    header = disposition(name.encode("utf-8", "replace").decode(), inline=True)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2


def test_typed_lines_are_paragraphs_and_back() -> None:
    blocks = paragraphs("Một.\n\n  Hai.  \n")
    assert [block.runs[0].text for block in blocks if isinstance(block, Paragraph)] == ["Một.", "Hai."]
    assert typed_text(blocks) == "Một.\nHai."
    assert typed_text((Paragraph(runs=(Run(text="x", bold=True),)),)) is None


def test_recipients_by_post_need_an_address() -> None:
    assert outside_of("Ông Hai; 1 đường Mẫu\n\n")[0].address == "1 đường Mẫu"
    with pytest.raises(Invalid, match="outside_form"):
        outside_of("Ông Hai")


def test_every_role_has_its_places_and_home_first() -> None:
    for role in Role:
        places = nav.places(Actor("a", "A", role))
        assert places[0] is nav.HOME
        assert len({place.path for place in places}) == len(places) <= 7
    assert nav.places(Actor("", "", None)) == ()
    assert nav.places(Actor("a", "A", None)) == (nav.HOME,)


def test_fixed_words_are_tried_before_parameters() -> None:
    paths = [route.path for route in routes()]
    assert paths.index("/so/{body_id}/day-so") < paths.index("/so/{body_id}/{book}")


async def test_lines_of_requests_are_written_a_few_at_a_time_and_none_is_lost() -> None:
    written: list[bytes] = []
    lines = access_log.Lines(written.append)
    for number in range(access_log.LINES_LIMIT + 2):
        lines(b"%d" % number)
    await asyncio.sleep(access_log.LINES_DELAY_SECONDS * 2)

    assert len(written) == 2
    assert b"\n".join(written).split(b"\n") == [b"%d" % n for n in range(access_log.LINES_LIMIT + 2)]


async def test_ids_of_requests_are_all_different() -> None:
    ids = {request_id.fresh() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert {len(one) for one in ids} == {20}

"""A leader signs with a token in Chromium; the plugin is the stand-in, over real TLS at its real address."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Stage
from tests.e2e.looking import Watch
from tests.services.vgca import StandIn

DIRECTOR, CHIEF, AUTHOR, CLERK = "giamdoc.syt", "chanhvp.syt", "chuyenvien.syt", "vanthu.syt"
PHONE: Any = {"width": 390, "height": 844}


def to_sign(stage: Stage, subject: str) -> str:
    """A document that waits for the director; return its id."""
    fields = {
        "body_id": "z02-05",
        "type_code": "cong-van",
        "subject": subject,
        "secrecy": "none",
        "recipients": ["z03-01"],
        "signer_post": "z02-05.giam-doc",
        "blocks": [{"kind": "paragraph", "runs": [{"text": "Nội dung."}]}],
    }
    moved = stage.api(AUTHOR, "POST", "/documents", {"fields": fields})
    for act in ("render", "submit"):
        body = {"version": moved["version"]}
        moved = stage.api(AUTHOR, "POST", f"/documents/{moved['id']}/{act}", body)
    body = {"version": moved["version"], "passed": True}
    return str(stage.api(CHIEF, "POST", f"/documents/{moved['id']}/form-check", body)["id"])


def test_approved_on_a_phone_and_signed_at_the_pc(stage: Stage, browser: Browser, tmp_path: Path) -> None:
    document = to_sign(stage, "Ký bằng thiết bị qua trình duyệt")
    with stage.enter(browser, DIRECTOR, viewport=PHONE, has_touch=True) as context:
        page = context.new_page()
        watch = Watch(page)
        page.goto(f"/van-ban/{document}")
        page.get_by_role("button", name="Duyệt, ký số sau").tap()
        expect(page.locator(".panel.title .state")).to_contain_text("Đã duyệt, chờ ký số")
        assert watch.said == []
    with (
        StandIn(tmp_path, stage.token.foreign) as plugin,
        stage.enter(browser, DIRECTOR, ignore_https_errors=True) as context,
    ):
        page = context.new_page()
        watch = Watch(page)
        page.goto("/cho-ky?loc=approved")
        page.get_by_role("link", name="Ký bằng thiết bị qua trình duyệt").click()
        page.get_by_role("link", name="Ký bằng thiết bị của tôi").first.click()
        page.get_by_role("button", name="Ký văn bản").click()
        page.wait_for_url(re.compile(f"/van-ban/{document}$"))
        expect(page.locator(".panel.title .state").first).to_contain_text("Đã ký, chờ số")
        assert watch.said == []
    [asked] = plugin.asked
    assert asked["operation"] == "SignApproved"
    assert asked["SessionId"] == asked["JWTToken"] == ""
    view = stage.api(AUTHOR, "GET", f"/documents/{document}")
    assert [step["act"] for step in view["steps"]][-3:] == ["approve_to_sign", "prepare", "sign"]


def test_a_file_changed_on_the_way_is_refused_in_words(
    stage: Stage, browser: Browser, tmp_path: Path
) -> None:
    document = to_sign(stage, "Phần mềm ký sửa tệp")
    with (
        StandIn(tmp_path, stage.token.foreign, after=lambda pdf: pdf + b"\n<<>>") as _,
        stage.enter(browser, DIRECTOR, ignore_https_errors=True) as context,
    ):
        page = context.new_page()
        page.goto(f"/van-ban/{document}/ky-so")
        page.get_by_role("button", name="Ký văn bản").click()
        expect(page.get_by_role("alert")).to_contain_text("không hợp lệ")
    assert stage.api(DIRECTOR, "GET", f"/documents/{document}")["document"]["state"] == "to_sign"


def test_without_the_plugin_the_page_says_what_to_do(stage: Stage, browser: Browser) -> None:
    document = to_sign(stage, "Không có phần mềm ký")
    with stage.enter(browser, DIRECTOR) as context:
        page = context.new_page()
        page.goto(f"/van-ban/{document}/ky-so")
        page.get_by_role("button", name="Ký văn bản").click()
        missing = page.get_by_role("heading", name="Không thấy phần mềm ký số trên máy này")
        expect(missing).to_be_visible()
        expect(page.locator("main")).to_contain_text("VGCA Sign Service")


def test_many_are_signed_from_the_list_and_the_page_tells_how_it_goes(stage: Stage, browser: Browser) -> None:
    for n in range(3):
        to_sign(stage, f"Ký loạt từ danh sách {n}")
    with stage.enter(browser, DIRECTOR) as context:
        page = context.new_page()
        watch = Watch(page)
        page.goto("/cho-ky")
        for n in range(3):
            row = page.locator("[data-rows] tbody tr", has_text=f"Ký loạt từ danh sách {n}")
            row.get_by_role("checkbox").check()
        page.get_by_role("button", name="Ký các văn bản đã chọn").click()
        page.wait_for_url(re.compile("/ky-loat/"))
        expect(page.get_by_role("status").last).to_contain_text("Xong 3/3", timeout=60_000)
        expect(page.locator("tbody .state.good")).to_have_count(3)
        assert watch.said == []

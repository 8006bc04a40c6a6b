"""What a day brings besides: bad input, double clicks, lost sessions, no script, news while one reads."""

from __future__ import annotations

import re

from playwright.sync_api import Browser, expect

from tests.e2e.conftest import Stage
from tests.e2e.looking import Watch
from tests.e2e.test_main_job import DESK, desk, row
from tests.factories.province import PASSWORD

SIGN_IN = re.compile("/dang-nhap")


def test_errors_stand_beside_their_fields(stage: Stage, browser: Browser) -> None:
    """A subject of blanks is refused with the reason at the field; nothing typed is lost."""
    with stage.enter(browser, "chuyenvien.syt", viewport=DESK) as context:
        page = context.new_page()
        page.goto("/du-thao/moi")
        page.get_by_label("Loại văn bản").select_option("bao-cao")
        page.get_by_label("Trích yếu").fill("   ")
        page.locator("input[name=secrecy][value=none]").check()
        page.locator("textarea[name=text]").fill("Đoạn văn đã gõ.")
        page.get_by_role("button", name="Lưu và dựng PDF").click()
        expect(page.locator("[data-summary]")).to_be_focused()
        expect(page.locator("#e-subject")).to_be_visible()
        expect(page.locator("#f-subject")).to_have_attribute("aria-invalid", "true")
        expect(page.locator("textarea[name=text]")).to_have_value("Đoạn văn đã gõ.")
        page.locator("[data-summary] a").first.click()
        expect(page).to_have_url(re.compile("#f-subject$"))


def test_a_state_secret_is_refused_at_its_field(stage: Stage, browser: Browser) -> None:
    with stage.enter(browser, "chuyenvien.syt", viewport=DESK) as context:
        page = context.new_page()
        page.goto("/du-thao/moi")
        page.get_by_label("Loại văn bản").select_option("bao-cao")
        page.get_by_label("Trích yếu").fill("Báo cáo có nội dung mật")
        page.locator("input[name=secrecy][value=mat]").check()
        page.get_by_role("button", name="Chỉ lưu").click()
        expect(page.locator("#f-secrecy .fault")).to_be_visible()
        page.locator("[data-summary] a").first.click()
        expect(page).to_have_url(re.compile("#f-secrecy$"))


def test_a_wrong_password_says_so_and_keeps_the_name(stage: Stage, browser: Browser) -> None:
    with stage.enter(browser, "", viewport=DESK) as context:
        page = context.new_page()
        page.goto("/")
        expect(page).to_have_url(SIGN_IN)
        page.get_by_label("Tên đăng nhập").fill("chuyenvien2.syt")
        page.get_by_label("Mật khẩu").fill("sai-mat-khau")
        page.get_by_role("button", name="Đăng nhập").click()
        expect(page.locator("[data-summary]")).to_be_visible()
        expect(page.get_by_label("Tên đăng nhập")).to_have_value("chuyenvien2.syt")
        expect(page.get_by_label("Mật khẩu")).to_have_value("")


def test_a_double_click_acts_once(stage: Stage, browser: Browser) -> None:
    """The second click of a nervous hand takes no second number; the same form sent again neither."""
    with desk(stage, browser, "vanthu.syt") as at:
        at.page.goto("/van-ban-den?loc=new")
        row(at, "sốt xuất huyết").get_by_role("link").click()
        address = at.page.url
        form = at.page.locator("#tiep-nhan")
        fields: dict[str, str | float | bool] = {
            name: form.locator(f"[name={name}]").input_value()
            for name in ("_csrf", "_key", "due_date", "note")
        }
        form.get_by_role("button").dblclick()
        at.state("Đã tiếp nhận")
        at.page.goto(address)
        numbers = at.page.locator("dl.facts").first.inner_text()
        again = at.page.request.post(f"{address}/tiep-nhan", form=fields)
        assert again.ok
        at.page.goto(address)
        assert at.page.locator("dl.facts").first.inner_text() == numbers
        receipts = at.page.get_by_role("region", name="Xác nhận trạng thái").locator("tbody tr")
        expect(receipts).to_have_count(2)


def test_a_lost_session_asks_to_sign_in_and_comes_back(stage: Stage, browser: Browser) -> None:
    with stage.enter(browser, "", viewport=DESK) as context:
        page = context.new_page()
        person = {"username": "chuyenvien2.syt", "password": PASSWORD}
        token = page.request.post("/api/v1/session", data=person).json()["csrf_token"]
        page.goto("/van-ban-den?loc=mine")
        expect(page.get_by_role("heading", level=1)).to_have_text("Văn bản đến")
        kept = context.cookies()
        page.request.delete("/api/v1/session", headers={"X-CSRF-Token": token})
        context.add_cookies([{"name": one["name"], "value": one["value"], "url": stage.url} for one in kept])
        page.reload()
        expect(page).to_have_url(SIGN_IN)
        page.get_by_label("Tên đăng nhập").fill("chuyenvien2.syt")
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        expect(page).to_have_url(re.compile(r"/van-ban-den\?loc=mine$"))


def test_news_come_as_a_pill_and_move_nothing(stage: Stage, browser: Browser) -> None:
    """A document arrives while the inbox is open: the rows stay, the pill offers it, a click shows it."""
    with desk(stage, browser, "vanthu.xa3") as at:
        at.page.goto("/van-ban-den")
        at.page.wait_for_load_state("networkidle")
        rows = at.page.locator("[data-rows] tbody tr")
        before = rows.count()
        body = {"document_id": stage.outcome.document_id, "to": ["z03-03"]}
        stage.api("vanthu.vptu", "POST", "/dispatches", body)
        pill = at.page.locator(".pill")
        expect(pill).to_be_visible(timeout=15_000)
        assert rows.count() == before
        pill.click()
        expect(rows).to_have_count(before + 1)


def test_back_returns_to_the_same_row(stage: Stage, browser: Browser) -> None:
    """By the link of the page, by the letter u, and by the browser's own button."""
    with desk(stage, browser, "vanthu.syt") as at:
        at.page.set_viewport_size({"width": 1440, "height": 420})
        at.page.goto("/van-ban-den?nguon=electronic")
        for leave in ("link", "letter", "browser"):
            link = at.page.locator("[data-rows] tbody tr").nth(9).get_by_role("link")
            link.scroll_into_view_if_needed()
            subject = link.inner_text()
            link.click()
            at.page.wait_for_url(re.compile("/van-ban-den/[0-9a-z]{26}"))
            at.page.wait_for_load_state("load")
            if leave == "link":
                at.page.locator("a[data-back]").click()
            elif leave == "letter":
                at.page.keyboard.press("u")
            else:
                at.page.go_back()
            at.page.wait_for_url("**/van-ban-den?nguon=electronic")
            here = at.page.locator("tr", has_text=subject).first
            expect(here).to_be_in_viewport()
            if leave != "browser":
                expect(at.page.locator("tr.here")).to_contain_text(subject)


def test_typed_text_survives_a_closed_tab_and_is_wiped_at_sign_out(stage: Stage, browser: Browser) -> None:
    with stage.enter(browser, "", viewport=DESK) as context:
        page = context.new_page()
        page.request.post("/api/v1/session", data={"username": "chuyenvien.xa1", "password": PASSWORD})
        page.goto("/du-thao/moi")
        page.get_by_label("Trích yếu").fill("Viết dở rồi đóng trang")
        page.wait_for_function("() => Object.keys(localStorage).some(key => key.includes('typed'))")
        page.close()
        page = context.new_page()
        page.goto("/du-thao/moi")
        expect(page.get_by_label("Trích yếu")).to_have_value("Viết dở rồi đóng trang")
        page.locator("details.menu > summary").click()
        page.get_by_role("button", name="Đăng xuất").click()
        expect(page).to_have_url(SIGN_IN)
        assert page.evaluate("() => Object.keys(localStorage).filter(key => key.includes('typed'))") == []


def test_without_script_the_office_still_works(stage: Stage, browser: Browser) -> None:
    """Sign in, accept a document, open its file, draft, and sign out: by plain forms and links."""
    with stage.enter(browser, "", viewport=DESK, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/van-ban-den?loc=new")
        page.get_by_label("Tên đăng nhập").fill("vanthu.syt")
        page.get_by_label("Mật khẩu").fill(PASSWORD)
        page.get_by_role("button", name="Đăng nhập").click()
        page.locator("[data-rows] tbody tr", has_text="quản lý thị trường").get_by_role("link").click()
        file = page.locator(".viewer a[href*='/tep/']").last.get_attribute("href")
        assert file is not None
        assert page.request.get(file).body().startswith(b"%PDF-")
        page.get_by_role("button", name="Tiếp nhận", exact=True).click()
        expect(page.locator(".panel.title .state").first).to_have_text(re.compile("Đã tiếp nhận"))
        page.goto("/du-thao/moi")
        page.get_by_label("Loại văn bản").select_option("cong-van")
        page.get_by_label("Trích yếu").fill("Soạn khi trình duyệt không chạy mã")
        page.locator("input[name=secrecy][value=none]").check()
        page.locator("textarea[name=text]").fill("Một đoạn.")
        page.locator("input[name=recipients][value=z02]").check()
        page.locator("select[name=signer_post]").select_option("z02-05.giam-doc")
        page.get_by_role("button", name="Lưu và dựng PDF").click()
        expect(page.locator(".panel.title .state").first).to_have_text(re.compile("Dự thảo"))
        page.get_by_role("button", name="Trình", exact=True).click()
        expect(page.locator("[data-summary]")).to_have_count(0)


def test_language_and_theme_are_kept(stage: Stage, browser: Browser) -> None:
    """Chosen once in the menu, they stay; the page one was on is shown again."""
    with stage.enter(browser, "chuyenvien.syt", viewport=DESK) as context:
        page = context.new_page()
        watch = Watch(page)
        page.goto("/van-ban-den?loc=mine")
        page.locator("details.menu > summary").click()
        page.get_by_role("button", name="English").click()
        expect(page).to_have_url(re.compile(r"loc=mine$"))
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.locator("details.menu > summary").click()
        page.get_by_role("button", name="Dark").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.goto("/du-thao")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        assert watch.said == []


def test_fields_are_placed_by_mouse_and_by_keyboard(stage: Stage, browser: Browser) -> None:
    """The seal is dragged, the number moved with the arrow keys; the numbers beside follow, and are saved."""
    with stage.enter(browser, "chuyenvien.syt", viewport=DESK) as context:
        page = context.new_page()
        address = f"/van-ban/{stage.seeded.documents['uploaded']}"
        page.goto(f"{address}/vi-tri")
        number, seal = page.locator(".spot.number"), page.locator(".spot.seal")
        left = page.locator("[data-spot=number] input[name=x]")
        before = float(left.input_value())
        number.focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        expect(left).to_have_value(f"{before + 11:.1f}")
        low = page.locator("[data-spot=seal] input[name=y]")
        was = float(low.input_value())
        seal.scroll_into_view_if_needed()
        box = seal.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 20, box["y"] - 60, steps=4)
        page.mouse.up()
        dragged = float(low.input_value())
        assert dragged > was + 10
        page.get_by_role("button", name="Lưu vị trí").click()
        expect(page.get_by_role("status").first).to_contain_text("Đã lưu vị trí")
    view = stage.api("chuyenvien.syt", "GET", f"/documents/{stage.seeded.documents['uploaded']}")
    places = {one["kind"]: one for one in view["versions"][-1]["placements"]}
    assert abs(places["seal"]["y"] - dragged * 72 / 25.4) < 0.2
    assert abs(places["number"]["x"] - (before + 11) * 72 / 25.4) < 0.2


def test_several_are_assigned_at_once_each_with_its_outcome(stage: Stage, browser: Browser) -> None:
    """Moved and picked with the keys j and x; the rows that came of it say what became of each."""
    with desk(stage, browser, "giamdoc.syt") as at:
        page = at.page
        page.goto("/van-ban-den?loc=open")
        for key in ("j", "x", "j", "x"):
            page.keyboard.press(key)
        expect(page.locator("[data-picked]")).to_have_text("2")
        page.get_by_role("button", name="Giao việc các văn bản đã chọn").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("(2)")
        page.locator("input[name=lead]").first.check()
        page.locator("textarea[name=instruction]").fill("Khẩn trương tham mưu.")
        page.get_by_role("button", name="Giao việc", exact=True).click()
        rows = page.get_by_role("region").locator("tbody tr")
        expect(rows).to_have_count(2)
        expect(rows.first.locator(".state")).to_be_visible()

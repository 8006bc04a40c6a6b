"""The main job by the pages, as people do it: with a mouse, on a tablet, on a phone, by keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, ViewportSize, expect

from tests.e2e.conftest import Stage
from tests.e2e.looking import Watch, settle

DESK: ViewportSize = {"width": 1440, "height": 900}
TABLET: ViewportSize = {"width": 820, "height": 1180}
PHONE: ViewportSize = {"width": 390, "height": 844}
SUBJECT = "Tăng cường lãnh đạo công tác chăm sóc sức khỏe nhân dân ở cơ sở"
TEXT = "Ban Thường vụ Tỉnh ủy yêu cầu cấp ủy các cấp lãnh đạo thực hiện nghiêm túc.\n\nBáo cáo trước ngày 25."
INK = """() => { const canvas = document.querySelector('.viewer canvas');
  const context = canvas.getContext('2d');
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data; let dark = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] + data[at + 1] + data[at + 2] < 300) dark += 1;
  return dark; }"""


class Desk:
    """One person's open page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.watch = Watch(page)

    def press(self, name: str, exact: bool = True) -> None:
        """Press the button of this name in the page itself."""
        self.page.locator("main").get_by_role("button", name=name, exact=exact).first.click()
        self.page.wait_for_load_state("load")
        self.fine()

    def follow(self, name: str | re.Pattern[str]) -> None:
        """Follow the link of this name in the page itself."""
        self.page.locator("main").get_by_role("link", name=name).first.click()
        self.page.wait_for_load_state("load")

    def fine(self) -> None:
        """Fail with the faults that the page shows, if it shows any."""
        summary = self.page.locator("[data-summary]")
        assert summary.count() == 0, summary.inner_text()

    def state(self, words: str) -> None:
        """Expect a state in the head of the thing."""
        expect(self.page.locator(".panel.title .state", has_text=words).first).to_be_visible()

    def shows_the_page(self) -> None:
        """Expect the page image to be there, with ink on it."""
        settle(self.page)
        self.page.locator(".viewer canvas").first.wait_for()
        self.page.wait_for_function(f"() => ({INK})() > 500")


@contextmanager
def desk(stage: Stage, browser: Browser, username: str, size: ViewportSize = DESK) -> Iterator[Desk]:
    """Sit a person down; at the end the console must have been silent."""
    with stage.enter(browser, username, viewport=size, has_touch=size is not DESK) as context:
        at = Desk(context.new_page())
        yield at
        assert at.watch.said == []


def row(at: Desk, words: str) -> Locator:
    """Return the row of a list that holds these words."""
    return at.page.locator("[data-rows] tbody tr", has_text=words).first


def draft(at: Desk) -> str:
    """A specialist fills in the form and submits; return the document's address."""
    at.page.goto("/du-thao")
    at.follow("Soạn văn bản")
    at.page.locator(".chip", has_text=re.compile(r"^\s*Tỉnh ủy\s*$")).click()
    at.page.get_by_label("Loại văn bản").select_option("cong-van")
    at.page.get_by_label("Trích yếu").fill(SUBJECT)
    at.page.locator("input[name=secrecy][value=none]").check()
    at.page.locator("textarea[name=text]").fill(TEXT)
    for body in ("z02-05", "z03-01", "z03-02"):
        at.page.locator(f"input[name=recipients][value={body}]").check()
    at.page.locator("select[name=chain_1]").select_option("z01-01.pho-chanh-van-phong")
    at.page.locator("select[name=signer_post]").select_option("z01.pho-bi-thu")
    at.press("Lưu và dựng PDF")
    at.state("Dự thảo")
    at.shows_the_page()
    at.press("Trình")
    return at.page.url


def open_waiting(at: Desk, words: str) -> None:
    """Open what waits for a person from their own list of documents."""
    at.page.goto("/du-thao?loc=waiting")
    row(at, words).get_by_role("link").click()
    at.page.wait_for_load_state("load")


def number_seal_issue(at: Desk, words: str) -> None:
    """The clerk's three acts."""
    open_waiting(at, words)
    at.press("Cấp số và ghi ngày")
    at.press("Đóng dấu cơ quan")
    at.press("Phát hành")
    at.state("phát hành")


def send(at: Desk, chosen: int) -> str:
    """Send an issued document to those it names; return the number it bears."""
    at.follow("Gửi văn bản")
    expect(at.page.locator("[data-tree-count]")).to_have_text(str(chosen))
    number = at.page.locator("h1 + p .strong").inner_text()
    at.press("Gửi văn bản")
    expect(at.page.get_by_role("status").first).to_be_visible()
    assert at.page.locator("main table").first.locator("tbody tr").count() == chosen
    return number


@pytest.mark.timeout(240)
def test_main_job_by_pages(stage: Stage, browser: Browser) -> None:
    """Draft, check, approve, sign, number, seal, issue, send, accept, assign, answer, finish."""
    with desk(stage, browser, "chuyenvien.vptu") as at:
        address = draft(at)
    with desk(stage, browser, "chanhvp.vptu") as at:
        open_waiting(at, SUBJECT)
        at.press("Đạt thể thức")
    with desk(stage, browser, "phochanhvp.vptu") as at:
        open_waiting(at, SUBJECT)
        at.press("Duyệt")
    with desk(stage, browser, "phobithu.tu", TABLET) as at:
        open_waiting(at, SUBJECT)
        at.shows_the_page()
        at.press("Ký")
        at.state("ký")
    with desk(stage, browser, "vanthu.vptu") as at:
        number_seal_issue(at, SUBJECT)
        number = send(at, 3)
        dispatch = at.page.url
    accept_by_keyboard(stage, browser)
    assign_on_a_phone(stage, browser)
    answer(stage, browser, number)
    with desk(stage, browser, "vanthu.vptu") as at:
        at.page.goto(dispatch)
        department = at.page.locator("main tbody tr", has_text="Sở Y tế").first
        expect(department).to_contain_text("Hoàn thành")
        expect(department.locator("a[href^='/van-ban-den/']")).to_be_visible()
    with desk(stage, browser, "chuyenvien.vptu") as at:
        at.page.goto(address)
        at.shows_the_page()
        expect(at.page.locator(".line text.at")).not_to_have_count(0)
        history = at.page.locator("section", has=at.page.get_by_role("heading", name="Lịch sử")).first
        for act in ("Chánh Văn phòng Tỉnh ủy", "Phó Bí thư Thường trực", "Văn thư"):
            expect(history).to_contain_text(act)


def accept_by_keyboard(stage: Stage, browser: Browser) -> None:
    """The department's clerk: j and k move, t leads to the form, Enter commits it; then to the leader."""
    with desk(stage, browser, "vanthu.syt") as at:
        at.page.goto("/van-ban-den?loc=new")
        rows = at.page.locator("[data-rows] tbody tr")
        for _ in range(rows.count()):
            at.page.keyboard.press("j")
            if SUBJECT in at.page.locator("tr.here").inner_text():
                break
        at.page.keyboard.press("k")
        at.page.keyboard.press("j")
        expect(at.page.locator("tr.here")).to_contain_text(SUBJECT)
        at.page.keyboard.press("t")
        at.page.wait_for_url(re.compile("#tiep-nhan$"))
        at.page.wait_for_load_state("load")
        at.page.keyboard.press("t")
        at.page.keyboard.press("Enter")
        at.state("Đã tiếp nhận")
        at.follow("Trình lãnh đạo")
        at.page.get_by_label("Giám đốc", exact=True).check()
        at.press("Trình lãnh đạo")


def assign_on_a_phone(stage: Stage, browser: Browser) -> None:
    """The director gives the work with a thumb."""
    with desk(stage, browser, "giamdoc.syt", PHONE) as at:
        at.page.goto("/van-ban-den?loc=waiting")
        row(at, SUBJECT).tap()
        at.page.wait_for_url(re.compile("/van-ban-den/[0-9a-z]{26}"))
        at.shows_the_page()
        at.follow("Giao việc")
        at.page.locator("textarea[name=instruction]").fill("Tham mưu văn bản trả lời trong tuần.")
        at.page.locator("label", has=at.page.locator("input[name=lead][value='z02-05.chuyen-vien']")).tap()
        at.press("Giao việc")
        at.state("Phân công")
        expect(at.page.locator("main")).to_contain_text("Tham mưu văn bản trả lời trong tuần.")


def answer(stage: Stage, browser: Browser, number: str) -> None:
    """The specialist starts, drafts the reply; it is signed and sent; the work is finished."""
    reply = f"Trả lời {number} về chăm sóc sức khỏe ở cơ sở"
    with desk(stage, browser, "chuyenvien.syt") as at:
        at.page.goto("/van-ban-den?loc=waiting")
        row(at, SUBJECT).get_by_role("link").click()
        at.press("Bắt đầu xử lý")
        arrival = at.page.url
        at.follow("Soạn văn bản trả lời")
        at.page.get_by_label("Loại văn bản").select_option("cong-van")
        at.page.get_by_label("Trích yếu").fill(reply)
        at.page.locator("input[name=secrecy][value=none]").check()
        at.page.locator("textarea[name=text]").fill("Sở Y tế báo cáo kết quả như sau.")
        at.page.locator("select[name=signer_post]").select_option("z02-05.giam-doc")
        expect(at.page.locator("input[name=recipients][value=z01]")).to_be_checked()
        at.press("Lưu và dựng PDF")
        at.press("Trình")
    with desk(stage, browser, "chanhvp.syt") as at:
        open_waiting(at, reply)
        at.press("Đạt thể thức")
    with desk(stage, browser, "giamdoc.syt", PHONE) as at:
        open_waiting(at, reply)
        at.press("Ký")
    with desk(stage, browser, "vanthu.syt") as at:
        number_seal_issue(at, reply)
        send(at, 1)
    with desk(stage, browser, "chuyenvien.syt") as at:
        at.page.goto(arrival)
        at.page.locator("textarea[name=result]").fill("Đã có văn bản trả lời.")
        at.page.locator("select[name=reply_document]").select_option(index=1)
        at.press("Hoàn thành xử lý")
        at.state("Hoàn thành")
        assert at.page.locator("main .line .passed, main .line .now").count() >= 4

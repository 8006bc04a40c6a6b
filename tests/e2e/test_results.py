"""The whole way of signed results in Chromium: at the desks of the centre, and in a citizen's hand."""

from __future__ import annotations

import io
import re
from urllib.parse import urlsplit

import pypdfium2
import pytest
import zxingcpp
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.data.pdf_pieces import plain
from tests.e2e.conftest import Stage
from tests.e2e.looking import Watch, shape_faults
from tests.e2e.test_pages import DESK, PHONE

HEAD = "Họ và tên\tMã hồ sơ\tSố định danh cá nhân\tNgày sinh\tNơi cư trú\tMức trợ cấp\tHưởng từ ngày"
ROWS = "\n".join(
    f"Trần Thị Mẫu {n}\tZ02.20-E2E-{n}\t00120500777{n}\t0{n}/02/1948\tThôn {n}\t500.000\t01/12/2026"
    for n in (1, 2)
)
REFUSED = re.compile(r"^(422|403):|status of (422|403)")
"""How the console tells of forms that were refused on purpose."""
SLOW = 60_000
"""Milliseconds that a run over a batch may take on a busy machine."""


def qr_of(pdf: bytes) -> str:
    """Return what the QR on the last page says, read from the page as people see it."""
    with pypdfium2.PdfDocument(pdf) as document:
        image = document[len(document) - 1].render(scale=3).to_pil()
    (code,) = zxingcpp.read_barcodes(image)
    return str(code.text)


def payload(pdf: bytes, name: str = "ban-toi-giu.pdf") -> FilePayload:
    return {"name": name, "mimeType": "application/pdf", "buffer": pdf}


def prepare(page: Page) -> str:
    """Paste rows as an officer does and have the files made; return the address of the batch."""
    page.goto("/ket-qua")
    page.get_by_role("link", name="Lập lô kết quả").click()
    page.get_by_label("Thủ tục", exact=True).select_option("Z.000101")
    page.get_by_label("Tên lô").fill("Trợ cấp qua trình duyệt")
    page.locator("textarea[name=rows]").fill(f"{HEAD}\n{ROWS.replace('0' + '1/02/1948', '31/02/1948')}")
    page.get_by_role("button", name="Lập lô").click()
    expect(page.locator("[data-summary]")).to_contain_text("Dòng 1: “Ngày sinh” không phải ngày")
    page.locator("textarea[name=rows]").fill(f"{HEAD}\n{ROWS}")
    page.get_by_role("button", name="Lập lô").click()
    expect(page.locator("h1")).to_have_text("Trợ cấp qua trình duyệt")
    address = page.url
    page.get_by_role("button", name="Dựng 2 tệp và trình ký").click()
    expect(page.locator("section .state").first).to_have_text("Chờ ký", timeout=SLOW)
    return urlsplit(address).path


def press(stage: Stage, browser: Browser, who: str, address: str, words: str, after: str) -> None:
    """Do the one act that a batch waits for."""
    with stage.enter(browser, who, viewport=DESK) as context:
        page = context.new_page()
        page.goto(address)
        page.get_by_role("button", name=words).click()
        expect(page.locator("section .state").first).to_have_text(after, timeout=SLOW)


def issue(stage: Stage, browser: Browser) -> tuple[str, bytes]:
    """Take a batch all the way; return the address of its first result and that file."""
    with stage.enter(browser, "quay1.hcc", viewport=DESK) as context:
        page = context.new_page()
        watch = Watch(page)
        address = prepare(page)
        press(stage, browser, "giamdoc.hcc", address, "Ký 2 kết quả", "Chờ đóng dấu")
        press(stage, browser, "vanthu.hcc", address, "Cấp số, đóng dấu 2 kết quả", "Đã cấp")
        page.goto(address)
        page.get_by_role("link", name="Trần Thị Mẫu 1").click()
        expect(page.locator(".viewer canvas").first).to_be_visible(timeout=SLOW)
        one = urlsplit(page.url).path
        pdf = context.request.get(f"{one}/tep").body()
        page.get_by_role("button", name="Ghi nhận đã trả").click()
        expect(page.locator(".panel.title")).to_contain_text("Đã trả")
        assert [line for line in watch.said if not REFUSED.search(line)] == []
        return one, pdf


def test_from_the_counter_to_the_citizen(stage: Stage, browser: Browser) -> None:
    one, pdf = issue(stage, browser)
    address = qr_of(pdf)
    assert address.startswith(f"{stage.url}/tra-cuu/")
    with stage.enter(browser, "", viewport=PHONE) as context:
        page = context.new_page()
        watch = Watch(page)
        page.goto(address)
        expect(page.locator(".answer.good h1")).to_have_text("Kết quả thật, đang có hiệu lực")
        expect(page.locator(".lookup")).to_contain_text("Trần T** M** 1**")
        for private in ("Trần Thị Mẫu", "001205007771", "Thôn 1", "1948"):
            expect(page.locator("body")).not_to_contain_text(private)
        page.get_by_label("4 số cuối").fill("0000")
        page.get_by_role("button", name="Tải về").click()
        expect(page.locator("[data-summary]")).to_contain_text("Thông tin chưa đúng")
        page.get_by_label("4 số cuối").fill("7771")
        with page.expect_download() as download:
            page.get_by_role("button", name="Tải về").click()
        assert download.value.path().read_bytes() == pdf
        page.locator("input[type=file]").set_input_files(payload(pdf))
        page.get_by_role("button", name="Kiểm tra tệp").click()
        expect(page.locator(".answer.good h1")).to_contain_text("Đúng là bản đã cấp")
        assert shape_faults(page, "vi") == []
        assert [line for line in watch.said if not REFUSED.search(line)] == []
    with stage.enter(browser, "giamdoc.hcc", viewport=DESK) as context:
        page = context.new_page()
        page.goto(one)
        page.get_by_text("Thu hồi kết quả").first.click()
        page.locator("form[action$='/thu-hoi'] textarea").fill("Cấp trùng.")
        page.get_by_role("button", name="Thu hồi kết quả").click()
        expect(page.locator(".panel.title")).to_contain_text("Đã thu hồi")
    with stage.enter(browser, "", viewport=PHONE) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".answer.stop")).to_contain_text("Kết quả đã bị thu hồi")
        expect(page.locator(".answer.stop")).to_contain_text("Cấp trùng.")


@pytest.mark.parametrize("language", ["vi", "en"])
def test_everything_of_the_public_works_without_script(stage: Stage, browser: Browser, language: str) -> None:
    code = stage.seeded.codes["issued"]
    said = {
        "vi": ("Tra cứu", "Kết quả thật", "Kiểm tra tệp", "không có chữ ký số", "Mã gõ chưa đúng"),
        "en": ("Look up", "Genuine", "Check the file", "not signed", "There is a slip"),
    }[language]
    with stage.enter(browser, "", language, viewport=PHONE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/tra-cuu")
        page.locator("input[name=ma]").fill(f" {code[:6].lower()}-{code[6:12].lower()} {code[12:]} ")
        page.get_by_role("button", name=said[0], exact=True).click()
        expect(page).to_have_url(re.compile(f"/tra-cuu/{code}$", re.I))
        expect(page.locator(".answer h1")).to_contain_text(said[1])
        page.locator("input[type=file]").set_input_files(payload(plain()))
        page.get_by_role("button", name=said[2]).click()
        expect(page.locator(".answer h1")).to_contain_text(said[3])
        page.goto(f"/tra-cuu/{code[:-1]}")
        expect(page.locator("[role=alert]")).to_contain_text(said[4])
        page.goto(f"/tra-cuu/{stage.seeded.codes['replaced']}")
        page.locator(".answer a").click()
        expect(page.locator(".answer h1")).to_contain_text(said[1])


def test_a_file_that_says_more_than_was_issued_is_called_altered(stage: Stage, browser: Browser) -> None:
    with stage.enter(browser, "quay1.hcc") as context:
        pdf = context.request.get(f"/ket-qua/{stage.seeded.results['issued']}/tep").body()
    sink = io.BytesIO(pdf.replace(b"/Reason", b"/Reasen", 1))
    with stage.enter(browser, "", viewport=PHONE) as context:
        page = context.new_page()
        page.goto("/tra-cuu")
        page.locator("input[type=file]").set_input_files(payload(sink.getvalue(), "sua.pdf"))
        page.get_by_role("button", name="Kiểm tra tệp").click()
        expect(page.locator(".answer.stop h1")).to_have_text("Tệp đã bị thay đổi")
        page.get_by_role("link", name="Mở trang của kết quả thật").click()
        expect(page.locator(".answer.good h1")).to_have_text("Kết quả thật, đang có hiệu lực")

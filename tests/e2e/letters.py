"""What the province of the browser tests writes to itself: fictional letters, and a page for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import typst

FONTS = Path(__file__).resolve().parents[2] / "node_modules/@expo-google-fonts/tinos"
HEALTH, PARTY, COMMUNE, PEOPLE = "z02-05", "z01", "z03-01", "z02"


@dataclass(frozen=True)
class Letter:
    """A document signed outside that comes to several bodies."""

    clerk: str
    """Username of the clerk who sends it."""
    body: str
    """Body that issued it."""
    place: str
    """Its name as the letter prints it."""
    kind: str
    """Code of its type."""
    subject: str
    """Trích yếu."""
    fate: str
    """How far the Department of Health has come with it; see ``seed.handle``."""
    to: tuple[str, ...] = (HEALTH,)
    """Bodies it goes to."""
    urgency: str = "normal"
    """Mức độ khẩn."""
    days: int | None = None
    """Days from today to its deadline; None = no deadline, less than 0 = passed (see ``let_days_pass``)."""


_HOME = ("vanthu.snv", "z02-02", "SỞ NỘI VỤ")
_JUSTICE = ("vanthu.stp", "z02-03", "SỞ TƯ PHÁP")
_FINANCE = ("vanthu.stc", "z02-04", "SỞ TÀI CHÍNH")
_TRADE = ("vanthu.sct", "z02-06", "SỞ CÔNG THƯƠNG")
_OFFICE = ("vanthu.vpub", "z02", "ỦY BAN NHÂN DÂN TỈNH")
_PERSONNEL = ("vanthu.btctu", "z01-02", "BAN TỔ CHỨC TỈNH ỦY")
_TAX = ("vanthu.thue", "z07-01", "THUẾ TỈNH")
_COMMUNE = ("vanthu.xa2", "z03-02", "ỦY BAN NHÂN DÂN XÃ ĐỒNG MẪU")

LETTERS = (
    Letter(
        *_OFFICE,
        "quyet-dinh",
        "Phê duyệt kế hoạch đầu tư trang thiết bị y tế giai đoạn 2026 - 2030",
        "finished",
        (HEALTH, COMMUNE, "z03-02"),
        days=4,
    ),
    Letter(
        *_HOME,
        "cong-van",
        "Báo cáo số lượng, chất lượng đội ngũ viên chức y tế quý IV năm 2026",
        "late",
        (HEALTH, COMMUNE),
        days=-3,
    ),
    Letter(
        *_FINANCE,
        "cong-van",
        "Hướng dẫn lập dự toán thu, chi ngân sách nhà nước năm 2027",
        "started",
        (HEALTH, COMMUNE, PARTY),
        days=9,
    ),
    Letter(
        *_JUSTICE,
        "cong-van",
        "Góp ý dự thảo Quyết định quy định phân cấp quản lý cơ sở khám bệnh, chữa bệnh",
        "late",
        (HEALTH,),
        days=-1,
    ),
    Letter(
        *_OFFICE,
        "thong-bao",
        "Kết luận của Chủ tịch UBND tỉnh tại phiên họp thường kỳ tháng 11",
        "assigned",
        (HEALTH, COMMUNE, "z03-02", "z03-03", PARTY),
        days=2,
    ),
    Letter(
        *_TRADE,
        "cong-van",
        "Phối hợp kiểm tra an toàn thực phẩm dịp Tết Nguyên đán Đinh Mùi",
        "started",
        (HEALTH, COMMUNE),
        "urgent",
        1,
    ),
    Letter(
        *_OFFICE,
        "ke-hoach",
        "Tuyên truyền, vận động nhân dân tham gia bảo hiểm y tế toàn dân",
        "submitted",
        (HEALTH, COMMUNE, "z01-04"),
        days=6,
    ),
    Letter(
        *_TAX,
        "cong-van",
        "Đề nghị đối chiếu nghĩa vụ thuế của các đơn vị sự nghiệp công lập trực thuộc",
        "refused",
    ),
    Letter(
        *_COMMUNE,
        "to-trinh",
        "Đề nghị bổ sung bác sĩ cho Trạm Y tế xã Đồng Mẫu",
        "accepted",
        (HEALTH, PEOPLE),
        days=5,
    ),
    Letter(
        *_PERSONNEL,
        "cong-van",
        "Rà soát quy hoạch cán bộ lãnh đạo, quản lý nhiệm kỳ 2026 - 2031",
        "accepted",
        (HEALTH, PARTY),
        "very_urgent",
        0,
    ),
    Letter(
        *_HOME,
        "thong-bao",
        "Lịch nghỉ Tết Dương lịch năm 2027 của cán bộ, công chức, viên chức",
        "finished",
        (HEALTH, COMMUNE, PARTY),
    ),
    Letter(
        *_FINANCE,
        "cong-van",
        "Đôn đốc giải ngân vốn đầu tư công năm 2026",
        "asked_back",
        (HEALTH, COMMUNE),
        "urgent",
        3,
    ),
    Letter(
        *_JUSTICE, "bao-cao", "Công tác phổ biến, giáo dục pháp luật năm 2026 (bản gửi nhầm)", "given_back"
    ),
    Letter(
        *_OFFICE,
        "cong-dien",
        "Chủ động ứng phó mưa lũ, bảo đảm công tác y tế vùng ngập",
        "new",
        (HEALTH, COMMUNE, "z03-02", "z03-03"),
        "express",
        0,
    ),
    Letter(
        *_TRADE,
        "giay-moi",
        "Dự hội nghị tổng kết công tác quản lý thị trường năm 2026",
        "new",
        (HEALTH, PARTY, COMMUNE),
    ),
    Letter(
        *_FINANCE,
        "cong-van",
        "Thẩm định dự toán sửa chữa Bệnh viện Đa khoa tỉnh và ba trung tâm y tế khu vực",
        "new",
        (HEALTH,),
        "urgent",
        7,
    ),
    Letter(
        *_COMMUNE,
        "bao-cao",
        "Tình hình dịch sốt xuất huyết trên địa bàn xã Đồng Mẫu, tuần 46",
        "new",
        (HEALTH, PEOPLE),
        "very_urgent",
    ),
    Letter(
        *_HOME,
        "cong-van",
        "Lấy ý kiến về việc sắp xếp, tinh gọn các phòng chuyên môn",
        "new",
        (HEALTH, COMMUNE),
        days=12,
    ),
)
"""Sent in this order; the last ones wait at the top of the inbox."""

PAPER = (
    (
        "incoming",
        "Bệnh viện Hữu nghị Việt Mẫu",
        "214/BV-KHTH",
        "Đề nghị phối hợp khám sức khỏe định kỳ cho cán bộ",
        "urgent",
    ),
    (
        "incoming",
        "Công ty Cổ phần Dược phẩm Sông Mẫu",
        "88/CV-SMP",
        "Công bố giá thuốc kê khai bổ sung quý IV",
        "normal",
    ),
    ("incoming", "Hội Chữ thập đỏ tỉnh", "31/CV-HCTĐ", "Tổ chức ngày hội hiến máu tình nguyện", "normal"),
    (
        "citizen",
        "Một người dân thôn 4, xã Bến Mẫu",
        "",
        "Phản ánh thái độ phục vụ tại Trạm Y tế xã",
        "normal",
    ),
    (
        "citizen",
        "Người nhà bệnh nhân khoa Nội",
        "",
        "Kiến nghị về chi trả bảo hiểm y tế trái tuyến",
        "normal",
    ),
)
"""Letters on paper at the Department of Health: book, author, number, subject, urgency."""

DRAFTS = (
    ("draft", "ke-hoach", "Triển khai chiến dịch tiêm chủng bổ sung vắc xin sởi năm 2027"),
    ("rendered", "cong-van", "Tăng cường quản lý chất thải y tế tại các trạm y tế xã"),
    ("form_check", "bao-cao", "Kết quả thực hiện Chương trình mục tiêu y tế - dân số năm 2026"),
    ("returned", "to-trinh", "Phê duyệt đề án luân phiên bác sĩ về tuyến xã giai đoạn 2027 - 2030"),
    ("approval", "ke-hoach", "Kiểm tra công tác khám, chữa bệnh bảo hiểm y tế sáu tháng đầu năm 2027"),
    ("to_sign", "quyet-dinh", "Thành lập Tổ công tác chuyển đổi số ngành y tế"),
    ("to_sign", "cong-van", "Bảo đảm thuốc, vật tư và nhân lực trực Tết Nguyên đán Đinh Mùi"),
    ("signed", "thong-bao", "Phân công lịch trực lãnh đạo Sở dịp cuối năm"),
    ("numbered", "giay-moi", "Họp giao ban công tác phòng, chống dịch tháng 12"),
    ("sealed", "cong-van", "Báo cáo tình hình dịch bệnh trên địa bàn tỉnh quý IV năm 2026"),
    ("issued", "cong-van", "Hướng dẫn giám sát ca bệnh truyền nhiễm nhóm B tại cộng đồng"),
    ("withdrawn", "bao-cao", "Sơ kết công tác dược lâm sàng (trùng nội dung)"),
)
"""Documents of the Department of Health: how far each goes, type, subject."""

BODY = (
    (
        "Căn cứ chức năng, nhiệm vụ được giao, đề nghị các cơ quan, đơn vị chủ động phối hợp, phân công "
        "người chịu trách nhiệm và bố trí nguồn lực để thực hiện đúng tiến độ."
    ),
    (
        "Kết quả thực hiện, khó khăn, vướng mắc và đề xuất gửi về cơ quan chủ trì bằng văn bản điện tử trước "
        "thời hạn nêu trên để tổng hợp, báo cáo cấp có thẩm quyền xem xét, quyết định."
    ),
)
"""Paragraphs that every document here is made of."""

_PAGE = """
#set page(paper: "a4", margin: (top: 20mm, bottom: 20mm, left: 30mm, right: 20mm))
#set text(font: "Tinos", size: 14pt, lang: "vi")
#set par(justify: true, leading: 0.75em, first-line-indent: (amount: 10mm, all: true))
#let flat = (it) => block(width: 100%, par(first-line-indent: 0pt, it))
#let head(body, width) = stack(spacing: 3mm, flat(text(13pt, weight: "bold", body)), line(length: width))
#grid(columns: (2fr, 3fr), align: center, row-gutter: 5mm,
  head([@PLACE], 40%),
  head([CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM #linebreak() Độc lập - Tự do - Hạnh phúc], 60%),
  flat[Số: #strong[@NUMBER]], flat(emph[Sông Mẫu, @DATE]))
#v(8mm)
#align(center, flat(strong[@SUBJECT]))
#v(6mm)
@BODY
#v(10mm)
#let signed = stack(spacing: 18mm, flat(strong[THỦ TRƯỞNG CƠ QUAN]), flat(strong[(Đã ký)]))
#align(right, box(width: 70mm, align(center, signed)))
"""


def pdf(place: str, number: str, subject: str, on: date) -> bytes:
    """Return a page as a body outside the tests would have sent it (blocking)."""
    words = {
        "@PLACE": place,
        "@NUMBER": number or "…",
        "@DATE": f"ngày {on.day} tháng {on.month} năm {on.year}",
        "@SUBJECT": subject,
        "@BODY": "\n\n".join(BODY),
    }
    page = _PAGE
    for mark, text in words.items():
        page = page.replace(mark, text)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
    return typst.compile(page.encode(), font_paths=fonts, format="pdf")

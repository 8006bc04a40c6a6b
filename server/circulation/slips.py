"""What is printed for an arrival or a sending: slip, stamp cover, control sheet, delivery note. Pure.

The forms are Decree 30/2020 annex IV (standards 3.4); the control sheet and the delivery note have no form
of the law and follow what offices use. Printed words are Vietnamese, as everything an office files.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from server.circulation.codes import NoteKind, Part
from server.circulation.model import ArrivalDetail, Note
from server.circulation.model_sent import DispatchDetail, OutsideRecipient
from server.documents.model import Urgency
from server.kernel.clock import VIETNAM
from server.organisations.model import Body
from server.render.slips import ArrivalStamp, Column, IncomingSlip, Sheet

URGENCY = {
    Urgency.NORMAL: "",
    Urgency.URGENT: "KHẨN",
    Urgency.VERY_URGENT: "THƯỢNG KHẨN",
    Urgency.EXPRESS: "HỎA TỐC",
    Urgency.EXPRESS_TIMED: "HỎA TỐC HẸN GIỜ",
}
PARTS = {Part.DECIDE: "Cho ý kiến", Part.LEAD: "Chủ trì", Part.JOIN: "Phối hợp"}
STATES = {
    "01": "Đã đến",
    "02": "Từ chối tiếp nhận",
    "03": "Đã tiếp nhận",
    "04": "Phân công xử lý",
    "05": "Đang xử lý",
    "06": "Hoàn thành",
    "13": "Bên gửi yêu cầu lấy lại",
    "15": "Đồng ý trả lại",
    "16": "Không đồng ý trả lại",
}
"""Words of the status codes (QCVN 102:2016/BTTTT)."""


def _day(value: date | None) -> str:
    return f"{value:%d/%m/%Y}" if value else ""


def _at(value: datetime | str) -> str:
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{moment.astimezone(VIETNAM):%d/%m/%Y %H:%M}"


def _arrived(arrival: ArrivalDetail) -> str:
    return f"{arrival.arrived_at.astimezone(VIETNAM):%d/%m/%Y}"


def _words(notes: Sequence[Note], kind: NoteKind) -> list[str]:
    return [f"{note.text} ({note.by_title}, {_at(note.at)})" for note in notes if note.kind is kind]


def _given(arrival: ArrivalDetail) -> list[str]:
    """Return who got which part; the instruction is left out where it was written as a note as well."""
    written = {note.text for note in arrival.notes}
    lines = []
    for one in arrival.assignments:
        if one.part is Part.DECIDE:
            continue
        due = f", hạn {_day(one.due_date)}" if one.due_date else ""
        words = f": {one.instruction}" if one.instruction and one.instruction not in written else ""
        lines.append(f"{PARTS[one.part]}: {one.label}{due}{words} ({one.by_title}, {_at(one.at)})")
    return lines


def incoming_slip(arrival: ArrivalDetail, body: Body) -> IncomingSlip:
    """Return the phiếu giải quyết văn bản đến, with every opinion written so far."""
    return IncomingSlip(
        superior=body.superior_name.upper(),
        body=body.name.upper(),
        incoming_number=arrival.incoming_text,
        incoming_date=_arrived(arrival),
        author=arrival.from_name,
        notation=arrival.number_text,
        document_date=_day(arrival.document_date),
        type_name=arrival.type_name,
        subject=arrival.subject,
        urgency=URGENCY[arrival.urgency],
        due=_day(arrival.due_date),
        leader_opinion="\n".join([*_words(arrival.notes, NoteKind.INSTRUCTION), *_given(arrival)]),
        proposal="\n".join(
            [*_words(arrival.notes, NoteKind.SUBMISSION), *_words(arrival.notes, NoteKind.OPINION)]
        ),
    )


def arrival_stamp(arrival: ArrivalDetail, body: Body) -> ArrivalStamp:
    """Return the cover with the stamp ĐẾN; the signed original stays untouched beside it."""
    main = next((file for file in arrival.files if file.main), None)
    lead = next((one.label for one in arrival.assignments if one.part is Part.LEAD), "")
    return ArrivalStamp(
        body=body.name.upper(),
        number=arrival.incoming_text,
        date=_arrived(arrival),
        forward=lead,
        author=arrival.from_name,
        notation=arrival.number_text,
        document_date=_day(arrival.document_date),
        subject=arrival.subject,
        digest=main.digest if main else "",
        received=f"{arrival.arrived_at.astimezone(VIETNAM):%d/%m/%Y %H:%M:%S} +07:00",
    )


def control_sheet(arrival: ArrivalDetail, body: Body) -> Sheet:
    """Return the phiếu kiểm soát: who has which part by when, and every state with its time."""
    assigned = tuple(
        (PARTS[one.part], one.label, one.instruction, _day(one.due_date), _at(one.done_at or ""))
        if one.done_at
        else (PARTS[one.part], one.label, one.instruction, _day(one.due_date), "")
        for one in arrival.assignments
    )
    passed = tuple(
        (
            STATES.get(str(one.code), str(one.code)),
            ", ".join(word for word in (one.acting.name, one.acting.post_title) if word),
            one.reason,
            "",
            _at(one.at),
        )
        for one in arrival.receipts
    )
    return Sheet(
        superior=body.superior_name.upper(),
        body=body.name.upper(),
        title="PHIẾU KIỂM SOÁT XỬ LÝ VĂN BẢN ĐẾN",
        right=(f"Số đến: {arrival.incoming_text}", f"Ngày đến: {_arrived(arrival)}"),
        facts=(
            ("Cơ quan ban hành:", arrival.from_name),
            ("Số, ký hiệu:", arrival.number_text),
            ("Ngày văn bản:", _day(arrival.document_date)),
            ("Trích yếu:", arrival.subject),
            ("Mức độ khẩn:", URGENCY[arrival.urgency]),
            ("Thời hạn giải quyết:", _day(arrival.due_date)),
            ("Kết quả:", arrival.result),
            ("Văn bản trả lời:", "; ".join(one.number_text for one in arrival.replies if one.number_text)),
        ),
        columns=(
            Column("what", "Việc", 16),
            Column("who", "Người, đơn vị", 26),
            Column("words", "Nội dung", 30),
            Column("due", "Hạn", 12),
            Column("at", "Thời điểm", 16),
        ),
        rows=assigned + passed,
        signers=("VĂN THƯ", "NGƯỜI GIẢI QUYẾT"),
    )


def delivery_note(dispatch: DispatchDetail, recipient: OutsideRecipient, body: Body) -> Sheet:
    """Return the phiếu gửi of a printed copy: whom it goes to, and a part that the recipient sends back."""
    return Sheet(
        superior=body.superior_name.upper(),
        body=body.name.upper(),
        title="PHIẾU GỬI VĂN BẢN",
        right=(
            f"Số sổ bưu chính: {recipient.postal_number or '……'}",
            f"Ngày gửi: {_day(recipient.posted_on) or '……/……/…………'}",
        ),
        facts=(
            ("Nơi nhận:", recipient.name),
            ("Địa chỉ:", recipient.address),
            ("Mã bưu gửi:", recipient.tracking),
            ("Số, ký hiệu:", dispatch.number_text),
            ("Ngày văn bản:", _day(dispatch.document_date)),
            ("Tên loại:", dispatch.type_name),
            ("Trích yếu:", dispatch.subject),
            ("Mức độ khẩn:", URGENCY[dispatch.urgency]),
            ("Số tệp kèm theo:", str(len(dispatch.files) - 1) if len(dispatch.files) > 1 else ""),
        ),
        closing=("Đề nghị nơi nhận ký xác nhận và gửi trả phiếu này sau khi nhận văn bản.",),
        signers=("NGƯỜI GỬI", "NGƯỜI NHẬN"),
    )

"""Bodies as they are sent, for the description of the API. A test checks that each is one its route takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

DIGEST = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

EXAMPLES: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "session.sign_in": {"username": "vanthu.vptu", "password": "..."},
        "documents.create": {
            "fields": {
                "body_id": "z01",
                "type_code": "thong-bao",
                "subject": "Về việc triển khai liên thông văn bản điện tử",
                "secrecy": "none",
            }
        },
        "circulation.send": {"document_id": "01jdz0000000000000000000", "to": ["z02-05", "z03-01"]},
        "circulation.hand_in_and_send": {
            "document": {
                "body_id": "z01",
                "type_code": "thong-bao",
                "subject": "Về việc triển khai liên thông văn bản điện tử",
                "secrecy": "none",
                "main": {"digest": DIGEST},
                "signer_name": "Phó Bí thư Thường trực",
            },
            "addressees": {"to": ["z02-05", "z03-01"]},
        },
        "circulation.register_paper": {
            "sender_name": "Công ty Mẫu",
            "subject": "Đề nghị hướng dẫn thủ tục",
            "number_text": "15/CTM",
            "document_date": "2026-11-20",
            "secrecy": "none",
            "body_id": "z01-01",
            "book": "incoming",
            "files": [DIGEST],
        },
        "circulation.accept": {"working_days": 5},
        "circulation.refuse": {"reason": "Văn bản gửi nhầm nơi nhận"},
        "circulation.submit": {"posts": ["z02-05.giam-doc"], "note": "Kính trình Giám đốc"},
        "circulation.assign": {
            "targets": [
                {"post_id": "z02-05.chuyen-vien", "part": "lead"},
                {"unit_id": "z02-05.nghiep-vu", "part": "join"},
            ],
            "instruction": "Chủ trì, tham mưu trả lời",
            "working_days": 5,
        },
        "circulation.finish": {"result": "Đã trả lời bằng văn bản"},
        "circulation.recall": {"reason": "Gửi nhầm nơi nhận"},
        "circulation.answer_recall": {"agreed": True},
        "circulation.undo_accept": {"reason": "Tiếp nhận nhầm"},
        "circulation.unassign": {"post_id": "z02-05.chuyen-vien", "reason": "Giao nhầm người"},
        "circulation.rebook": {"book": "citizen", "reason": "Đơn của công dân"},
        "registers.correct": {"subject": "Trích yếu đúng", "reason": "Ghi nhầm"},
        "registers.correct_number": {"recipients": "Sở Y tế", "reason": "Ghi nhầm nơi nhận"},
        "registers.take_number": {
            "body_id": "z01-01",
            "type_code": "ke-hoach",
            "subject": "Công tác quý IV",
            "signer": "Chánh Văn phòng",
        },
        "registers.void": {"reason": "Lấy nhầm loại văn bản"},
    }
)
"""Route -> body."""

"""Evidence keys name a body and are no seal; XML holds whatever people typed."""

from __future__ import annotations

import hashlib
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import KeyFault
from signing.evidence.erds import Erds, Party, erds_xml
from signing.evidence.keys import check_issued, check_signature, load_key, make_key, make_root

NOW = datetime(2026, 11, 22, 7, tzinfo=UTC)
ROOT = make_root("Liên Thông", NOW)
NAME = "Ban Quản lý dự án đầu tư xây dựng công trình giao thông và hạ tầng kỹ thuật tỉnh"
KEY = make_key(ROOT, "Z02.05", NAME, NOW)
NS = "{http://uri.etsi.org/19522/v1#}"


def test_a_key_names_its_body_and_says_that_it_is_no_seal() -> None:
    subject = KEY.certificate.subject
    (organisation,) = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    (common,) = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert NAME.startswith(str(organisation.value))
    assert str(common.value).startswith("Z02.05: khóa chứng cứ")
    usage = KEY.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    assert usage.digital_signature
    assert not usage.content_commitment


def test_a_key_is_of_its_root_while_both_are_valid() -> None:
    der, root = KEY.certificate_der, ROOT.certificate_der
    assert check_issued(der, root, NOW)
    assert not check_issued(der, root, NOW + timedelta(days=731))
    assert not check_issued(der, make_root("Khác", NOW).certificate_der, NOW)
    assert not check_issued(b"no certificate", root, NOW)


def test_a_signature_holds_over_its_bytes_alone() -> None:
    content = "Đã tiếp nhận".encode()
    signature = KEY.sign(hashlib.sha256(content).digest())
    again = load_key(KEY.certificate_der, KEY.private_der)
    assert check_signature(again.certificate_der, content, signature)
    assert not check_signature(again.certificate_der, content + b"!", signature)
    assert not check_signature(b"", content, signature)
    with pytest.raises(KeyFault):
        load_key(ROOT.certificate_der, KEY.private_der)


@given(reason=st.text(max_size=80))
def test_any_reason_makes_xml_that_can_be_read(reason: str) -> None:
    party = Party("Z01", "Tỉnh ủy")
    data = erds_xml(
        Erds(
            identifier="r1",
            event="http://uri.etsi.org/19522/Event/ConsignmentRejection",
            reason=reason,
            reason_code="02",
            event_time="2026-11-22T07:00:00.000000Z",
            submission_time="",
            policy="urn:lienthong:evidence-policy:1",
            issuer=party,
            certificate=KEY.certificate_der,
            sender=party,
            recipients=[party],
            message="d1",
            digests=[("main", bytes(32))],
            content=b"{}",
            signature=b"s",
        )
    )
    root = ElementTree.fromstring(data)
    assert root.findtext(f"{NS}EventReasons/{NS}EventReason/Code") == "02"

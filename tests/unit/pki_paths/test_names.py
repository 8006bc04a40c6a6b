"""Name constraints of every form (PKITS 4.13)."""

from __future__ import annotations

import pytest

from tests.factories.paths import (
    CA_EXTENSIONS,
    Case,
    Extension,
    alternative,
    general,
    name,
    root,
    subtrees,
)

VN = name(("2.5.4.6", "VN"))
BODY = name(("2.5.4.6", "VN"), ("2.5.4.10", "Sở Y tế"))
PERSON = name(("2.5.4.6", "vn"), ("2.5.4.10", "SỞ  Y TẾ"), "Chuyên viên")
STRANGER = name(("2.5.4.6", "LA"), "Người lạ")
MAIL, DNS, DIR, URI, IP = 1, 2, 4, 6, 7


def judge(constraint: Extension, subject: bytes, *those: Extension) -> bool:
    """Whether a certificate of an authority with this constraint is valid."""
    anchor = root()
    ca = anchor.issue("CA", "ca", (*CA_EXTENSIONS, constraint))
    return Case(anchor, [ca]).judge(ca.leaf(*those, subject=subject)).valid


@pytest.mark.parametrize(
    ("constraint", "subject", "valid"),
    [
        (subtrees(permitted=[general(DIR, VN)]), PERSON, True),
        (subtrees(permitted=[general(DIR, BODY)]), PERSON, True),
        (subtrees(permitted=[general(DIR, PERSON)]), BODY, False),
        (subtrees(permitted=[general(DIR, BODY)]), STRANGER, False),
        (subtrees(permitted=[general(DIR, STRANGER), general(DIR, VN)]), PERSON, True),
        (subtrees(excluded=[general(DIR, BODY)]), PERSON, False),
        (subtrees(excluded=[general(DIR, BODY)]), STRANGER, True),
        (subtrees(permitted=[general(DIR, VN)], excluded=[general(DIR, BODY)]), PERSON, False),
        (subtrees(permitted=[general(DIR, VN)]), name(), True),  # no name, nothing to judge
        (subtrees(excluded=[general(DIR, name())]), PERSON, False),
    ],
)
def test_directory_names_of_subjects(constraint: Extension, subject: bytes, valid: bool) -> None:
    assert judge(constraint, subject) is valid


@pytest.mark.parametrize(
    ("form", "base", "value", "valid"),
    [
        (DIR, BODY, PERSON, True),
        (DIR, BODY, STRANGER, False),
        (MAIL, ".tinh.vn", "a@syt.tinh.vn", True),
        (MAIL, ".tinh.vn", "a@tinh.vn", False),
        (MAIL, "tinh.vn", "a@tinh.vn", True),
        (MAIL, "tinh.vn", "a@syt.tinh.vn", False),
        (MAIL, "TINH.vn", "a@tinh.VN", True),
        (MAIL, "a@tinh.vn", "a@TINH.vn", True),
        (MAIL, "a@tinh.vn", "A@tinh.vn", False),
        (DNS, "tinh.vn", "tinh.vn", True),
        (DNS, "tinh.vn", "a.b.tinh.vn", True),
        (DNS, "tinh.vn", "xtinh.vn", False),
        (DNS, "TINH.VN", "syt.tinh.vn", True),
        (DNS, "tinh.vn", "tinh.vn.example", False),
        (URI, ".tinh.vn", "https://a.tinh.vn/x", True),
        (URI, ".tinh.vn", "https://tinh.vn/x", False),
        (URI, "tinh.vn", "https://tinh.vn:8443/x", True),
        (URI, "tinh.vn", "https://a.tinh.vn/x", False),
        (URI, "tinh.vn", "https://tinh.vn@other.example/x", False),
        (URI, "tinh.vn", "https://10.0.0.1/x", False),
        (URI, "tinh.vn", "urn:tinh.vn", False),
        (IP, bytes((10, 1, 0, 0, 255, 255, 0, 0)), bytes((10, 1, 9, 9)), True),
        (IP, bytes((10, 1, 0, 0, 255, 255, 0, 0)), bytes((10, 2, 9, 9)), False),
        (IP, bytes((10, 1, 0, 0, 255, 255, 0, 0)), bytes(16), False),
        (IP, bytes(32), bytes(16), True),
        (IP, bytes(3), bytes(4), False),
    ],
)
def test_alternative_names_in_permitted_subtrees(
    form: int, base: bytes | str, value: bytes | str, valid: bool
) -> None:
    constraint = subtrees(permitted=[general(form, base)])
    assert judge(constraint, name(), alternative(general(form, value))) is valid


@pytest.mark.parametrize(
    ("form", "base", "value", "valid"),
    [
        (MAIL, "tinh.vn", "a@tinh.vn", False),
        (MAIL, "tinh.vn", "a@khac.vn", True),
        (MAIL, "tinh.vn", "không phải thư", False),  # what cannot be judged is refused
        (DNS, "tinh.vn", "a.tinh.vn", False),
        (DNS, "tinh.vn", "khac.vn", True),
        (URI, ".tinh.vn", "https://a.tinh.vn", False),
        (URI, ".tinh.vn", "https://khac.vn", True),
        (URI, ".tinh.vn", "https://", False),
        (IP, bytes((10, 0, 0, 0, 255, 0, 0, 0)), bytes((10, 0, 0, 1)), False),
        (IP, bytes((10, 0, 0, 0, 255, 0, 0, 0)), bytes((11, 0, 0, 1)), True),
    ],
)
def test_alternative_names_in_excluded_subtrees(
    form: int, base: bytes | str, value: bytes | str, valid: bool
) -> None:
    constraint = subtrees(excluded=[general(form, base)])
    assert judge(constraint, name(), alternative(general(form, value))) is valid


def test_another_form_is_not_constrained() -> None:
    constraint = subtrees(permitted=[general(DNS, "tinh.vn")])
    assert judge(constraint, PERSON, alternative(general(MAIL, "a@khac.vn")))


@pytest.mark.parametrize(("mail", "valid"), [("a@tinh.vn", True), ("a@khac.vn", False)])
def test_an_address_in_the_subject_is_judged_when_no_other_stands(mail: str, valid: bool) -> None:
    constraint = subtrees(permitted=[general(MAIL, "tinh.vn")])
    assert judge(constraint, name(("1.2.840.113549.1.9.1", mail))) is valid


def test_every_alternative_name_must_be_allowed() -> None:
    constraint = subtrees(permitted=[general(DNS, "tinh.vn")])
    both = alternative(general(DNS, "a.tinh.vn"), general(DNS, "khac.vn"))
    assert not judge(constraint, name(), both)


def test_constraints_of_all_authorities_hold_together() -> None:
    anchor = root()
    first = anchor.issue(PERSON, "ca", (*CA_EXTENSIONS, subtrees(permitted=[general(DIR, VN)])))
    second = first.issue(BODY, "ca2", (*CA_EXTENSIONS, subtrees(permitted=[general(DIR, BODY)])))
    case = Case(anchor, [first, second])
    assert case.judge(second.leaf(subject=PERSON)).valid
    assert not case.judge(second.leaf(subject=name(("2.5.4.6", "VN"), "Khác"))).valid
    assert not case.judge(second.leaf(subject=STRANGER)).valid


def test_self_issued_certificates_are_not_judged_but_the_last_is() -> None:
    anchor = root()
    ca = anchor.issue(STRANGER, "ca", (*CA_EXTENSIONS, subtrees(permitted=[general(DIR, BODY)])))
    renewed = ca.issue(ca.subject, "ca new")
    assert Case(anchor, [ca, renewed]).judge(renewed.leaf(subject=PERSON)).valid
    assert not Case(anchor, [ca, renewed]).judge(renewed.leaf(subject=ca.subject)).valid


def test_a_constrained_form_that_cannot_be_judged_is_refused() -> None:
    constraint = subtrees(permitted=[general(8, b"\x2a\x03")])
    assert judge(constraint, PERSON)
    assert not judge(constraint, PERSON, alternative(general(8, b"\x2a\x03")))


def test_a_minimum_is_not_used() -> None:
    kind, critical, value = subtrees(permitted=[general(DIR, VN) + b"\x80\x01\x01"])
    assert not judge((kind, critical, value), PERSON)

"""Certificate policies: explicit, mapped, inhibited, any (PKITS 4.8-4.12)."""

from __future__ import annotations

import time as clock

import pytest

from signing.pki.path.certificate import ANY_POLICY
from signing.pki.path.validate import Question
from tests.factories.paths import (
    CA_EXTENSIONS,
    P1,
    P2,
    P3,
    Authority,
    Case,
    Extension,
    asking,
    inhibit_any,
    mappings,
    policies,
    policy_limits,
    root,
)

ANY = ANY_POLICY
Steps = list[tuple[Extension, ...]]


def judge(steps: Steps, asked: Question | None = None) -> frozenset[str] | None:
    """The policies of a path whose certificates have these extensions; None when it is refused."""
    anchor = issuer = root()
    path: list[Authority] = []
    for number, those in enumerate(steps[:-1]):
        issuer = issuer.issue(f"CA {number}", f"ca{number}", (*CA_EXTENSIONS, *those))
        path.append(issuer)
    result = Case(anchor, path, asked=asked or asking()).judge(issuer.leaf(*steps[-1]))
    return result.policies if result.valid else None


EXPLICIT = policy_limits(explicit=0)


@pytest.mark.parametrize(
    ("steps", "asked", "found"),
    [
        ([(policies(P1),), (policies(P1),)], asking(), {P1}),
        ([(policies(P1),), (policies(P1),)], asking(explicit=True), {P1}),
        ([(policies(P1),), (policies(P1),)], asking(P1, explicit=True), {P1}),
        ([(policies(P1),), (policies(P1),)], asking(P1, P2, explicit=True), {P1}),
        ([(policies(P1),), (policies(P1),)], asking(P2, explicit=True), None),
        ([(), ()], asking(), set()),
        ([(), ()], asking(explicit=True), None),
        ([(policies(P1),), (policies(P2),)], asking(), set()),
        ([(policies(P1),), (policies(P2),)], asking(explicit=True), None),
        ([(policies(P1, P2),), (policies(P1),)], asking(explicit=True), {P1}),
        ([(policies(P1, P2, P3),), (policies(P1, P2),), (policies(P2),)], asking(P2, explicit=True), {P2}),
        ([(policies(P1, P2),), (policies(P1),), (policies(P2),)], asking(explicit=True), None),
        ([(policies(P1),), (), (policies(P1),)], asking(explicit=True), None),
        ([(policies(ANY),), (policies(P1),)], asking(explicit=True), {P1}),
        ([(policies(ANY),), (policies(ANY),)], asking(explicit=True), {ANY}),
        ([(policies(ANY),), (policies(ANY),)], asking(P1, explicit=True), {P1}),
        ([(policies(ANY),), (policies(P1),)], asking(P2, explicit=True), None),
        ([(policies(P1),), (policies(ANY),)], asking(P1, explicit=True), {P1}),
    ],
)
def test_policies_of_a_path(steps: Steps, asked: Question, found: set[str] | None) -> None:
    """4.8."""
    assert judge(steps, asked) == found


@pytest.mark.parametrize(
    ("skip", "certificates", "valid"),
    [(10, 2, True), (5, 3, True), (4, 3, True), (2, 3, False), (0, 2, False), (1, 3, False), (3, 3, True)],
)
def test_explicit_policy_is_required_after_some_certificates(
    skip: int, certificates: int, valid: bool
) -> None:
    """4.9."""
    steps: Steps = [(policy_limits(explicit=skip),), *[() for _ in range(certificates - 1)]]
    assert (judge(steps) is not None) is valid


def test_a_later_certificate_may_only_tighten() -> None:
    """4.9: the smaller requirement wins."""
    assert judge([(policy_limits(explicit=7),), (policy_limits(explicit=0),), ()]) is None


def test_the_certificate_itself_may_require_a_policy() -> None:
    """4.9: in the last certificate only 0 counts (6.1.5 b)."""
    assert judge([(), (policy_limits(explicit=0),)]) is None
    assert judge([(), (policy_limits(explicit=1),)]) == frozenset()


def test_self_issued_certificates_do_not_count_down() -> None:
    """4.9."""
    anchor = root()
    ca = anchor.issue("CA", "ca", (*CA_EXTENSIONS, policy_limits(explicit=2)))
    renewed = ca.issue(ca.subject, "ca new")
    assert Case(anchor, [ca, renewed]).judge(renewed.leaf()).valid
    below = renewed.issue("CA dưới", "below")
    assert not Case(anchor, [ca, renewed, below]).judge(below.leaf()).valid


@pytest.mark.parametrize(
    ("steps", "asked", "found"),
    [
        ([(policies(P1), mappings((P1, P2))), (policies(P2),)], asking(P1, explicit=True), {P1}),
        ([(policies(P1), mappings((P1, P2))), (policies(P2),)], asking(P2, explicit=True), None),
        ([(policies(P1), mappings((P1, P2))), (policies(P1),)], asking(explicit=True), None),
        ([(policies(P1), mappings((P1, P2), (P1, P3))), (policies(P3),)], asking(explicit=True), {P1}),
        (
            [(policies(P1, P2), mappings((P1, P3), (P2, P3))), (policies(P3),)],
            asking(explicit=True),
            {P1, P2},
        ),
        ([(policies(ANY), mappings((P1, P2))), (policies(P2),)], asking(P1, explicit=True), {P1}),
        (
            [(policies(P1), mappings((P1, P2))), (policies(P2), mappings((P2, P3))), (policies(P3),)],
            asking(explicit=True),
            {P1},
        ),
        ([(policies(P1), mappings((P1, ANY))), (policies(P2),)], asking(), None),
        ([(policies(P1), mappings((ANY, P1))), (policies(P1),)], asking(), None),
    ],
)
def test_policies_are_mapped(steps: Steps, asked: Question, found: set[str] | None) -> None:
    """4.10."""
    assert judge(steps, asked) == found


@pytest.mark.parametrize(
    ("skip", "valid"),
    [(0, False), (1, False), (2, True)],
)
def test_mapping_is_inhibited_after_some_certificates(skip: int, valid: bool) -> None:
    """4.11: the mapping stands in the second certificate behind the one that inhibits."""
    steps: Steps = [
        (policies(P1), policy_limits(explicit=0, mapping=skip)),
        (policies(P1),),
        (policies(P1), mappings((P1, P2))),
        (policies(P2),),
    ]
    assert (judge(steps) is not None) is valid


def test_mapping_is_inhibited_from_the_start_when_asked() -> None:
    """4.11: initial-policy-mapping-inhibit."""
    steps: Steps = [(policies(P1), mappings((P1, P2))), (policies(P2),)]
    assert judge(steps, asking(explicit=True, inhibit_mapping=True)) is None


@pytest.mark.parametrize(("skip", "valid"), [(0, False), (1, False), (2, True)])
def test_any_policy_is_inhibited_after_some_certificates(skip: int, valid: bool) -> None:
    """4.12."""
    steps: Steps = [
        (policies(P1), EXPLICIT, inhibit_any(skip)),
        (policies(P1),),
        (policies(ANY),),
    ]
    assert (judge(steps) is not None) is valid


def test_any_policy_is_inhibited_from_the_start_when_asked() -> None:
    """4.12: initial-any-policy-inhibit."""
    assert judge([(policies(ANY),), (policies(P1),)], asking(explicit=True, inhibit_any=True)) is None


def test_a_self_issued_certificate_may_assert_any_policy_though_inhibited() -> None:
    """4.12: but the last one may not."""
    anchor = root()
    ca = anchor.issue("CA", "ca", (*CA_EXTENSIONS, policies(P1), EXPLICIT, inhibit_any(0)))
    renewed = ca.issue(ca.subject, "ca new", (*CA_EXTENSIONS, policies(ANY)))
    assert Case(anchor, [ca, renewed]).judge(renewed.leaf(policies(P1))).valid
    own = renewed.leaf(policies(ANY), subject=ca.subject)
    assert not Case(anchor, [ca, renewed]).judge(own).valid


def test_many_mapped_policies_cost_no_more_than_they_are_many() -> None:
    """A tree would hold 40**12 nodes (RFC 9618, 2)."""
    names = [f"2.25.{n}" for n in range(5000, 5040)]
    every = mappings(*((a, b) for a in names for b in names))
    steps: Steps = [(policies(*names), every) for _ in range(12)]
    start = clock.process_time()
    assert judge([*steps, (policies(names[0]),)], asking(explicit=True)) == frozenset(names)
    assert clock.process_time() - start < 2


def test_a_policy_stands_once() -> None:
    assert judge([(policies(P1, P1),), (policies(P1),)]) is None

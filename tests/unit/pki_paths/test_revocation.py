"""Revocation lists: basic, rollover, distribution points, indirect, delta (PKITS 4.4, 4.5, 4.14, 4.15)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signing import der
from tests.factories.paths import (
    AT,
    CA_EXTENSIONS,
    CRL_SIGN,
    DAY,
    KEY_CERT_SIGN,
    Authority,
    Case,
    constraints,
    delta,
    entry_issuer,
    general,
    key,
    name,
    point,
    points,
    reason,
    root,
    scope,
    usage,
)

REVOKED, UNKNOWN = "was revoked", "no revocation list in force"
KEY_COMPROMISE, REMOVED = 1, 8


def verdict(
    target: Authority, lists: list[bytes], *others: Authority, anchor: Authority | None = None
) -> str:
    """The reason why a certificate is refused, "" when it is valid."""
    return Case(anchor or root(), list(others), lists).judge(target).reason


@pytest.fixture
def anchor() -> Authority:
    return root()


@pytest.fixture
def ca(anchor: Authority) -> Authority:
    return anchor.issue("CA", "ca")


class TestBasic:
    """4.4."""

    def test_on_no_list(self, anchor: Authority, ca: Authority) -> None:
        assert verdict(ca.leaf(), [anchor.crl(), ca.crl()], ca) == ""

    def test_revoked(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        listed = ca.crl({leaf.serial: [reason(KEY_COMPROMISE)]})
        assert "(keyCompromise)" in verdict(leaf, [anchor.crl(), listed], ca)

    def test_the_authority_is_revoked(self, anchor: Authority, ca: Authority) -> None:
        assert REVOKED in verdict(ca.leaf(), [anchor.crl([ca.serial]), ca.crl()], ca)

    def test_another_serial_is_revoked(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        assert verdict(leaf, [anchor.crl(), ca.crl([leaf.serial + 1, leaf.serial << 8])], ca) == ""

    @pytest.mark.parametrize("missing", [0, 1])
    def test_a_list_is_missing(self, anchor: Authority, ca: Authority, missing: int) -> None:
        lists = [anchor.crl(), ca.crl()]
        del lists[missing]
        assert UNKNOWN in verdict(ca.leaf(), lists, ca)

    def test_a_broken_signature(self, anchor: Authority, ca: Authority) -> None:
        assert UNKNOWN in verdict(ca.leaf(), [anchor.crl(), ca.crl(break_it=True)], ca)

    def test_a_list_with_another_name(self, anchor: Authority, ca: Authority) -> None:
        assert UNKNOWN in verdict(ca.leaf(), [anchor.crl(), ca.crl(issuer=name("Khác"))], ca)

    def test_a_list_signed_by_somebody_else(self, anchor: Authority, ca: Authority) -> None:
        forged = Authority(ca.subject, key("impostor")).crl()
        assert UNKNOWN in verdict(ca.leaf(), [anchor.crl(), forged], ca)

    def test_of_two_lists_the_good_one_counts(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        forged = Authority(ca.subject, key("impostor")).crl([leaf.serial])
        assert verdict(leaf, [anchor.crl(), forged, ca.crl()], ca) == ""

    def test_the_newer_list_of_one_scope_counts(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        held = ca.crl([leaf.serial], made=AT - 3 * DAY)
        assert verdict(leaf, [anchor.crl(), held, ca.crl(number=2)], ca) == ""

    @pytest.mark.parametrize("where", ["list", "entry", "entry of another"])
    def test_an_unknown_critical_extension(self, anchor: Authority, ca: Authority, where: str) -> None:
        leaf = ca.leaf()
        unknown = ("2.25.42", True, der.NULL)
        if where == "list":
            listed = ca.crl((), [unknown])
        else:
            listed = ca.crl({leaf.serial if where == "entry" else 1: [unknown]})
        assert UNKNOWN in verdict(leaf, [anchor.crl(), listed], ca)

    def test_an_unknown_extension_that_is_not_critical(self, anchor: Authority, ca: Authority) -> None:
        listed = ca.crl({1: [("2.25.42", False, der.NULL)]}, [("2.25.43", False, der.NULL)])
        assert verdict(ca.leaf(), [anchor.crl(), listed], ca) == ""

    @pytest.mark.parametrize(
        ("made", "until", "good"),
        [
            (AT - DAY, AT, True),
            (AT - 9 * DAY, AT - timedelta(seconds=1), False),
            (datetime(1998, 1, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC), False),
            (AT - DAY, datetime(2060, 1, 1, tzinfo=UTC), True),
            (AT + DAY, AT + 2 * DAY, False),
            (AT - DAY, None, False),
        ],
    )
    def test_lists_in_force(
        self, anchor: Authority, ca: Authority, made: datetime, until: datetime | None, good: bool
    ) -> None:
        reason = verdict(ca.leaf(), [anchor.crl(), ca.crl(made=made, until=until)], ca)
        assert (reason == "") is good

    @pytest.mark.parametrize("serial", [-1, -128, -129, 127, 128, 255, 256, 2**159 + 3])
    def test_serials_of_every_size_and_sign(self, anchor: Authority, ca: Authority, serial: int) -> None:
        leaf = ca.leaf(serial=serial)
        assert REVOKED in verdict(leaf, [anchor.crl(), ca.crl([serial])], ca)
        assert verdict(leaf, [anchor.crl(), ca.crl([serial + 1, serial + 256])], ca) == ""

    @pytest.mark.parametrize(("bits", "good"), [((KEY_CERT_SIGN,), False), ((KEY_CERT_SIGN, CRL_SIGN), True)])
    def test_key_usage_for_lists(self, anchor: Authority, bits: tuple[int, ...], good: bool) -> None:
        """4.7."""
        ca = anchor.issue("CA", "ca", (constraints(), usage(*bits)))
        assert (verdict(ca.leaf(), [anchor.crl(), ca.crl()], ca) == "") is good

    def test_later_lists_and_revocations_when_asked_about_the_past(
        self, anchor: Authority, ca: Authority
    ) -> None:
        leaf = ca.leaf()
        lists = [
            anchor.crl(made=AT + DAY, until=AT + 9 * DAY),
            ca.crl([leaf.serial], made=AT + DAY, until=AT + 9 * DAY, at=AT + DAY),
        ]
        case = Case(anchor, [ca], lists)
        assert UNKNOWN in case.judge(leaf).reason
        assert replace(case, asked=replace(case.asked, past=True)).judge(leaf).valid
        later = replace(case.asked, past=True, at=AT + 2 * DAY)
        assert REVOKED in replace(case, asked=later).judge(leaf).reason

    def test_a_list_of_rubbish_changes_nothing(self, anchor: Authority, ca: Authority) -> None:
        listed = ca.crl((), [("2.5.29.28", True, b"\x30\x03\x99\x01\x00")])
        assert verdict(ca.leaf(), [anchor.crl(), listed, ca.crl()], ca) == ""


class TestKeys:
    """4.4.19-21, 4.5: separate keys for lists, and rollover."""

    def test_a_key_of_its_own_for_lists(self, anchor: Authority) -> None:
        ca = anchor.issue("CA", "ca", (constraints(), usage(KEY_CERT_SIGN)))
        signer = anchor.issue("CA", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf()
        assert verdict(leaf, [anchor.crl(), signer.crl()], ca, signer) == ""
        assert REVOKED in verdict(leaf, [anchor.crl(), signer.crl([leaf.serial])], ca, signer)

    def test_the_signer_of_lists_is_revoked(self, anchor: Authority) -> None:
        ca = anchor.issue("CA", "ca", (constraints(), usage(KEY_CERT_SIGN)))
        signer = anchor.issue("CA", "lists", (usage(CRL_SIGN),))
        assert verdict(ca.leaf(), [anchor.crl([signer.serial]), signer.crl()], ca, signer)

    def test_a_signer_of_lists_under_no_anchor(self, anchor: Authority, ca: Authority) -> None:
        signer = root("stranger").issue(ca.subject, "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf()
        assert UNKNOWN in verdict(leaf, [anchor.crl(), signer.crl()], ca, signer)

    def test_old_with_new(self, anchor: Authority) -> None:
        new = anchor.issue("CA", "ca new")
        old = new.issue("CA", "ca old")
        leaf = old.leaf()
        assert verdict(leaf, [anchor.crl(), new.crl()], new, old) == ""
        assert REVOKED in verdict(leaf, [anchor.crl(), new.crl([leaf.serial])], new, old)

    def test_new_with_old(self, anchor: Authority) -> None:
        old = anchor.issue("CA", "ca old")
        new = old.issue("CA", "ca new")
        assert verdict(new.leaf(), [anchor.crl(), old.crl()], old, new) == ""
        leaf = old.leaf()
        own = old.crl(those=[scope(full=[general(6, "x:old")])])
        renewed = old.issue("CA", "ca new", (*CA_EXTENSIONS, points(point(full=[general(6, "x:old")]))))
        assert verdict(leaf, [anchor.crl(), own, renewed.crl()], old, renewed) == ""
        assert REVOKED in verdict(leaf, [anchor.crl(), own, renewed.crl([leaf.serial])], old, renewed)

    def test_a_key_for_lists_issues_no_certificates(self, anchor: Authority, ca: Authority) -> None:
        lists = ca.issue("CA", "lists", (usage(CRL_SIGN),))
        assert verdict(lists.leaf(), [anchor.crl(), ca.crl()], ca, lists)


HERE, THERE = general(6, "http://a.vn/1.crl"), general(6, "http://a.vn/2.crl")
NAMED = general(4, name("CA", "điểm 1"))


class TestPoints:
    """4.14.1-23: distribution points and scopes."""

    @pytest.mark.parametrize(
        ("own", "of_list", "good"),
        [
            ([HERE], [HERE], True),
            ([HERE, THERE], [THERE], True),
            ([HERE], [THERE, HERE], True),
            ([HERE], [THERE], False),
            ([NAMED], [general(4, name("ca", "ĐIỂM  1"))], True),
            ([HERE], None, True),
            (None, [HERE], False),
            (None, [general(4, name("CA"))], True),
        ],
    )
    def test_names_of_points(
        self,
        anchor: Authority,
        ca: Authority,
        own: list[bytes] | None,
        of_list: list[bytes] | None,
        good: bool,
    ) -> None:
        leaf = ca.leaf(*([points(point(full=own))] if own else []))
        those = [scope(full=of_list)] if of_list else []
        assert (verdict(leaf, [anchor.crl(), ca.crl((), those)], ca) == "") is good
        if good:
            assert REVOKED in verdict(leaf, [anchor.crl(), ca.crl([leaf.serial], those)], ca)

    def test_a_name_relative_to_the_issuer(self, anchor: Authority, ca: Authority) -> None:
        part = der.sequence(der.oid("2.5.4.3"), der.tlv(0x0C, "điểm 1".encode()))
        leaf = ca.leaf(points(point(relative=part)))
        for those in (scope(relative=part), scope(full=[NAMED])):
            assert verdict(leaf, [anchor.crl(), ca.crl((), [those])], ca) == ""

    @pytest.mark.parametrize(
        ("those", "for_user", "for_ca"),
        [
            (scope(user=True), True, False),
            (scope(ca=True), False, True),
            (scope(attribute=True), False, False),
        ],
    )
    def test_only_some_kinds(
        self,
        anchor: Authority,
        ca: Authority,
        those: tuple[str, bool, bytes],
        for_user: bool,
        for_ca: bool,
    ) -> None:
        lists = [anchor.crl(), ca.crl((), [those])]
        assert (verdict(ca.leaf(), lists, ca) == "") is for_user
        assert (verdict(ca.issue("CA dưới", "below"), lists, ca) == "") is for_ca

    def test_lists_for_some_reasons_count_together(self, anchor: Authority, ca: Authority) -> None:
        some, rest = 0b0110_0000, 0b0001_1111  # the two compromises; what is left but the last
        leaf = ca.leaf()
        one = ca.crl((), [scope(reasons=some)])
        other = ca.crl((), [("2.5.29.28", True, der.tlv(0x30, b"\x83\x03\x07\x1f\x80"))])
        assert UNKNOWN in verdict(leaf, [anchor.crl(), one], ca)
        assert rest & some == 0
        assert verdict(leaf, [anchor.crl(), one, other], ca) == ""
        assert REVOKED in verdict(leaf, [anchor.crl(), ca.crl([leaf.serial], [scope(reasons=some)])], ca)

    def test_points_for_some_reasons_count_together(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf(points(point(full=[HERE], reasons=0b0110_0000), point(full=[THERE])))
        first = ca.crl((), [scope(full=[HERE], reasons=0b0110_0000)])
        second = ca.crl((), [scope(full=[THERE])])
        assert UNKNOWN in verdict(leaf, [anchor.crl(), first], ca)
        assert verdict(leaf, [anchor.crl(), first, second], ca) == ""


class TestIndirect:
    """4.14.24-35: lists by another issuer."""

    def test_a_list_by_another_issuer(self, anchor: Authority, ca: Authority) -> None:
        other = anchor.issue("Người lập danh sách", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf(points(point(full=[HERE], issuer=other.subject)))
        good = other.crl((), [scope(full=[HERE], indirect=True)])
        listed = other.crl({leaf.serial: [entry_issuer(ca.subject)]}, [scope(full=[HERE], indirect=True)])
        lists = [anchor.crl(), ca.crl()]
        assert verdict(leaf, [anchor.crl(), good], ca, other) == ""
        assert REVOKED in verdict(leaf, [*lists, listed], ca, other)

    def test_the_entry_of_another_issuer_is_not_ones_own(self, anchor: Authority, ca: Authority) -> None:
        other = anchor.issue("Người lập danh sách", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf(points(point(issuer=other.subject)))
        listed = other.crl({leaf.serial: [entry_issuer(name("CA khác"))]}, [scope(indirect=True)])
        assert verdict(leaf, [anchor.crl(), listed], ca, other) == ""

    def test_the_issuer_of_an_entry_holds_for_those_after_it(self, anchor: Authority, ca: Authority) -> None:
        other = anchor.issue("Người lập danh sách", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf(points(point(issuer=other.subject)))
        listed = other.crl({7: [entry_issuer(ca.subject)], leaf.serial: []}, [scope(indirect=True)])
        assert REVOKED in verdict(leaf, [anchor.crl(), listed], ca, other)

    def test_a_list_that_is_not_indirect_is_not_for_others(self, anchor: Authority, ca: Authority) -> None:
        other = anchor.issue("Người lập danh sách", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf(points(point(full=[HERE], issuer=other.subject)))
        listed = other.crl((), [scope(full=[HERE])])
        assert UNKNOWN in verdict(leaf, [anchor.crl(), listed], ca, other)

    def test_an_issuer_that_was_not_named(self, anchor: Authority, ca: Authority) -> None:
        other = anchor.issue("Người lập danh sách", "lists", (usage(CRL_SIGN),))
        leaf = ca.leaf(points(point(full=[HERE])))
        assert UNKNOWN in verdict(leaf, [anchor.crl(), other.crl((), [scope(indirect=True)])], ca, other)

    def test_an_issuer_whose_own_status_stands_on_its_own_list(self, anchor: Authority) -> None:
        ca = anchor.issue("CA", "ca")
        subject = name("Người lập danh sách")
        where = points(point(full=[HERE], issuer=subject))
        other = ca.issue(subject, "lists", (usage(CRL_SIGN), where))
        leaf = ca.leaf(where)
        lists = [anchor.crl(), other.crl((), [scope(full=[HERE], indirect=True)])]
        assert verdict(leaf, lists, ca, other) == ""


class TestDelta:
    """4.15."""

    def test_a_delta_alone_says_nothing(self, anchor: Authority, ca: Authority) -> None:
        assert UNKNOWN in verdict(ca.leaf(), [anchor.crl(), ca.crl((), [delta(1)], number=2)], ca)

    @pytest.mark.parametrize(
        ("base", "number", "used"), [(1, 5, True), (3, 5, True), (4, 5, False), (1, 3, False)]
    )
    def test_a_delta_continues_a_complete_list(
        self, anchor: Authority, ca: Authority, base: int, number: int, used: bool
    ) -> None:
        leaf = ca.leaf()
        lists = [anchor.crl(), ca.crl(number=3), ca.crl([leaf.serial], [delta(base)], number=number)]
        assert (REVOKED in verdict(leaf, lists, ca)) is used

    def test_a_delta_takes_back(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        held = ca.crl({leaf.serial: [reason(6)]}, number=3)
        back = ca.crl({leaf.serial: [reason(REMOVED)]}, [delta(3)], number=4)
        assert REVOKED in verdict(leaf, [anchor.crl(), held], ca)
        assert verdict(leaf, [anchor.crl(), held, back], ca) == ""

    def test_of_deltas_the_newest_counts(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        lists = [
            anchor.crl(),
            ca.crl(number=3),
            ca.crl([leaf.serial], [delta(3)], number=4),
            ca.crl({leaf.serial: [reason(REMOVED)]}, [delta(3)], number=5),
        ]
        assert verdict(leaf, lists, ca) == ""

    def test_a_delta_in_force_renews_an_old_list(self, anchor: Authority, ca: Authority) -> None:
        old = ca.crl(number=3, made=AT - 9 * DAY, until=AT - DAY)
        assert UNKNOWN in verdict(ca.leaf(), [anchor.crl(), old], ca)
        assert verdict(ca.leaf(), [anchor.crl(), old, ca.crl((), [delta(3)], number=4)], ca) == ""

    def test_an_old_delta_is_not_used(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        old = ca.crl([leaf.serial], [delta(3)], number=4, made=AT - 9 * DAY, until=AT - DAY)
        assert verdict(leaf, [anchor.crl(), ca.crl(number=3), old], ca) == ""

    def test_a_delta_of_another_scope_is_not_used(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        other = ca.crl([leaf.serial], [delta(3), scope(user=True)], number=4)
        assert verdict(leaf, [anchor.crl(), ca.crl(number=3), other], ca) == ""

    def test_a_forged_delta_is_not_used(self, anchor: Authority, ca: Authority) -> None:
        leaf = ca.leaf()
        held = ca.crl([leaf.serial], number=3)
        forged = ca.crl({leaf.serial: [reason(REMOVED)]}, [delta(3)], number=4, break_it=True)
        assert REVOKED in verdict(leaf, [anchor.crl(), held, forged], ca)


def test_circles_of_signers_of_lists_end(anchor: Authority) -> None:
    """Eight issuers that sign lists for each other, all of one name: the search must not explode."""
    circle = [anchor.issue("CA", f"circle{n}") for n in range(8)]
    lists = [anchor.crl(), *(one.crl() for one in circle)]
    assert verdict(circle[0].leaf(), lists, *circle) == ""

"""Signatures, dates, names, basic constraints, key usage, extensions (PKITS 4.1-4.3, 4.6, 4.7, 4.16)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from signing import der
from signing.pki.path.certificate import Certificate
from signing.pki.path.crls import RevocationList
from signing.pki.reader import NotDer
from tests.factories.paths import (
    AT,
    CRL_SIGN,
    DAY,
    KEY_CERT_SIGN,
    PSS,
    Authority,
    Case,
    constraints,
    key,
    name,
    root,
    time,
    usage,
)


def verdict(anchor: Authority, *path: Authority) -> str:
    """The reason why the last of a path is refused, "" when it is valid."""
    *between, target = path
    return Case(anchor, list(between)).judge(target).reason


class TestSignatures:
    """4.1: every signature of the path is verified."""

    @pytest.mark.parametrize("kind", ["p256", "rsa2048", "dsa2048", "ed25519", "ed448"])
    def test_every_algorithm_is_verified(self, kind: str) -> None:
        anchor = root()
        ca = anchor.issue("CA", kind)
        assert verdict(anchor, ca, ca.leaf()) == ""

    def test_pss_is_verified(self) -> None:
        anchor = root("rsa2048", scheme=PSS)
        assert verdict(anchor, anchor.leaf()) == ""

    @pytest.mark.parametrize("kind", ["p256", "rsa2048", "dsa2048", "ed25519"])
    def test_a_broken_signature_of_the_certificate_is_found(self, kind: str) -> None:
        anchor = root(kind)
        assert "signature" in verdict(anchor, anchor.leaf(break_it=True))

    def test_a_broken_signature_of_an_authority_is_found(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", break_it=True)
        assert verdict(anchor, ca, ca.leaf())

    def test_a_signature_by_another_key_of_the_same_name_is_found(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca")
        impostor = Authority(ca.subject, key("impostor"))
        assert verdict(anchor, ca, impostor.leaf())

    def test_a_small_key_proves_nothing(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "rsa1024")
        assert "1024 bits" in verdict(anchor, ca, ca.leaf())

    def test_sha_1_proves_nothing(self) -> None:
        old = der.sequence(der.oid("1.2.840.113549.1.1.5"), der.NULL)
        anchor = root("rsa2048")
        leaf = Authority(anchor.subject, anchor.key, scheme=old).leaf()
        assert verdict(anchor, leaf)

    def test_dsa_parameters_are_inherited(self) -> None:
        anchor = root("dsa2048")
        own = key("dsa2048").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        number = own[own.rindex(b"\x03\x82") :]  # the BIT STRING at the end
        info = der.sequence(der.sequence(der.oid("1.2.840.10040.4.1")), number)
        ca = anchor.issue("CA", "dsa2048", info=info)
        assert verdict(anchor, ca, ca.leaf()) == ""

    def test_dsa_parameters_are_not_inherited_from_another_kind_of_key(self) -> None:
        anchor = root()
        info = der.sequence(der.sequence(der.oid("1.2.840.10040.4.1")), der.tlv(3, b"\x00\x02\x01\x05"))
        ca = anchor.issue("CA", "dsa2048", info=info)
        assert verdict(anchor, ca, ca.leaf())


class TestDates:
    """4.2: every certificate of the path is in force."""

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            (time(AT - DAY), time(AT + DAY)),
            (time(datetime(1999, 1, 1, tzinfo=UTC)), time(AT + DAY)),  # UTCTime before 2000
            (time(AT - DAY, general=True), time(datetime(2061, 1, 1, tzinfo=UTC))),
            (time(AT), time(AT)),
        ],
    )
    def test_in_force(self, start: bytes, end: bytes) -> None:
        anchor = root()
        assert verdict(anchor, anchor.leaf(dates=(start, end))) == ""

    @pytest.mark.parametrize(
        ("start", "end", "why"),
        [
            (AT + DAY, AT + 2 * DAY, "not valid before"),
            (AT - 2 * DAY, AT - DAY, "expired"),
            (datetime(1998, 1, 1, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC), "expired"),
            (datetime(2060, 1, 1, tzinfo=UTC), datetime(2061, 1, 1, tzinfo=UTC), "not valid before"),
        ],
    )
    def test_out_of_force(self, start: datetime, end: datetime, why: str) -> None:
        anchor = root()
        assert why in verdict(anchor, anchor.leaf(dates=(time(start), time(end))))

    @pytest.mark.parametrize("days", [-400, 400])
    def test_an_authority_out_of_force_breaks_the_path(self, days: int) -> None:
        anchor = root()
        middle = AT + timedelta(days=days)
        ca = anchor.issue("CA", "ca", dates=(time(middle - DAY), time(middle + DAY)))
        assert verdict(anchor, ca, ca.leaf())


class TestNames:
    """4.3: names chain by the rules of RFC 5280, section 7.1."""

    @pytest.mark.parametrize(
        ("subject", "issuer"),
        [
            (name("Sở Y tế"), name("  Sở   Y tế ")),
            (name("So Y Te"), name("SO Y TE", tag=0x13)),
            (name("So Y te", tag=0x13), name("so y te")),
            (name("SỞ Y TẾ"), name("sở y tế", tag=0x1E)),
            (name("Sở Y tế"), name("Sở Y tế")),  # composed and decomposed
            (name(("2.5.4.10", "UBND"), ("2.5.4.3", "CA")), name(("2.5.4.10", "ubnd"), ("2.5.4.3", "ca"))),
            (
                name(("0.9.2342.19200300.100.1.25", "vn"), "CA"),
                name(("0.9.2342.19200300.100.1.25", "VN"), "CA"),
            ),
        ],
    )
    def test_the_same_name_written_otherwise(self, subject: bytes, issuer: bytes) -> None:
        anchor = root()
        ca = anchor.issue(subject, "ca")
        assert verdict(anchor, ca, ca.leaf(issuer=issuer)) == ""

    @pytest.mark.parametrize(
        ("subject", "issuer"),
        [
            (name("Sở Y tế"), name("Sở Y tê")),
            (name("Sở Y tế"), name("SởYtế")),
            (name(("2.5.4.10", "A"), ("2.5.4.11", "B")), name(("2.5.4.11", "B"), ("2.5.4.10", "A"))),
            (name(("2.5.4.10", "A"), "CA"), name("CA")),
            (name(("2.5.4.10", "CA")), name(("2.5.4.11", "CA"))),
        ],
    )
    def test_another_name(self, subject: bytes, issuer: bytes) -> None:
        anchor = root()
        ca = anchor.issue(subject, "ca")
        assert "no path" in verdict(anchor, ca, ca.leaf(issuer=issuer))


class TestBasicConstraints:
    """4.6: only authorities issue, and no more of them than one allows."""

    @pytest.mark.parametrize(
        "those",
        [
            (usage(KEY_CERT_SIGN),),
            (constraints(ca=False), usage(KEY_CERT_SIGN)),
            (constraints(ca=False, critical=False), usage(KEY_CERT_SIGN)),
        ],
    )
    def test_no_authority(self, those: tuple[tuple[str, bool, bytes], ...]) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", those)
        assert "no certification authority" in verdict(anchor, ca, ca.leaf())

    def test_an_old_version_is_no_authority(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (), version=1)
        assert verdict(anchor, ca, ca.leaf())

    def test_constraints_need_not_be_critical(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(critical=False), usage(KEY_CERT_SIGN)))
        assert verdict(anchor, ca, ca.leaf()) == ""

    @pytest.mark.parametrize(("lengths", "good"), [([0], True), ([1, 0], True), ([6, 4, None], True)])
    @pytest.mark.parametrize("kind", ["person", "authority"])
    def test_paths_within_the_length(self, lengths: list[int | None], good: bool, kind: str) -> None:
        anchor, path = chain(lengths)
        last = path[-1].leaf() if kind == "person" else path[-1].issue("CA cuối", "last")
        assert (verdict(anchor, *path, last) == "") is good

    @pytest.mark.parametrize("lengths", [[0, None], [1, None, None], [6, 0, None], [6, 1, 6, None]])
    def test_paths_beyond_the_length(self, lengths: list[int | None]) -> None:
        anchor, path = chain(lengths)
        assert "longer" in verdict(anchor, *path, path[-1].leaf())

    def test_self_issued_certificates_do_not_count(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(length=0), usage(KEY_CERT_SIGN)))
        renewed = ca.issue(ca.subject, "ca new")
        assert verdict(anchor, ca, renewed, renewed.leaf()) == ""

    def test_behind_a_self_issued_certificate_the_length_still_holds(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(length=0), usage(KEY_CERT_SIGN)))
        renewed = ca.issue(ca.subject, "ca new")
        below = renewed.issue("CA dưới", "below")
        assert "longer" in verdict(anchor, ca, renewed, below, below.leaf())


def chain(lengths: list[int | None]) -> tuple[Authority, list[Authority]]:
    """Authorities below each other, each with its pathLenConstraint."""
    anchor = issuer = root()
    path: list[Authority] = []
    for number, length in enumerate(lengths):
        those = (constraints(length=length), usage(KEY_CERT_SIGN, CRL_SIGN))
        issuer = issuer.issue(f"CA {number}", f"ca{number}", those)
        path.append(issuer)
    return anchor, path


class TestKeyUsage:
    """4.7: an authority's key usage allows signing certificates."""

    @pytest.mark.parametrize("critical", [True, False])
    def test_not_for_certificates(self, critical: bool) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(), usage(CRL_SIGN, critical=critical)))
        assert "may not sign certificates" in verdict(anchor, ca, ca.leaf())

    @pytest.mark.parametrize("those", [(), (usage(KEY_CERT_SIGN, critical=False),)])
    def test_absent_or_not_critical(self, those: tuple[tuple[str, bool, bytes], ...]) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(), *those))
        assert verdict(anchor, ca, ca.leaf()) == ""


class TestExtensions:
    """4.16: unknown extensions are passed over unless they are critical."""

    @pytest.mark.parametrize("critical", [True, False])
    def test_unknown_extension(self, critical: bool) -> None:
        anchor = root()
        reason = verdict(anchor, anchor.leaf(("2.25.42", critical, der.NULL)))
        assert ("unknown" in reason) is critical

    def test_unknown_critical_extension_of_an_authority(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (constraints(), usage(KEY_CERT_SIGN), ("2.25.42", True, der.NULL)))
        assert "unknown" in verdict(anchor, ca, ca.leaf())

    def test_a_malformed_extension_breaks_the_path(self) -> None:
        anchor = root()
        ca = anchor.issue("CA", "ca", (("2.5.29.19", True, b"\x30\x05\x01"), usage(KEY_CERT_SIGN)))
        assert "malformed" in verdict(anchor, ca, ca.leaf())

    def test_an_extension_may_stand_once(self) -> None:
        with pytest.raises(NotDer):
            Certificate(root().leaf(constraints(), constraints()).certificate)


class TestSearch:
    """Whatever is given, the search finds the good path or ends."""

    def test_of_two_keys_of_one_name_the_right_one_is_taken(self) -> None:
        anchor = root()
        wrong, right = anchor.issue("CA", "wrong"), anchor.issue("CA", "right")
        assert verdict(anchor, wrong, right, right.leaf()) == ""

    def test_a_path_around_an_expired_cross_certificate_is_found(self) -> None:
        anchor = root()
        old = anchor.issue("CA", "ca", dates=(time(AT - 9 * DAY), time(AT - 8 * DAY)))
        new = anchor.issue("CA", "ca")
        assert verdict(anchor, old, new, new.leaf()) == ""

    def test_circles_of_cross_certificates_end(self) -> None:
        circle = [Authority(name(f"CA {n}"), key(f"circle{n}")) for n in range(8)]
        others = [one.issue(two.subject, two.key) for one in circle for two in circle if one is not two]
        assert (
            verdict(root(), *others, circle[0].leaf())
            == "no path leads from the certificate to a trust anchor"
        )

    def test_the_anchor_itself_is_trusted_while_it_is_in_force(self) -> None:
        anchor = root()
        assert verdict(anchor, anchor) == ""

    def test_a_self_signed_stranger_is_not(self) -> None:
        stranger = root("stranger")
        assert verdict(root(), stranger)


@given(data=st.binary(max_size=300))
def test_any_bytes_are_no_certificate_and_no_list(data: bytes) -> None:
    for read in (Certificate, RevocationList):
        with pytest.raises(NotDer):
            read(data)


@given(place=st.integers(0, 700), value=st.integers(0, 255))
def test_a_certificate_with_one_byte_changed_is_never_valid(place: int, value: int) -> None:
    anchor = root()
    raw = bytearray(LEAF.certificate)
    if place >= len(raw) or raw[place] == value:
        return
    raw[place] = value
    try:
        assert verdict(anchor, Authority(b"", anchor.key, bytes(raw)))
    except NotDer:
        return


LEAF = root().leaf(subject="Một người")


def test_an_rsa_anchor_of_2048_bits_is_large_enough() -> None:
    private = key("rsa2048")
    assert isinstance(private, rsa.RSAPrivateKey)
    anchor = root("rsa2048")
    assert verdict(anchor, anchor.leaf()) == ""

"""Keys on a token (SoftHSM): what signs, what is refused, and a PIN that is tried once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from signing.errors import KeyFault
from signing.keys.pkcs11 import TokenSigner, TokenUri, open_uri
from signing.keys.protocol import SignatureAlgorithm
from signing.pades.embed import SignatureText, sign_invisibly
from signing.pki.ca import CertificateRequest
from signing.pki.profiles import KeyType, Kind
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.factories.softhsm import PIN, Token, add_key, new_token
from tests.unit.signing.samples import NOW, PASSPHRASE, Office, blank_pdf


@pytest.fixture(scope="module")
def token(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """A token with an RSA and a P-384 key."""
    folder = tmp_path_factory.mktemp("token")
    made = new_token(folder / "hsm")
    for label, kind in (("rsa", KeyType.RSA2048), ("p384", KeyType.P384)):
        request = CertificateRequest(Kind.PERSON, f"Văn thư {label}", "000.00.01.X99", kind)
        issued = office.authority.issue(request, passphrase=PASSPHRASE, now=NOW)
        (folder / "key.p12").write_bytes(issued.pkcs12)
        add_key(made, folder / "key.p12", PASSPHRASE.decode(), label)
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ.update(made.environment)
    yield made
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def verdict(pdf: bytes, office: Office) -> Verdict:
    trust = load(office.authority.folder / "trust")
    return validate(pdf, trust=trust, at=NOW + timedelta(minutes=1)).verdict


@pytest.mark.parametrize(
    ("label", "algorithm"),
    [
        ("rsa", SignatureAlgorithm.RSA_PKCS1_SHA256),
        ("rsa", SignatureAlgorithm.RSA_PSS_SHA256),
        ("rsa", SignatureAlgorithm.RSA_PKCS1_SHA512),
        ("p384", SignatureAlgorithm.ECDSA_SHA384),
    ],
)
def test_a_token_signs_what_is_valid(
    token: Token, office: Office, label: str, algorithm: SignatureAlgorithm
) -> None:
    key = open_uri(token.uri(label), PIN.encode()).using(algorithm)
    assert key.identity.name == f"Văn thư {label}"
    assert key.identity.chain  # the issuers lie on the token
    signed = sign_invisibly(blank_pdf(), key, "s", SignatureText(), NOW)
    assert verdict(signed, office) is Verdict.VALID


def test_a_wrong_pin_is_tried_once(token: Token) -> None:
    with pytest.raises(KeyFault) as caught:
        open_uri(token.uri("rsa"), b"135791")
    assert "PIN is wrong" in str(caught.value)
    key = open_uri(token.uri("rsa"), PIN.encode())
    wrong = TokenSigner(key.identity, key.algorithm, TokenUri.parse(token.uri("none")), PIN)
    faults = []
    for _ in range(2):
        with pytest.raises(KeyFault) as caught:
            wrong.sign_raw(b"x", key.algorithm)
        faults.append(caught.value.__cause__)
    assert isinstance(faults[1], KeyFault)
    assert faults[0] is faults[1]  # the token was not asked again


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("pkcs11:token=none;object=rsa?module-path=/usr/lib/softhsm/libsofthsm2.so", "0 tokens"),
        ("pkcs11:object=none?module-path=/usr/lib/softhsm/libsofthsm2.so", "no key"),
        ("pkcs11:object=rsa?module-path=/nowhere.so", "cannot be opened"),
        ("pkcs11:object=rsa", "names no library"),
        ("pkcs11:slot-id=x?module-path=/nowhere.so", "no number"),
        ("file:key.p12", "no pkcs11"),
    ],
)
@pytest.mark.usefixtures("token")
def test_a_key_that_is_not_there_is_told(uri: str, said: str) -> None:
    with pytest.raises(KeyFault, match=said):
        open_uri(uri, PIN.encode())


def test_a_pin_is_not_shown(token: Token) -> None:
    assert PIN not in repr(open_uri(token.uri("rsa"), PIN.encode()))

"""Known attack classes are never valid, on own and on foreign files; each has its honest twin that is."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields as hanko_fields
from pyhanko.sign import signers
from pyhanko.sign.fields import MDPPerm, SigFieldSpec

from signing.fonts import TextFont
from signing.pki.ca import CertificateRequest
from signing.pki.profiles import KeyType, Kind
from signing.validate.material import TrustMaterial, load
from signing.validate.pdf import validate
from signing.validate.report import Changes, Report, Verdict
from tests.data import attacks
from tests.unit.signing.samples import NOW, PASSPHRASE, Office, issued, letter, person_signed

AT = NOW + timedelta(minutes=5)


def foreign_signer(office: Office, folder: Path, key: KeyType = KeyType.RSA2048) -> signers.SimpleSigner:
    """A key of the office in pyHanko's hands."""
    request = CertificateRequest(Kind.PERSON, f"Người ký {key.value}", "X", key, None)
    made = office.authority.issue(request, passphrase=PASSPHRASE, now=NOW)
    path = folder / f"{key.value}.p12"
    path.write_bytes(made.pkcs12)
    opened: signers.SimpleSigner = signers.SimpleSigner.load_pkcs12(  # type: ignore[no-untyped-call]  # not annotated
        str(path), passphrase=PASSPHRASE
    )
    return opened


def by_pyhanko(pdf: bytes, signer: signers.SimpleSigner, name: str, level: MDPPerm | None = None) -> bytes:
    """Sign, or certify at a level, as pyHanko does."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    if not any(f[0] == name for f in hanko_fields.enumerate_sig_fields(writer)):
        hanko_fields.append_signature_field(writer, SigFieldSpec(name))
    meta = signers.PdfSignatureMetadata(
        field_name=name, certify=level is not None, docmdp_permissions=level or MDPPerm.FILL_FORMS
    )
    signed: bytes = signers.sign_pdf(writer, meta, signer, existing_fields_only=True).getvalue()
    return signed


@pytest.fixture(scope="module")
def trust(office: Office) -> TrustMaterial:
    return load(office.authority.folder / "trust")


@pytest.fixture(scope="module")
def signed(office: Office, font: TextFont, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files to be attacked: of this product, of pyHanko, certified at each level."""
    signer = foreign_signer(office, tmp_path_factory.mktemp("foreign"))
    plain = letter(archival=False)
    return {
        "own": person_signed(office, font, plain),
        "own, issued": issued(office, font, plain),
        "foreign": by_pyhanko(plain, signer, "S"),
        "certified 1": by_pyhanko(plain, signer, "S", MDPPerm.NO_CHANGES),
        "certified 2": by_pyhanko(plain, signer, "S", MDPPerm.FILL_FORMS),
        "certified 3": by_pyhanko(plain, signer, "S", MDPPerm.ANNOTATE),
    }


FILES = ["own", "own, issued", "foreign", "certified 1", "certified 2", "certified 3"]


def check(pdf: bytes, trust: TrustMaterial | None) -> Report:
    return validate(pdf, trust=trust, at=AT)


def never_valid(pdf: bytes, trust: TrustMaterial) -> None:
    """Neither with trust nor by integrity alone."""
    report = check(pdf, trust)
    assert report.verdict is not Verdict.VALID
    assert check(pdf, None).verdict is not Verdict.VALID
    assert report.reason


@pytest.mark.parametrize("file", FILES)
def test_the_files_to_be_attacked_are_valid(
    file: str, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    assert check(signed[file], trust).verdict is Verdict.VALID


def each(group: dict[str, attacks.Attack]) -> list[ParameterSet]:
    """Return every attack of a group on every file."""
    return [pytest.param(file, group[name], id=f"{file}: {name}") for file in FILES for name in group]


@pytest.mark.parametrize(("file", "attack"), each(attacks.UNIVERSAL_FORGERY))
def test_universal_signature_forgery(
    file: str, attack: attacks.Attack, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    never_valid(attack(signed[file]), trust)


@pytest.mark.parametrize(("file", "attack"), each(attacks.INCREMENTAL_SAVING))
def test_incremental_saving(
    file: str, attack: attacks.Attack, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    never_valid(attack(signed[file]), trust)


@pytest.mark.parametrize(("file", "attack"), each(attacks.SHADOW_AND_STRUCTURE))
def test_shadow_attacks_and_tricks_of_structure(
    file: str, attack: attacks.Attack, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    never_valid(attack(signed[file]), trust)


@pytest.mark.parametrize("file", FILES)
def test_signature_wrapping(file: str, signed: dict[str, bytes], trust: TrustMaterial) -> None:
    never_valid(attacks.wrapped(signed[file]), trust)


@pytest.mark.parametrize(("file", "attack"), each(attacks.EVIL_ANNOTATIONS))
def test_evil_annotations(
    file: str, attack: attacks.Attack, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    never_valid(attack(signed[file]), trust)


@pytest.mark.parametrize("file", FILES)
def test_overlay_by_a_signature(file: str, signed: dict[str, bytes], trust: TrustMaterial) -> None:
    never_valid(attacks.overlay_by_signature(signed[file]), trust)
    never_valid(attacks.overlay_by_empty_field(signed[file]), trust)


@pytest.mark.parametrize("name", attacks.HONEST_ANNOTATIONS)
@pytest.mark.parametrize("file", FILES)
def test_honest_notes_pass_where_they_are_allowed(
    file: str, name: str, signed: dict[str, bytes], trust: TrustMaterial
) -> None:
    report = check(attacks.HONEST_ANNOTATIONS[name](signed[file]), trust)
    if file in ("certified 1", "certified 2"):
        assert report.verdict is Verdict.INVALID
    else:
        assert (report.verdict, report.signatures[0].changes_after) == (Verdict.VALID, Changes.ALLOWED)


@pytest.mark.parametrize("file", ["certified 2", "certified 3", "foreign", "own"])
def test_a_later_signature_leaves_them_valid(
    file: str, signed: dict[str, bytes], trust: TrustMaterial, office: Office, tmp_path: Path
) -> None:
    both = by_pyhanko(signed[file], foreign_signer(office, tmp_path, KeyType.P256), "later")
    report = check(both, trust)
    assert (report.verdict, [s.changes_after for s in report.signatures]) == (
        Verdict.VALID,
        [Changes.ALLOWED, Changes.NONE],
    )


def test_a_later_signature_breaks_what_was_certified_for_no_change(
    signed: dict[str, bytes], trust: TrustMaterial, office: Office, tmp_path: Path
) -> None:
    """pyHanko refuses to do that, so the field is added by hand."""
    never_valid(attacks.overlay_by_empty_field(signed["certified 1"]), trust)

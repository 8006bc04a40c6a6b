"""Independent verifiers as functions."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.unit.signing.samples import Office


def pdfsig(pdf: bytes, nss: Path, folder: Path) -> list[tuple[str, str, str]]:
    """Return (field, verdict on the signature, verdict on the certificate) for every signature."""
    path = folder / "checked.pdf"
    path.write_bytes(pdf)
    run = subprocess.run(
        ["pdfsig", "-nssdir", str(nss), str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    found: list[dict[str, str]] = []
    for line in run.stdout.splitlines():
        if line.startswith("Signature #"):
            found.append({})
        elif found and ":" in line:
            key, _, value = line.strip(" -").partition(":")
            found[-1][key] = value.strip()
    return [
        (s["Signature Field Name"], s.get("Signature Validation", ""), s.get("Certificate Validation", ""))
        for s in found
    ]


VALID = ("Signature is Valid.", "Certificate is Trusted.")


def qpdf_check(pdf: bytes, folder: Path) -> str:
    """Return what qpdf says of the structure; "" when it finds nothing."""
    path = folder / "structure.pdf"
    path.write_bytes(pdf)
    run = subprocess.run(
        ["qpdf", "--check", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    return "" if run.returncode == 0 else run.stdout + run.stderr


def pyhanko_bottom_lines(pdf: bytes, office: Office) -> dict[str, bool]:
    """Return pyHanko's own verdict, with its default rules, by field."""
    root = x509.Certificate.load(_der(office.authority.trust_anchor.read_bytes()))
    reader = PdfFileReader(io.BytesIO(pdf))
    return {
        s.field_name: bool(validate_pdf_signature(s, ValidationContext(trust_roots=[root])).bottom_line)
        for s in reader.embedded_signatures
    }


def _der(pem: bytes) -> bytes:
    from asn1crypto import pem as asn1_pem

    return bytes(asn1_pem.unarmor(pem)[2])

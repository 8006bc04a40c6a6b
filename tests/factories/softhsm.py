"""A SoftHSM token with one key and its certificates, made in a process of its own.

The library of PKCS#11 reads its configuration once in each process, so the process that runs tests is not the
one that writes the token.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

MODULE: Final = "/usr/lib/softhsm/libsofthsm2.so"
PIN: Final = "246810"
LABEL: Final = "lienthong"


@dataclass(frozen=True)
class Token:
    """A token in a folder."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def uri(self, key: str) -> str:
        return f"pkcs11:token={LABEL};object={key}?module-path={MODULE}"


def new_token(folder: Path) -> Token:
    """Make an empty token."""
    (folder / "tokens").mkdir(parents=True)
    token = Token(folder)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    words = ["--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "98765432"]
    _run(["softhsm2-util", *words], token)
    return token


def add_key(token: Token, key_file: Path, passphrase: str, label: str) -> None:
    """Put the key of a PKCS#12 file on the token, with its certificates."""
    command = [sys.executable, "-m", "tests.factories.softhsm", str(key_file), passphrase, label]
    _run(command, token)


def _run(command: list[str], token: Token) -> None:
    root = Path(__file__).parents[2]
    environment = {**os.environ, **token.environment}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)


def main() -> None:
    """Write the key that the command line names to the token of SOFTHSM2_CONF."""
    import pkcs11
    from pkcs11 import Attribute, ObjectClass

    path, passphrase, label = sys.argv[1:]
    key, certificate, chain = pkcs12.load_key_and_certificates(Path(path).read_bytes(), passphrase.encode())
    assert key is not None
    assert certificate is not None
    plain = Path(os.environ["SOFTHSM2_CONF"]).parent / "key.pem"
    plain.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    number = f"{certificate.serial_number:x}"[-16:].rjust(16, "0")
    words = ["--import", str(plain), "--token", LABEL, "--label", label, "--id", number, "--pin", PIN]
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True, timeout=30)
    plain.unlink()
    token = pkcs11.lib(MODULE).get_token(token_label=LABEL)
    with token.open(rw=True, user_pin=PIN) as session:
        for index, one in enumerate((certificate, *chain)):
            session.create_object(
                {
                    Attribute.CLASS: ObjectClass.CERTIFICATE,
                    Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    Attribute.TOKEN: True,
                    Attribute.LABEL: label,
                    Attribute.ID: bytes.fromhex(number) if index == 0 else bytes((index,)),
                    Attribute.SUBJECT: one.subject.public_bytes(),
                    Attribute.VALUE: one.public_bytes(Encoding.DER),
                }
            )


if __name__ == "__main__":
    main()

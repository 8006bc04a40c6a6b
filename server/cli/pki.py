"""``lienthong pki``: an authority for development, tests and nodes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from server.cli.outcome import Stop, secret_from
from server.cli.pki_path import verify_path
from signing.errors import PkiFault
from signing.pki import ca
from signing.pki.ca import CertificateRequest
from signing.pki.crl import Reason
from signing.pki.profiles import END_ENTITIES, KeyType, Kind
from signing.pki.register import write_atomically

_PASSPHRASE_VARIABLE = "LIENTHONG_PKI_PASSPHRASE"  # noqa: S105 - the name of a variable
_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


def _authority_passphrase() -> bytes | None:
    value = os.environ.get(_PASSPHRASE_VARIABLE, "")
    return value.encode() or None


@click.group()
def pki() -> None:
    """Make and run a certification authority (development, tests, nodes).

    Its keys are encrypted with LIENTHONG_PKI_PASSPHRASE, or with generated passphrases beside them.
    """


@pki.command()
@_FOLDER
@click.option("--base-url", default=ca.DEFAULT_BASE_URL, show_default=True, help="Where AIA and CDP point.")
def init(folder: Path, base_url: str) -> None:
    """Make root, issuing authority, TSA and OCSP keys; trust anchors go to DIR/trust."""
    try:
        made = ca.init(folder, base_url=base_url, passphrase=_authority_passphrase(), now=datetime.now(UTC))
    except (PkiFault, OSError) as error:
        raise Stop(str(error)) from error
    click.echo(f"authority ready; trust anchor: {made.trust_anchor}")


@pki.command()
@_FOLDER
@click.option("--kind", required=True, type=click.Choice([kind.value for kind in END_ENTITIES]))
@click.option("--name", required=True, help="Person, body or host.")
@click.option("--organ-id", help="Identifier of the body, put in organizationIdentifier.")
@click.option(
    "--key", "key_type", default=KeyType.RSA2048.value, type=click.Choice([k.value for k in KeyType])
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PKCS#12 file to write.")
@click.option("--passphrase-env", required=True, help="Variable that holds the passphrase of the new key.")
def issue(
    folder: Path, kind: str, name: str, organ_id: str | None, key_type: str, out: Path, passphrase_env: str
) -> None:
    """Issue a certificate with a new key as a PKCS#12 file; print its serial number."""
    passphrase = secret_from(passphrase_env)
    request = CertificateRequest(Kind(kind), name, organ_id, KeyType(key_type))
    try:
        authority = ca.open_authority(folder, passphrase=_authority_passphrase())
        issued = authority.issue(request, passphrase=passphrase, now=datetime.now(UTC))
        write_atomically(out, issued.pkcs12, 0o600)
    except (PkiFault, OSError) as error:
        raise Stop(str(error)) from error
    click.echo(issued.serial)


@pki.command()
@_FOLDER
@click.option("--serial", required=True, help="Serial number in hexadecimal.")
@click.option("--reason", required=True, type=click.Choice([reason.value for reason in Reason]))
def revoke(folder: Path, serial: str, reason: str) -> None:
    """Revoke a certificate and publish a new list."""
    try:
        authority = ca.open_authority(folder, passphrase=_authority_passphrase())
        authority.revoke(serial, Reason(reason), now=datetime.now(UTC))
    except (PkiFault, OSError) as error:
        raise Stop(str(error)) from error
    click.echo(f"revoked: {serial}")


pki.add_command(verify_path)

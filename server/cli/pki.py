"""``lienthong pki``: an authority for development, tests and nodes."""

from __future__ import annotations

import asyncio
import os
import signal
from datetime import UTC, datetime
from pathlib import Path

import click

from server.certificates.publisher import PkiPublisher
from server.cli.outcome import Stop, secret_from
from server.cli.pki_path import verify_path
from server.cli.root import Servers, run
from server.kernel.clock import SystemClock
from signing.errors import PkiFault
from signing.pki import ca, upkeep
from signing.pki.ca import CertificateRequest
from signing.pki.crl import Reason
from signing.pki.profiles import END_ENTITIES, KeyType, Kind
from signing.pki.register import write_atomically

_KEEP_SECONDS = 3600
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
@click.option("--ocsp", is_flag=True, help="Name the responder in certificates: when it is always served.")
def init(folder: Path, base_url: str, ocsp: bool) -> None:
    """Make root, issuing authority, TSA and OCSP keys; trust anchors go to DIR/trust."""
    try:
        made = ca.init(
            folder, base_url=base_url, passphrase=_authority_passphrase(), now=datetime.now(UTC), ocsp=ocsp
        )
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


@pki.command()
@_FOLDER
@click.option("--what", required=True, type=click.Choice([kind.value for kind in upkeep.RENEWABLE]))
def renew(folder: Path, what: str) -> None:
    """Give the responder or the time-stamp authority a new key and certificate."""
    passphrase = _authority_passphrase()
    try:
        authority = ca.open_authority(folder, passphrase=passphrase)
        made = upkeep.renew(authority, Kind(what), passphrase=passphrase, now=datetime.now(UTC))
    except (PkiFault, OSError) as error:
        raise Stop(str(error)) from error
    click.echo(f"{what}: {made.serial_number:x}, until {made.not_valid_after_utc.isoformat()}")


@pki.command()
@_FOLDER
@click.option("--root", is_flag=True, help="The root's list too; its key must be there.")
def crl(folder: Path, root: bool) -> None:
    """Publish new revocation lists, as must happen before the last ones end."""
    passphrase, now = _authority_passphrase(), datetime.now(UTC)
    try:
        ca.open_authority(folder, passphrase=passphrase).refresh_crl(now=now)
        if root:
            upkeep.refresh_root_list(folder, passphrase=passphrase, now=now)
        ends = [part for part in upkeep.parts(folder) if part.name.endswith(".crl")]
    except (PkiFault, OSError) as error:
        raise Stop(str(error)) from error
    for part in ends:
        click.echo(f"{part.name}: until {part.ends.isoformat()}")


@pki.command()
@_FOLDER
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", required=True, type=click.IntRange(1, 65535))
@click.pass_obj
def serve(servers: Servers, folder: Path, host: str, port: int) -> None:
    """Serve OCSP at /ocsp, lists at /crl/NAME.crl, time-stamps at /tsa, certificates at /certs/NAME.crt."""
    try:
        upkeep.parts(folder)
    except PkiFault as error:
        raise Stop(str(error)) from error
    run(_serve(servers, folder, host, port))


async def _serve(servers: Servers, folder: Path, host: str, port: int) -> int:
    publisher = PkiPublisher(folder, SystemClock(), passphrase=_authority_passphrase())
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    keeping = asyncio.create_task(_keep(publisher))
    try:
        await servers.pki(publisher, host, port, lambda address: click.echo(f"PKI: {address}"), stop)
    except OSError as error:
        raise Stop(f"port {port} cannot be used: {error.strerror}") from error
    finally:
        keeping.cancel()
    return 0


async def _keep(publisher: PkiPublisher) -> None:
    while True:
        await publisher.keep()
        await asyncio.sleep(_KEEP_SECONDS)


pki.add_command(verify_path)

"""``lienthong audit witness``: watch the log of another installation and cosign what it signs (C2SP)."""

from __future__ import annotations

import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from server.cli.outcome import Stop
from storage.ledger.checkpoint import COSIGNATURE, CheckpointError, NoteKey
from storage.ledger.witness import REQUEST_BYTES_MAX, Answer, Witness

KEY = "witness.key"
PUBLIC = "witness.pub"
READ_SECONDS = 10
_FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


@click.group()
def witness() -> None:
    """Be an independent witness of a log: on another machine, in other hands."""


@witness.command()
@_FOLDER
@click.option("--name", required=True, help="Name of the witness: an address without a scheme.")
def init(folder: Path, name: str) -> None:
    """Make the key of the witness in DIR and print its verifier key, which the log's operator sets."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / KEY).exists():
        raise Stop(f"{folder / KEY} exists: a witness keeps its key")
    private = Ed25519PrivateKey.generate()
    try:
        key = NoteKey(name, private.public_key().public_bytes_raw(), COSIGNATURE)
    except CheckpointError as error:
        raise Stop(f"--name: {error}") from error
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(folder / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    (folder / PUBLIC).write_text(f"{key}\n", encoding="utf-8")
    click.echo(str(key))


@witness.command()
@_FOLDER
@click.option("--log", "logs", multiple=True, required=True, help="Verifier key of a log (ledger.pub).")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8099, show_default=True)
def serve(folder: Path, logs: tuple[str, ...], host: str, port: int) -> None:
    """Answer add-checkpoint until stopped; what does not continue the log is refused and kept in DIR."""
    watcher = open_witness(folder, logs)
    with Server((host, port), watcher) as server:
        click.echo(f"{host}:{server.server_address[1]}")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


@witness.command()
@_FOLDER
def alarms(folder: Path) -> None:
    """Print what was refused; exit 1 when there is anything: each pair of texts proves what the log did."""
    path = folder / "alarms.txt"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    click.echo(text or "no alarm", nl=not text)
    if text:
        raise SystemExit(1)


def open_witness(folder: Path, logs: tuple[str, ...]) -> Witness:
    """Return the witness of a folder. Raises Stop."""
    try:
        private = load_pem_private_key((folder / KEY).read_bytes(), None)
        key = NoteKey.parse((folder / PUBLIC).read_text(encoding="utf-8"))
        watched = [NoteKey.parse(text) for text in logs]
    except (OSError, ValueError, CheckpointError) as error:
        raise Stop(f"{folder}: {error}; lienthong audit witness init makes a key") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise Stop(f"{folder / KEY}: not an Ed25519 key")
    return Witness(folder, key, private.sign, watched)


class Server(ThreadingHTTPServer):
    """The witness over HTTP."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], watcher: Witness) -> None:
        self.watcher = watcher
        super().__init__(address, _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = READ_SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer one request."""
        if self.path != "/add-checkpoint":
            self._answer(Answer(404, "there is only /add-checkpoint\n"))
            return
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal() or int(length) > REQUEST_BYTES_MAX:
            self.close_connection = True
            self._answer(Answer(413, "a body of at most 64 KiB and its length are needed\n"))
            return
        server = self.server
        assert isinstance(server, Server)  # noqa: S101 - the handler is given to no other server
        try:
            answer = server.watcher.add_checkpoint(self.rfile.read(int(length)), int(time.time()))
        except OSError as error:
            answer = Answer(503, f"the state cannot be kept: {error.strerror}\n")
        self._answer(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        """One line for each request, without its body."""
        click.echo(f"{self.address_string()} {format % args}", err=True)

    def _answer(self, answer: Answer) -> None:
        body = answer.body.encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

"""A stand-in for the VGCA Sign Service, written from the text of its protocol (standards 6.3).

It listens with TLS at wss://127.0.0.1:8987, takes one parameter JSON for each operation, fetches the file,
signs it with a key in SoftHSM (or in memory) by pyHanko, not by this product's own engine, and posts it back
as the field ``uploadfile``. It proves that we keep to the text; the real plugin was never at hand.
"""

from __future__ import annotations

import asyncio
import io
import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any

import aiohttp
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

PORT = 8987
OPERATIONS = ("SignApproved", "SignIssued", "SignAppendix", "SignCopy")
Tamper = Callable[[bytes], bytes]


@dataclass
class StandIn:
    """The plugin on a person's machine. ``signer`` holds the token that is plugged in now."""

    folder: Path
    signer: Any = None
    """pyHanko signer; None = no token: the person cancels."""
    port: int = PORT
    before: Tamper | None = None
    """What a hostile program does to the file before it is signed."""
    after: Tamper | None = None
    """What it does afterwards."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    """Parameters of every operation, with its name under ``operation``."""

    def __enter__(self) -> StandIn:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _start(self) -> None:
        app = web.Application()
        for operation in OPERATIONS:
            app.router.add_get(f"/{operation}", self._operation)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=_tls(self.folder)).start()

    async def _operation(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        parameters = json.loads(await socket.receive_str())
        operation = request.path.removeprefix("/")
        self.asked.append({"operation": operation, **parameters})
        await socket.send_str(json.dumps(await self._carried_out(parameters)))
        await socket.close()
        return socket

    async def _carried_out(self, parameters: dict[str, Any]) -> dict[str, Any]:
        result = {
            "Status": 1,
            "Message": "",
            "FileName": "",
            "FileServer": "",
            "DocumentNumber": "",
            "DocumentDate": "",
        }
        if self.signer is None:
            return {**result, "Message": "Người dùng đã hủy"}
        async with aiohttp.ClientSession() as session:
            async with session.get(parameters["FileName"]) as answer:
                if answer.status != 200:
                    return {**result, "Message": f"Không tải được tệp ({answer.status})"}
                source = await answer.read()
            signed = await self.signed(source)
            form = aiohttp.FormData()
            form.add_field("uploadfile", signed, filename="ky.signed.pdf", content_type="application/pdf")
            async with session.post(parameters["FileUploadHandler"], data=form) as answer:
                told = await answer.json()
        status = 0 if told.get("Status") is True else 2
        return {**result, **told, "Status": status}

    async def signed(self, source: bytes) -> bytes:
        """Sign a file as the plugin does: a field of its own, ``adbe.pkcs7.detached``."""
        if self.before is not None:
            source = self.before(source)
        writer = IncrementalPdfFileWriter(io.BytesIO(source), strict=False)
        name = f"Signature{source.count(b'/ByteRange') + 1}"
        metadata = signers.PdfSignatureMetadata(field_name=name, md_algorithm="sha256")
        spec = fields.SigFieldSpec(name, on_page=0, box=(330, 120, 480, 190))
        out = await signers.PdfSigner(metadata, self.signer, new_field_spec=spec).async_sign_pdf(writer)
        data = bytes(out.getbuffer())
        return data if self.after is None else self.after(data)


def _tls(folder: Path) -> ssl.SSLContext:
    """Make a certificate for 127.0.0.1, as the plugin's installer does."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "plugin.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context

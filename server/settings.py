"""Settings, read once: ``config/default.toml``, then the file of the installation, then the environment.

Every setting, its unit and why it has its value stands in ``config/default.toml``; names here and there
are equal. Secrets are never settings: a setting names the file that holds one.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import msgspec

from server.kernel.errors import Invalid

ROOT = Path(__file__).resolve().parent.parent
"""Folder of the project: ``config/`` and ``web/`` lie in it."""

Seconds = Annotated[int, msgspec.Meta(ge=1)]
Bytes = Annotated[int, msgspec.Meta(ge=1)]


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where and how the HTTP server listens."""

    host: str
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    base_url: str
    tls: bool
    trusted_proxies: list[str]
    body_limit_bytes: Bytes
    shutdown_seconds: Seconds
    languages: list[str]


class Storage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where rows, bytes and the ledger are kept. Relative paths lie under the data folder."""

    database: str
    database_readers: Annotated[int, msgspec.Meta(ge=1, le=64)]
    blobs: str
    blobs_secret_file: str
    ledger: str


class Files(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may come in."""

    limit_bytes: Bytes
    pages_limit: Annotated[int, msgspec.Meta(ge=1)]
    guard_workers: Annotated[int, msgspec.Meta(ge=1, le=64)]
    guard_timeout_seconds: Seconds
    scanner: str
    scanner_fail_closed: bool


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Passwords, sessions, lockout."""

    argon2_memory_kib: Annotated[int, msgspec.Meta(ge=8)]
    argon2_passes: Annotated[int, msgspec.Meta(ge=1)]
    session_idle_seconds: Seconds
    session_absolute_seconds: Seconds
    lockout_failures: Annotated[int, msgspec.Meta(ge=1)]
    lockout_seconds: Seconds
    address_attempts: Annotated[int, msgspec.Meta(ge=1)]
    address_window_seconds: Seconds
    totp_required_roles: list[str]


class Audit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ledger of acts."""

    origin: str
    sequence_seconds: Seconds
    batch_entries: Annotated[int, msgspec.Meta(ge=1)]
    tiles_seconds: Seconds
    checkpoint_seconds: Seconds
    timestamp_url: str
    witnesses: list[str]
    timeout_seconds: Seconds


class Evidence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Signed evidence of what happens to documents."""

    service: str
    rules: str
    silence_seconds: Seconds


class Jobs(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Delivery of the outbox."""

    lease_seconds: Seconds
    batch_messages: Annotated[int, msgspec.Meta(ge=1)]
    attempts: Annotated[int, msgspec.Meta(ge=1)]
    backoff_seconds: Seconds
    backoff_limit_seconds: Seconds
    parallel: Annotated[int, msgspec.Meta(ge=1)]


class Signing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys and trust. Relative paths lie under the data folder."""

    keys: str
    trust: str
    pki: str
    workers: Annotated[int, msgspec.Meta(ge=1)]
    timeout_seconds: Seconds
    valid_days: Annotated[int, msgspec.Meta(ge=0)]
    offer_seconds: Seconds
    growth_limit_bytes: Bytes
    bulk_workers: Annotated[int, msgspec.Meta(ge=0)]
    bulk_items: Annotated[int, msgspec.Meta(ge=1)]
    level: str
    levels: list[str]
    tsa: str
    service_hosts: list[str]


class Rendering(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rendering of forms."""

    fonts: str
    timeout_seconds: Seconds


class Lookup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public look-up of results."""

    code_attempts: Annotated[int, msgspec.Meta(ge=1)]
    file_attempts: Annotated[int, msgspec.Meta(ge=1)]
    fact_attempts: Annotated[int, msgspec.Meta(ge=1)]
    window_seconds: Seconds
    rest_seconds: Seconds
    file_limit_bytes: Bytes
    files_at_once: Annotated[int, msgspec.Meta(ge=1)]
    files_waiting: Annotated[int, msgspec.Meta(ge=1)]
    files_per_address: Annotated[int, msgspec.Meta(ge=1)]
    upload_seconds: Seconds
    timeout_seconds: Seconds


class Province(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data of the installation. Relative paths lie under the project's folder."""

    profiles: str
    book_forms: str
    calendar: str
    permissions: str
    organisations: str
    registers: str
    procedures: str
    pki: str


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All settings of one installation."""

    data: Path
    server: Server
    storage: Storage
    files: Files
    identity: Identity
    audit: Audit
    evidence: Evidence
    jobs: Jobs
    signing: Signing
    rendering: Rendering
    lookup: Lookup
    province: Province

    def under_data(self, path: str) -> Path:
        """Return a path of the installation: as it is when absolute, else under the data folder."""
        return self.data / path

    def under_root(self, path: str) -> Path:
        """Return a path of the program: as it is when absolute, else under the project's folder."""
        return ROOT / path

    def listening(self, host: str | None, port: int | None) -> Settings:
        """Return the settings with another host or port, where one is named on the command line."""
        server = msgspec.structs.replace(
            self.server, host=host or self.server.host, port=port or self.server.port
        )
        return msgspec.structs.replace(self, server=server)

    @property
    def public_url(self) -> str:
        """Return the address that links and QR codes name, without a slash at its end."""
        return (self.server.base_url or f"http://{self.server.host}:{self.server.port}").rstrip("/")

    @property
    def database_url(self) -> str:
        """Return the database URL with a relative SQLite path made absolute."""
        return _absolute(self.storage.database, "sqlite:///", self.data)

    @property
    def blobs_url(self) -> str:
        """Return the blob store's URL; ``file:NAME`` is a directory in the data folder.

        ``file:///srv/objects`` (RFC 8089) names a directory of the machine.
        """
        name = self.storage.blobs.removeprefix("file:")
        if name == self.storage.blobs or name.startswith("/") or not name:
            return self.storage.blobs
        return (self.data / name).absolute().as_uri()


def _absolute(url: str, scheme: str, data: Path) -> str:
    if not url.startswith(scheme):
        return url
    path = url.removeprefix(scheme)
    return scheme + (path if path.startswith("/") else str(data / path))


def _merge(base: dict[str, object], over: Mapping[str, object]) -> dict[str, object]:
    merged = dict(base)
    for key, value in over.items():
        present = merged.get(key)
        if isinstance(present, dict) and isinstance(value, dict):
            merged[key] = _merge(present, value)
        else:
            merged[key] = value
    return merged


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of this installation.

    ``LIENTHONG_CONFIG`` names a TOML file over the defaults, ``LIENTHONG_DATA`` the data folder (default
    ``var/data``), ``PORT`` the port; ``LIENTHONG_<TABLE>_<NAME>`` sets any single value. Raises Invalid
    ``settings.*`` naming the setting.
    """
    environment = os.environ if environment is None else environment
    values = _read(ROOT / "config" / "default.toml")
    if extra := environment.get("LIENTHONG_CONFIG"):
        values = _merge(values, _read(Path(extra)))
    values["data"] = environment.get("LIENTHONG_DATA") or values.get("data") or str(ROOT / "var" / "data")
    if not Path(str(values["data"])).is_absolute():
        values["data"] = str(Path(str(values["data"])).resolve())
    for name, text in environment.items():
        _override(values, name, text)
    if port := environment.get("PORT"):
        _override(values, "LIENTHONG_SERVER_PORT", port)
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as error:
        raise Invalid("settings.invalid", reason=str(error)) from error


def _path(kind: type, value: object) -> Path:
    """Make a Path of text; the settings have no other type that msgspec does not know."""
    if kind is not Path or not isinstance(value, str):
        raise NotImplementedError(kind)
    return Path(value)


def _override(values: dict[str, object], name: str, text: str) -> None:
    if not name.startswith("LIENTHONG_"):
        return
    table, _, key = name.removeprefix("LIENTHONG_").lower().partition("_")
    section = values.get(table)
    if isinstance(section, dict) and key in section:
        section[key] = text.split(",") if isinstance(section[key], list) else text


def _read(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid("settings.unreadable", path=str(path), reason=error.strerror or "") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid("settings.not_toml", path=str(path), reason=str(error)) from error

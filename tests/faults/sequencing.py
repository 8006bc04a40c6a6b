"""One sequencer in a process of its own, to be killed and paused: ``python -m tests.faults.sequencing``.

Arguments: address of the database, folder of the log, seconds by which its clock is wrong. It places what
waits again and again until it is told to stop, and prints ``ready`` once.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from server.audit import sequencer
from server.kernel.errors import Unavailable
from storage.blobs.filesystem import FilesystemBlobStore
from storage.sql.open import open_database
from storage.sql.protocol import SqlError
from tests.factories.ledger import log_of

LEASE = timedelta(seconds=0.6)


class WrongClock:
    """A clock that goes, but is wrong."""

    def __init__(self, seconds: float) -> None:
        self._wrong = timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._wrong


async def main(url: str, folder: Path, wrong: float) -> None:
    """Place entries until SIGTERM."""
    sequencer.LEASE = LEASE
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    database = await open_database(url, readers=1)
    blobs = await FilesystemBlobStore.open(folder.parent / "objects")
    audit = log_of(database, folder, clock=WrongClock(wrong), batch=40, blobs=blobs)
    print("ready", flush=True)
    while not stop.is_set():
        try:
            await audit.sequencer.run()
            await audit.checkpoints.publish()
        except (Unavailable, SqlError) as error:
            print(f"{type(error).__name__} {error}", file=sys.stderr, flush=True)
        await asyncio.sleep(0.01)
    await audit.sequencer.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])))

"""The bytes of resumable uploads on the disk: appended, forced, counted. Blocking: call in threads.

Beside the bytes lies a note of how many of them are safe, written after they were forced to the disk. Bytes
beyond the note (a crash in the middle of a part) are cut off before the next part is appended.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from server.kernel.errors import Conflict, Unavailable


def offset_of(path: Path) -> int:
    """Return how many bytes of an upload are safe; 0 = none."""
    try:
        return int(_note(path).read_text(encoding="ascii"))
    except FileNotFoundError:
        return 0
    except (OSError, ValueError) as error:
        raise Unavailable("files.disk") from error


class Part:
    """One part being appended; holds the file against every other process."""

    def __init__(self, path: Path, offset: int) -> None:
        """Open and cut to ``offset``. Raises Conflict ``files.upload_busy``, Unavailable ``files.disk``."""
        self._path = path
        try:
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.ftruncate(self._fd, offset)
                os.lseek(self._fd, offset, os.SEEK_SET)
            except BaseException:
                os.close(self._fd)
                raise
        except BlockingIOError as error:
            raise Conflict("files.upload_busy") from error
        except OSError as error:
            raise Unavailable("files.disk") from error
        self._offset = offset

    def write(self, parts: list[bytes]) -> None:
        """Append bytes."""
        try:
            for part in parts:
                rest = memoryview(part)
                while rest:
                    written = os.write(self._fd, rest)
                    self._offset += written
                    rest = rest[written:]
        except OSError as error:
            raise Unavailable("files.disk") from error

    def close(self) -> int:
        """Force what was written, note it, let go; return the new offset."""
        try:
            os.fsync(self._fd)
            note = _note(self._path)
            fresh = note.with_suffix(".new")
            fresh.write_text(str(self._offset), encoding="ascii")
            fresh.replace(note)
        except OSError as error:
            raise Unavailable("files.disk") from error
        finally:
            os.close(self._fd)
        return self._offset


def remove(path: Path) -> None:
    """Remove an upload's bytes and note."""
    for item in (_note(path), path):
        with suppress(FileNotFoundError):
            item.unlink()


def _note(path: Path) -> Path:
    return path.with_suffix(".offset")

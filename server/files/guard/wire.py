"""What the guard and its worker say to each other: a length of four bytes, then JSON."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import msgspec

from server.files.guard.model import Inspection

MAX_MESSAGE_BYTES = 1024 * 1024
"""Longest message; a longer one is a fault of the worker."""
LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """One file to judge."""

    path: str
    """Absolute path, readable by the worker."""
    max_pages: int
    """As in GuardLimits."""
    max_objects: int
    """As in GuardLimits."""
    cpu_seconds: int
    """Processor time for this file, after which the kernel ends the worker."""
    text_pages: int = 0
    """Read the text of so many pages instead of judging; 0 = judge."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with the file, as server.kernel.errors.Fault has it."""

    code: str
    """Code of the message."""
    params: dict[str, str | int]
    """Values that the message names."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the worker found: an inspection, or everything that is wrong, or why it could not read."""

    inspection: Inspection | None = None
    """Set when nothing is wrong."""
    findings: tuple[Finding, ...] = ()
    """Everything that is wrong, in the order of importance."""
    text: tuple[str, ...] = ()
    """Text of each page asked for, when text was asked for."""
    unreadable: str = ""
    """Why the file could not be opened at all; not a fault of the file."""


def framed(message: Ask | Answer) -> bytes:
    """Encode a message with its length before it."""
    body = msgspec.json.encode(message)
    return struct.pack(">I", len(body)) + body


def length_of(prefix: bytes) -> int:
    """Read a length; ValueError when it is longer than a message may be."""
    (length,) = struct.unpack(">I", prefix)
    if not 0 < length <= MAX_MESSAGE_BYTES:
        raise ValueError(f"a message of {length} bytes")
    return int(length)

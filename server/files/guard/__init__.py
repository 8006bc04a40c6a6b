"""The guard: a file is judged by what it is, in a child process with limits, before anything keeps it."""

from server.files.guard.model import GuardLimits, Inspection
from server.files.guard.pool import Guard

__all__ = ["Guard", "GuardLimits", "Inspection"]

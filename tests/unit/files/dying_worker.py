"""Stands for a worker whose parser crashes on every file."""

import os
import signal
import sys

if __name__ == "__main__":
    sys.stdin.buffer.read(4)
    os.kill(os.getpid(), signal.SIGSEGV)

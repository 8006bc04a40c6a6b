"""Stands for a worker that the kernel ends because its processor time is used up."""

import os
import signal
import sys

if __name__ == "__main__":
    sys.stdin.buffer.read(4)
    os.kill(os.getpid(), signal.SIGXCPU)

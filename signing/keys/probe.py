"""``python -m signing.keys.probe``: looks at a token for :mod:`signing.keys.pkcs11`, JSON in and out."""

from __future__ import annotations

import sys

from signing.keys.pkcs11 import probe

if __name__ == "__main__":
    sys.stdout.buffer.write(probe(sys.stdin.buffer.read()))

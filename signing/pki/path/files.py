"""Certificates and revocation lists from files and folders, PEM or DER."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeVar

from signing.errors import PkiFault
from signing.pki.path.certificate import Certificate
from signing.pki.path.crls import RevocationList
from signing.pki.reader import NotDer

LARGEST_FILE: Final = 64 * 1024 * 1024
"""Bytes of one file; a list of a million entries has about 40 MB."""
MOST_FILES: Final = 10_000
_PEM: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
_CERTIFICATES: Final = (b"CERTIFICATE", b"X509 CERTIFICATE", b"TRUSTED CERTIFICATE")
_LISTS: Final = (b"X509 CRL",)
_T = TypeVar("_T")


def one_certificate(path: Path) -> Certificate:
    """Return the first certificate of a file. Raises PkiFault."""
    return certificates(path)[0]


def certificates(path: Path) -> tuple[Certificate, ...]:
    """Return all certificates of a file, at least one. Raises PkiFault when any cannot be read."""
    found = tuple(_each(path, _CERTIFICATES, Certificate))
    if not found:
        raise PkiFault(f"{path} holds no certificate")
    return found


def certificates_in(path: Path) -> tuple[Certificate, ...]:
    """Return all certificates of a folder, or of one file; what is none is passed over. Raises PkiFault."""
    return tuple(_all(path, _CERTIFICATES, Certificate))


def lists_in(path: Path) -> tuple[RevocationList, ...]:
    """Return all revocation lists of a folder, or of one file; what is none is passed over."""
    return tuple(_all(path, _LISTS, RevocationList))


def _all(path: Path, labels: tuple[bytes, ...], read: Callable[[bytes], _T]) -> Iterator[_T]:
    if not path.exists():
        raise PkiFault(f"{path} does not exist: name a folder or a file")
    files = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
    if len(files) > MOST_FILES:
        raise PkiFault(f"{path} holds more than {MOST_FILES} files")
    for file in files:
        try:
            for data in _pieces(file, labels):
                try:
                    yield read(data)
                except NotDer:
                    continue
        except PkiFault:
            continue


def _each(path: Path, labels: tuple[bytes, ...], read: Callable[[bytes], _T]) -> Iterator[_T]:
    for data in _pieces(path, labels):
        try:
            yield read(data)
        except NotDer as error:
            raise PkiFault(f"{path} cannot be read: {error}") from error


def _pieces(path: Path, labels: tuple[bytes, ...]) -> list[bytes]:
    """Return the DER in a file: of every PEM block with a label, else the whole file. Raises PkiFault."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise PkiFault(f"{path} is larger than {LARGEST_FILE} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise PkiFault(f"{path} cannot be opened") from error
    if b"-----BEGIN " not in data:
        return [data]
    try:
        return [
            base64.b64decode(b"".join(body.split()), validate=True)
            for label, body in _PEM.findall(data)
            if label in labels
        ]
    except binascii.Error as error:
        raise PkiFault(f"{path} holds damaged PEM") from error

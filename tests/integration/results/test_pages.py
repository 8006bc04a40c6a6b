"""What only pages do: several files in one form, progress, a book that leads to a result, the API's lists."""

from __future__ import annotations

import re

from tests.data.pdf_pieces import plain
from tests.factories.server import Client
from tests.integration.results.conftest import SIGNER, Centre, row

MARK = "----files"


def files(csrf: str, names: list[str]) -> tuple[bytes, dict[str, str]]:
    """Return a form with several files as a browser sends it."""
    parts = [("_csrf", "", csrf.encode()), ("secrecy", "", b"none")]
    parts += [("file", name, plain()) for name in names]
    body = b""
    for field, name, data in parts:
        shown = f'; filename="{name}"\r\nContent-Type: application/pdf' if name else ""
        body += f'--{MARK}\r\nContent-Disposition: form-data; name="{field}"{shown}\r\n\r\n'.encode()
        body += data + b"\r\n"
    head = {"Content-Type": f"multipart/form-data; boundary={MARK}"}
    return body + f"--{MARK}--\r\n".encode(), head


async def created(client: Client, source: str, names: list[str]) -> dict[str, object]:
    rows = [
        {"holder": one.holder, "dossier": one.dossier, "fields": one.fields, "file_name": name}
        for one, name in ((row(n), name) for n, name in enumerate(names, 1))
    ]
    body = {"procedure": "Z.000101", "title": "Lô", "signer_post": SIGNER, "source": source, "rows": rows}
    made: dict[str, object] = await client.post("/api/v1/result-batches", body)
    return made


async def test_several_files_of_one_form_go_to_their_rows_each_with_its_outcome(centre: Centre) -> None:
    async with await centre.served.sign_in("quay1.hcc") as client:
        made = await created(client, "files", ["một.pdf", "2.pdf"])
        data, head = files(client.headers["X-CSRF-Token"], ["một.pdf", "lạ.pdf", "2.pdf"])
        page = await client.call("POST", f"/ket-qua/lo/{made['id']}/tep", data=data, headers=head)
        outcomes = re.findall(r"<tr><td>([^<]+)</td>.*?(Đã nhận|Không có dòng nào)", page.body.decode())
        assert outcomes == [
            ("một.pdf", "Đã nhận"),
            ("lạ.pdf", "Không có dòng nào"),
            ("2.pdf", "Đã nhận"),
        ]
        forged, head = files("wrong", ["một.pdf"])
        bare = {key: value for key, value in client.headers.items() if key != "X-CSRF-Token"}
        client.headers = bare
        refused = await client.call("POST", f"/ket-qua/lo/{made['id']}/tep", data=forged, headers=head)
        assert refused.status == 403


async def test_the_book_leads_to_the_result_and_lists_are_paged_by_key(centre: Centre) -> None:
    issued = await centre.issued([row(n) for n in (1, 2, 3)])
    async with await centre.served.sign_in("vanthu.hcc") as client:
        led = await client.call("GET", f"/van-ban/{issued[0].id}")
        assert led.headers["X-Location"] == f"/ket-qua/{issued[0].id}"
        path = f"/api/v1/result-batches/{issued[0].batch_id}/results"
        first = await client.get(f"{path}?limit=2")
        assert [one["n"] for one in first["items"]] == [1, 2]
        rest = await client.get(f"{path}?limit=2&after={first['next']}")
        assert ([one["n"] for one in rest["items"]], rest["next"]) == ([3], None)
        found = await client.get(f"{path}?q=nguyen+van+mau+2")
        assert [one["n"] for one in found["items"]] == [2]
        assert (await client.call("GET", f"{path}?after=x")).json["code"] == "results.cursor"
        batches = await client.get("/api/v1/result-batches?stage=issued&q=lo")
        assert [one["issued"] for one in batches["items"]] == [3]
        progress = await client.get(f"/ket-qua/lo/{issued[0].batch_id}/tien-do")
        assert progress["work"] == ""


async def test_a_request_sent_twice_begins_one_run(centre: Centre) -> None:
    async with await centre.served.sign_in("quay1.hcc") as client:
        made = await created(client, "form", ["", ""])
        path = f"/api/v1/result-batches/{made['id']}/make"
        answers = [
            await client.call("POST", path, body={"version": made["version"]}, key="same") for _ in range(2)
        ]
        assert [answer.status for answer in answers] == [200, 200]
        assert answers[0].body == answers[1].body
        await centre.services.jobs.drain()
        again = await client.call("POST", path, body={"version": made["version"]}, key="same")
        assert again.body == answers[0].body


async def test_each_role_finds_on_its_first_page_what_waits_for_it(centre: Centre) -> None:
    batch = await centre.create([row(1)])
    for who, work, words in (
        ("quay1.hcc", "make", "Lô kết quả đang lập"),
        ("giamdoc.hcc", "sign", "Lô kết quả chờ ký"),
        ("vanthu.hcc", "seal", "Lô kết quả chờ đóng dấu"),
    ):
        async with await centre.served.sign_in(who) as client:
            assert words in (await client.call("GET", "/")).body.decode()
            await centre.run(work, batch.id)
            assert words not in (await client.call("GET", "/")).body.decode()

"""Which addresses of each page route are opened, and as whom. A page without a sample fails the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.conftest import Stage
from tests.e2e.letters import HEALTH

AUTHOR, CLERK, DIRECTOR, CHIEF = "chuyenvien.syt", "vanthu.syt", "giamdoc.syt", "chanhvp.syt"
OFFICER, CENTRE_DIRECTOR, CENTRE_CLERK = "quay1.hcc", "giamdoc.hcc", "vanthu.hcc"
ADMIN, INSPECTOR, KEEPER = "quantri", "thanhtra", "vanthu.vptu"


@dataclass(frozen=True)
class Sample:
    """One opening of a page."""

    route: str
    """Name of the route."""
    who: str
    """Username; "" = nobody."""
    path: Callable[[Stage], str]
    """Its address."""
    words: str = ""
    """Tells samples of one route apart."""
    english: bool = False
    """Opened in English too."""

    @property
    def id(self) -> str:
        """Name in test reports."""
        return self.route.removeprefix("pages.") + (f"-{self.words}" if self.words else "")


def at(route: str, who: str, path: str, words: str = "", english: bool = False) -> Sample:
    """A sample whose address is known before."""
    return Sample(f"pages.{route}", who, lambda _: path, words, english)


def arrival(fate: str, who: str, words: str = "", tail: str = "", route: str = "arrival") -> Sample:
    """A sample of an arrival at the Department of Health."""
    return Sample(
        f"pages.{route}",
        who,
        lambda stage: f"/van-ban-den/{stage.seeded.arrivals[fate]}{tail}",
        words or fate,
        english=fate == "assigned",
    )


def document(reached: str, who: str, words: str = "", tail: str = "", route: str = "document") -> Sample:
    """A sample of a document of the Department of Health."""
    return Sample(
        f"pages.{route}",
        who,
        lambda stage: f"/van-ban/{stage.seeded.documents[reached]}{tail}",
        words or reached,
        english=reached == "to_sign",
    )


def dispatch(which: str) -> Sample:
    """A sample of what the Department of Health or another sent."""
    who = CLERK if which == "mixed" else "vanthu.stp"
    return Sample("pages.dispatch", who, lambda stage: f"/van-ban-di/{stage.seeded.dispatches[which]}", which)


def number(state: str) -> Sample:
    """A sample of a number of the outgoing book."""
    return Sample("pages.number", CLERK, lambda stage: f"/so/so-di/{stage.seeded.numbers[state]}", state)


def batch(stage: str, who: str, words: str = "") -> Sample:
    """A sample of a batch of results of the one-stop centre."""
    return Sample(
        "pages.results_batch",
        who,
        lambda stage_: f"/ket-qua/lo/{stage_.seeded.batches[stage]}",
        words or stage,
        english=stage == "to_sign",
    )


def result(fate: str, who: str, tail: str = "", route: str = "result") -> Sample:
    """A sample of a result."""
    return Sample(f"pages.{route}", who, lambda stage: f"/ket-qua/{stage.seeded.results[fate]}{tail}", fate)


def code(fate: str) -> Sample:
    """A sample of the public page of a look-up code."""
    return Sample(
        "pages.lookup_code", "", lambda stage: f"/tra-cuu/{stage.seeded.codes[fate]}", fate, english=True
    )


def _certificate(stage: Stage) -> str:
    """Return the certificate of the department that ends first."""
    return str(stage.api(CLERK, "GET", "/certificates")["items"][0]["id"])


def _request(stage: Stage) -> str:
    """Return a request of the department; asked for anew each time."""
    asked = {
        "purpose": "issue",
        "owner_kind": "body",
        "owner_id": HEALTH,
        "body_id": HEALTH,
        "subject": "Sở Y tế",
        "provider": "government",
    }
    return str(stage.api(CLERK, "POST", "/certificate-requests", asked)["id"])


SAMPLES = (
    at("sign_in_form", "", "/dang-nhap", english=True),
    Sample("pages.invitation", "", lambda stage: f"/moi/{stage.invitation}"),
    at("home", CLERK, "/", "clerk", english=True),
    at("home", DIRECTOR, "/", "leader"),
    at("home", AUTHOR, "/", "specialist"),
    at("home", INSPECTOR, "/", "supervisor"),
    at("home", ADMIN, "/", "administrator"),
    at("home", "quay1.hcc", "/", "counter"),
    at("me", KEEPER, "/ca-nhan", english=True),
    at("security", AUTHOR, "/ca-nhan/bao-mat"),
    at("notices", CLERK, "/thong-bao"),
    at("search", AUTHOR, "/tim?q=y+t%E1%BA%BF", "found", english=True),
    at("search", AUTHOR, "/tim", "empty"),
    at("directory", AUTHOR, "/danh-muc", english=True),
    at("body", AUTHOR, f"/danh-muc/{HEALTH}"),
    at("body", AUTHOR, "/danh-muc/z02-81", "closed"),
    at("inbox", CLERK, "/van-ban-den", english=True),
    at("inbox", KEEPER, "/van-ban-den", "several-bodies"),
    at("inbox", AUTHOR, "/van-ban-den?loc=overdue", "late"),
    at("inbox", CLERK, "/van-ban-den?q=khongcogi", "nothing"),
    arrival("new", CLERK),
    arrival("accepted", CLERK),
    arrival("submitted", DIRECTOR),
    arrival("assigned", AUTHOR),
    arrival("late", AUTHOR),
    arrival("finished", AUTHOR),
    arrival("refused", CLERK),
    arrival("asked_back", CLERK),
    arrival("given_back", CLERK),
    arrival("citizen", CLERK),
    arrival("assigned", INSPECTOR, "under-mandate"),
    arrival("accepted", CLERK, tail="/trinh", route="submit_form"),
    arrival("submitted", DIRECTOR, tail="/giao-viec", route="assign_form"),
    at("paper_form", CLERK, "/van-ban-den/dang-ky-giay"),
    at("drafts", AUTHOR, "/du-thao", english=True),
    at("drafts", DIRECTOR, "/du-thao?loc=waiting", "waiting"),
    at("to_sign", DIRECTOR, "/cho-ky", english=True),
    at("to_sign", CLERK, "/cho-ky", "seal"),
    document("to_sign", DIRECTOR, tail="/ky-so", route="token"),
    Sample("pages.bulk_run", DIRECTOR, lambda stage: f"/ky-loat/{stage.bulk_run}", english=True),
    at("draft_new", AUTHOR, "/du-thao/moi", english=True),
    arrival("started", AUTHOR),
    Sample(
        "pages.draft_new",
        AUTHOR,
        lambda stage: f"/du-thao/moi?tra_loi={stage.seeded.arrivals['started']}",
        "reply",
    ),
    document("draft", AUTHOR),
    document("rendered", AUTHOR),
    document("form_check", CHIEF),
    document("returned", AUTHOR),
    document("approval", AUTHOR),
    document("to_sign", DIRECTOR),
    document("signed", CLERK),
    document("numbered", CLERK),
    document("sealed", CLERK),
    document("issued", CLERK),
    document("withdrawn", AUTHOR),
    document("restricted", AUTHOR),
    document("draft", AUTHOR, tail="/sua", route="draft_edit"),
    document("draft", AUTHOR, tail="/tai-len", route="upload_form"),
    document("uploaded", AUTHOR, tail="/so-sanh", route="compare"),
    document("rendered", AUTHOR, tail="/so-sanh?cu=1&moi=2", route="compare"),
    document("uploaded", AUTHOR, tail="/vi-tri", route="place_form"),
    document("rendered", AUTHOR, tail="/xin-y-kien", route="ask_form"),
    document("rendered", AUTHOR, tail="/ban/2", route="version"),
    document("issued", CLERK, tail="/gui", route="send_form"),
    document("restricted_issued", CLERK, tail="/gui", route="send_form"),
    document("issued", CLERK, tail="/da-gui", route="sendings"),
    document("issued", AUTHOR, tail="/chu-ky", route="document_signatures"),
    arrival("assigned", AUTHOR, tail="/chu-ky", route="arrival_signatures"),
    at("sent", CLERK, "/van-ban-di", english=True),
    dispatch("mixed"),
    dispatch("given_back"),
    at("results", OFFICER, "/ket-qua", english=True),
    at("results", DIRECTOR, "/ket-qua", "empty"),
    at("results_new", OFFICER, "/ket-qua/moi", english=True),
    batch("draft", OFFICER),
    batch("to_sign", CENTRE_DIRECTOR),
    batch("issued", CENTRE_CLERK),
    result("made", OFFICER),
    result("issued", CENTRE_DIRECTOR),
    result("replaced", OFFICER),
    result("issued", OFFICER, tail="/phieu", route="result_slip"),
    at("lookup", "", "/tra-cuu", english=True),
    code("issued"),
    code("revoked"),
    code("replaced"),
    at("books", CLERK, "/so"),
    at("series_list", CLERK, f"/so/{HEALTH}/day-so"),
    at("book", CLERK, f"/so/{HEALTH}/incoming", "incoming", english=True),
    at("book", CLERK, f"/so/{HEALTH}/outgoing", "outgoing"),
    at("book", CLERK, f"/so/{HEALTH}/citizen", "citizen"),
    at("book", CLERK, f"/so/{HEALTH}/postal", "postal"),
    Sample("pages.series", CLERK, lambda stage: f"/so/day-so/{stage.seeded.series}"),
    number("allocated"),
    number("voided"),
    number("outside"),
    at("audit", INSPECTOR, "/nhat-ky", english=True),
    at("accounts", ADMIN, "/quan-tri/tai-khoan", english=True),
    at("account_new", ADMIN, "/quan-tri/tai-khoan/moi"),
    Sample("pages.account", ADMIN, lambda stage: f"/quan-tri/tai-khoan/{stage.account}"),
    at("guide", ADMIN, "/quan-tri/bat-dau", english=True),
    at("mandates", ADMIN, "/quan-tri/giam-sat"),
    at("health", ADMIN, "/quan-tri/suc-khoe"),
    at("certificates", CLERK, "/chung-thu", english=True),
    at("certificates", ADMIN, "/chung-thu?trong=30", "ending"),
    at("trust", CLERK, "/chung-thu/tin-cay"),
    at("certificate_requests", CLERK, "/chung-thu/yeu-cau"),
    Sample("pages.certificate", CLERK, lambda stage: f"/chung-thu/{_certificate(stage)}"),
    Sample("pages.certificate_request", CLERK, lambda stage: f"/chung-thu/yeu-cau/{_request(stage)}"),
)
"""Every page, at least once."""


def _file(stage: Stage, path: str) -> str:
    """Return the address of the main file of an arrival or a document."""
    kind, id_ = path.split("/")[1:3]
    if kind == "van-ban":
        found = stage.api(AUTHOR, "GET", f"/documents/{id_}")["document"]["main_digest"]
    else:
        found = stage.api(CLERK, "GET", f"/arrivals/{id_}")["main_digest"]
    return f"{path}/tep/{found}"


FILES = (
    Sample(
        "pages.certificate_request_file", CLERK, lambda stage: f"/chung-thu/yeu-cau/{_request(stage)}/tep"
    ),
    Sample("pages.counts", CLERK, lambda _: "/dem"),
    Sample(
        "pages.results_progress",
        OFFICER,
        lambda stage: f"/ket-qua/lo/{stage.seeded.batches['issued']}/tien-do",
    ),
    Sample("pages.result_file", OFFICER, lambda stage: f"/ket-qua/{stage.seeded.results['issued']}/tep"),
    Sample(
        "pages.document_file",
        AUTHOR,
        lambda stage: _file(stage, f"/van-ban/{stage.seeded.documents['issued']}"),
    ),
    Sample(
        "pages.arrival_file",
        CLERK,
        lambda stage: _file(stage, f"/van-ban-den/{stage.seeded.arrivals['assigned']}"),
    ),
    arrival("assigned", CLERK, tail="/phieu", route="print_slip"),
    arrival("assigned", CLERK, tail="/dau-den", route="print_stamp"),
    arrival("finished", CLERK, tail="/kiem-soat", route="print_control"),
    Sample(
        "pages.print_delivery",
        CLERK,
        lambda stage: f"/van-ban-di/{stage.seeded.dispatches['mixed']}/phieu-gui",
    ),
    Sample("pages.bulk_figures", DIRECTOR, lambda stage: f"/ky-loat/{stage.bulk_run}/tien-do"),
    Sample("pages.token_state", DIRECTOR, lambda stage: f"/ky-so/{stage.offer}"),
    Sample("pages.print_book", CLERK, lambda _: f"/so/{HEALTH}/incoming/in"),
)
"""Addresses among the pages that answer with a file or with figures for a script, not with a page."""

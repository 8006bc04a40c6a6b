"""Pages from templates: one Jinja environment per language, all compiled before the first request."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from aiohttp import web
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from server.kernel.actor import Actor
from server.kernel.clock import UTC
from server.kernel.errors import Fault
from web import i18n, nav
from web.assets import Assets
from web.badges import Badges, badge, icon
from web.cookies import forgery_token, notice_of, theme_of
from web.errors import FaultView, Problem
from web.i18n import Catalogue
from web.keys import ACTOR, BY_COOKIE, SESSION, language_of
from web.routes import Call, Html, Language
from web.trees import Trees

RENDERER: web.AppKey[Renderer] = web.AppKey("renderer")
TEMPLATES = Path(__file__).parent / "templates"


class _Compiled(BytecodeCache):
    """Compiled templates, kept in memory: both languages (and every test) share one compilation."""

    _codes: ClassVar[dict[tuple[str, str], bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill the bucket with the compiled template when its source is unchanged."""
        code = self._codes.get((bucket.key, bucket.checksum))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._codes[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


class Renderer:
    """Renders pages and error pages inside the frame."""

    def __init__(self, catalogue: Catalogue, assets: Assets, folders: Sequence[Path] = (TEMPLATES,)) -> None:
        self._folders = folders
        self._catalogue = catalogue
        self._assets = assets
        self._environments = {language: self._environment(language) for language in i18n.LANGUAGES}

    def _environment(self, language: Language) -> Environment:
        environment = Environment(
            loader=FileSystemLoader([str(folder) for folder in self._folders]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,
            bytecode_cache=_Compiled(),
        )
        t = self._catalogue.translator(language)
        badges, trees = Badges(t), Trees(language, t)
        environment.globals.update(
            t=t,
            badge=badge,
            arrival_state=badges.arrival_state,
            document_state=badges.document_state,
            number_state=badges.number_state,
            account_state=badges.account_state,
            verdict=badges.verdict,
            result_state=badges.result_state,
            result_stage=badges.result_stage,
            urgency=badges.urgency,
            due=badges.due,
            pick_tree=trees.picks,
            link_tree=trees.links,
            lang=language,
            static=self._assets.url,
            icon=icon,
            new_key=new_key,
            now=lambda: datetime.now(UTC),
        )
        environment.filters.update(
            instant=i18n.instant,
            day=i18n.day,
            size=lambda size_bytes: i18n.file_size(size_bytes, language),
        )
        for name in environment.list_templates():
            environment.get_template(name)
        return environment

    def page(self, call: Call[object, object], result: Html) -> tuple[str, bool]:
        """Return the page, and whether it shows the sentence left by the page before."""
        frame = self._frame(call.request, call.actor, call.faults, call.typed)
        template = self._environments[call.language].get_template(result.template)
        return template.render({**frame, **result.context}), frame["notice"] is not None

    def error_page(self, request: web.Request, problem: Problem) -> str:
        """Return the page of an error: what happened, what to do."""
        actor = request.get(ACTOR) or Actor(account_id="", name="", role=None)
        frame = self._frame(request, actor, (), {})
        template = self._environments[language_of(request)].get_template("error.html")
        return template.render({**frame, "problem": problem})

    def _frame(
        self,
        request: web.Request,
        actor: Actor,
        faults: Sequence[Fault],
        typed: Mapping[str, list[str]],
    ) -> dict[str, object]:
        language = language_of(request)
        notice = notice_of(request)
        text = None
        if notice is not None and notice.key in self._catalogue.words[language]:
            text = self._catalogue.t(language, notice.key, notice.params)
        views = [
            FaultView(item.field, item.code, self._catalogue.message(language, item.code, item.params))
            for item in faults
        ]
        csrf = forgery_token(request[SESSION]) if request.get(BY_COOKIE, False) else ""
        return {
            "actor": actor,
            "signed_in": actor.account_id != "",
            "csrf": csrf,
            "theme": theme_of(request),
            "path": request.path,
            "place_path": "",
            "path_qs": request.path_qs,
            "places": nav.places(actor),
            "notice": text,
            "faults": views,
            "form": Form(views, typed),
        }


class Form:
    """What a template asks about the form it shows again."""

    def __init__(self, faults: Sequence[FaultView], typed: Mapping[str, list[str]]) -> None:
        self._typed = typed
        self._messages: dict[str, str] = {}
        for fault in faults:
            self._messages.setdefault(fault.field.removeprefix("/").partition("/")[0], fault.message)
        self.again = bool(typed)

    def value(self, name: str, default: object = "") -> str:
        """Return what was typed into a field, else the default."""
        if self.again:
            values = self._typed.get(name)
            return values[-1] if values else ""
        return "" if default is None else str(default)

    def values(self, name: str, default: Sequence[object] = ()) -> list[str]:
        """Return what was chosen in a field of several values, else the default."""
        if self.again:
            return self._typed.get(name, [])
        return [str(item) for item in default]

    def fault(self, name: str) -> str:
        """Return the message that stands beside a field; "" when there is none."""
        return self._messages.get(name, "")


def new_key() -> str:
    """Return a key for a form: sent twice, the form acts once."""
    return secrets.token_urlsafe(18)

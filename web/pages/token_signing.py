"""Signing with one's own token: the page that speaks to the plugin on the person's machine.

The page may open exactly one address outside this site, the plugin's (Content-Security-Policy of the route).
What the plugin tells the page is shown and believed in nothing: the page asks the server how it ended.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from server.documents.model import Act
from server.signatures.model import OwnerKind
from server.signatures.offers_model import OfferAct, OfferState, PluginOffer
from web.keys import CATALOGUE
from web.pages.documents import ONE
from web.routes import SIGNED_IN, Answer, Body, Call, Html, NoBody, NoQuery, Route

PLUGIN = "wss://127.0.0.1:8987"
"""Where the VGCA Sign Service listens, on the person's own machine (standards 6.3)."""
API = "/api/v1/vgca"


class OfferForm(Body):
    """Which signature is wanted of the version seen."""

    version: Annotated[int, Meta(ge=1, le=2**53)]
    act: str
    attachment: Annotated[str, Meta(max_length=80)] = ""


class SignOffer(OfferForm):
    """The person's signature."""

    act: Literal["sign"]


class SealOffer(OfferForm):
    """The body's: of the document, or of an attachment."""

    act: Literal["seal", "attachment"]


async def page(call: Call[NoBody, NoQuery]) -> Html:
    """Show what will be signed and how."""
    view = await call.services.documents.get(call.actor, call.path["document_id"])
    document, acts = view.document, set(view.acts)
    act = "sign" if Act.SIGN in acts else "seal" if Act.SEAL in acts and document.number_filled else ""
    signatures = call.services.signatures
    has_token = False
    if act == "sign":
        has_token = "token" in await signatures.ways(OwnerKind.PERSON, call.actor.account_id)
    elif act:
        fields, index = document.fields, document.sealed_count
        body = fields.body if index == 0 else fields.co_issuers[index - 1].body
        has_token = "token" in await signatures.ways(OwnerKind.BODY, body.id)
    return Html(
        "signing/token.html",
        {
            "document": document,
            "current": view.current,
            "act": act,
            "has_token": has_token,
            "attachments": view.current.attachments if Act.SEAL_ATTACHMENT in acts else (),
            "plugin": PLUGIN,
            "place_path": "/du-thao",
        },
    )


async def offer(call: Call[OfferForm, NoQuery]) -> Answer:
    """Make an offer and answer what the plugin is to be given."""
    form = call.body
    made = await call.services.signatures.offer_to_plugin(
        call.actor,
        call.path["document_id"],
        OfferAct(form.act),
        version=form.version,
        attachment=form.attachment,
    )
    return Answer(
        {
            "address": f"{PLUGIN}/{made.operation}",
            "parameters": parameters(made, _site(call)),
            "state": f"/ky-so/{made.offer.id}",
        }
    )


def parameters(made: PluginOffer, site: str) -> dict[str, object]:
    """Return the JSON that the operation takes (standards 6.3); the page's session is never handed on."""
    found: dict[str, object] = {
        "FileUploadHandler": f"{site}{API}/{made.put_secret}",
        "SessionId": "",
        "JWTToken": "",
        "FileName": f"{site}{API}/{made.get_secret}/van-ban.pdf",
    }
    if made.offer.act is not OfferAct.SIGN:
        found["DocNumber"] = made.number
    if made.offer.act is OfferAct.SEAL:
        found["IssuedDate"] = made.issued_at
    if made.offer.act is OfferAct.ATTACHMENT:
        found["MetaData"] = [{"Key": key, "Value": value} for key, value in made.metadata]
    return found


async def refused(call: Call[NoBody, NoQuery]) -> Answer:
    """Answer why no offer was made, in a sentence."""
    catalogue = call.request.app[CATALOGUE]
    words = [catalogue.message(call.language, fault.code, fault.params) for fault in call.faults]
    return Answer({"message": " ".join(words)}, status=409)


async def state(call: Call[NoBody, NoQuery]) -> Answer:
    """Answer how an offer stands; the page asks after the plugin has answered."""
    found = await call.services.signatures.offer(call.actor, call.path["offer_id"])
    message = ""
    if found.fault is not None:
        catalogue = call.request.app[CATALOGUE]
        message = catalogue.message(call.language, found.fault.code, found.fault.params)
    done = found.state is OfferState.DONE
    return Answer(
        {
            "state": found.state.value,
            "message": message,
            "next": f"/van-ban/{found.document_id}" if done else "",
        }
    )


def _site(call: Call[OfferForm, NoQuery]) -> str:
    """Return the address of this site as the plugin reaches it."""
    configured = call.services.settings.server.base_url.rstrip("/")
    return configured or f"{call.request.scheme}://{call.request.host}"


PAGES = [
    Route(
        "GET",
        ONE + "/ky-so",
        "pages.token",
        page,
        "documents.read",
        "Sign with one's own token",
        page=True,
        connect=PLUGIN,
    ),
    Route(
        "POST",
        ONE + "/ky-so",
        "pages.token_offer",
        offer,
        "documents.sign",
        "Offer a document to the plugin for the person's signature",
        SignOffer,
        page=True,
        again=refused,
    ),
    Route(
        "POST",
        ONE + "/dau-so",
        "pages.token_seal_offer",
        offer,
        "documents.seal",
        "Offer a document or an attachment to the plugin for the body's signature",
        SealOffer,
        page=True,
        again=refused,
    ),
    Route(
        "GET",
        "/ky-so/{offer_id}",
        "pages.token_state",
        state,
        SIGNED_IN,
        "How an offer stands",
        page=True,
    ),
]

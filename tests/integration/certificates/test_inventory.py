"""The inventory and requests on each engine, over the province with its own authority."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from server.certificates.issuing import NewKey
from server.certificates.model import (
    CertificateState,
    Keeper,
    NewRequest,
    OwnerKind,
    Purpose,
    Reason,
    RequestState,
)
from server.certificates.requests import CertificateRequests
from server.certificates.service import Certificates, NewCertificate
from server.certificates.watching import Watching
from server.compose import Services, open_services
from server.kernel.actor import Role
from server.kernel.clock import FixedClock
from server.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from server.kernel.page import PageRequest
from server.settings import Settings
from server.signatures.model import OwnerKind as SignerKind
from server.unit import Units
from signing.pki import ca, profiles
from signing.pki.profiles import Kind
from tests.factories.people import ADMINISTRATOR, actor

HEALTH = "z02-05"
CLERK = actor("z02-05.van-thu", Role.RECORDS_CLERK)
OTHER_CLERK = actor("z02-06.van-thu", Role.RECORDS_CLERK)
SPECIALIST = actor("z02-05.chuyen-vien", Role.SPECIALIST)
WHOLE = PageRequest(limit=200)


@pytest.fixture
async def services(installation: Settings) -> AsyncIterator[Services]:
    async with open_services(installation, background=False) as opened:
        yield opened


def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def csr(of: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sở Y tế")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(of, hashes.SHA256())
    return made.public_bytes(Encoding.PEM).decode()


async def certified(services: Services, of: ec.EllipticCurvePrivateKey, *, days: int = 365) -> str:
    """Let the authority of the installation certify a key that a token made."""

    def work() -> str:
        authority = ca.open_authority(services.settings.under_data("pki"), passphrase=None)
        made = profiles.build(
            kind=Kind.ORGANISATION,
            subject=profiles.subject_name("Sở Y tế", "000.00.05", Kind.ORGANISATION),
            public_key=of.public_key(),
            issuer=authority.issuing,
            signing_key=authority.issuing.key,
            urls=authority.urls,
            serial=x509.random_serial_number(),
            now=datetime.now(UTC),
            lifetime=timedelta(days=days),
        )
        return made.public_bytes(Encoding.PEM).decode()

    return await asyncio.to_thread(work)


def new(
    pem: str, *, owner: str = HEALTH, kind: OwnerKind = OwnerKind.BODY, body: str = HEALTH
) -> NewCertificate:
    return NewCertificate(pem, kind, owner, body, "own", "token 1")


def wanted(**over: object) -> NewRequest:
    base = NewRequest(Purpose.ISSUE, OwnerKind.BODY, HEALTH, HEALTH, "Sở Y tế", "000.00.05", "government")
    return replace(base, **over)  # type: ignore[arg-type]  # fields as they are


async def test_keys_of_the_server_stand_in_the_inventory(services: Services) -> None:
    found = (await services.certificates.inventory(CLERK, WHOLE)).items
    assert {one.body_id for one in found} == {HEALTH}
    assert {one.keeper for one in found} == {Keeper.SERVER}
    assert {one.provider for one in found} == {"own"}
    assert [one.not_after for one in found] == sorted(one.not_after for one in found)


async def test_the_administrator_sees_all_in_parts(services: Services) -> None:
    seen: list[str] = []
    page = PageRequest(limit=7)
    while True:
        found = await services.certificates.inventory(ADMINISTRATOR, page)
        seen += [one.id for one in found.items]
        if found.next is None:
            break
        page = PageRequest(found.next, 7)
    whole = await services.certificates.inventory(ADMINISTRATOR, WHOLE)
    assert seen == [one.id for one in whole.items]
    assert len({one.body_id for one in whole.items}) > 3


async def test_a_specialist_sees_nothing(services: Services) -> None:
    with pytest.raises(Forbidden):
        await services.certificates.inventory(SPECIALIST, WHOLE)


async def test_a_certificate_for_a_token_goes_from_request_to_inventory(services: Services) -> None:
    token, requests = key(), services.certificate_requests
    asked = await requests.prepare(CLERK, wanted(csr=csr(token), provider="own"))
    assert await requests.file(CLERK, asked.id) == (f"{asked.id}.csr", asked.csr)
    sent = await requests.sent(CLERK, asked.id)
    assert sent.state is RequestState.SENT
    with pytest.raises(Conflict, match="other_key"):
        await requests.fulfil(CLERK, asked.id, await certified(services, key()), "")
    done = await requests.fulfil(CLERK, asked.id, await certified(services, token), "A1B2")
    made = await services.certificates.certificate(CLERK, done.certificate_id)
    assert (done.state, made.keeper, made.device, made.organ_id) == (
        RequestState.DONE,
        Keeper.TOKEN,
        "A1B2",
        "000.00.05",
    )
    with pytest.raises(Conflict, match="request_state"):
        await requests.withdraw(CLERK, asked.id)


async def test_without_a_key_the_sheet_is_sent(services: Services) -> None:
    asked = await services.certificate_requests.prepare(CLERK, wanted(note="token mới"))
    name, text = await services.certificate_requests.file(CLERK, asked.id)
    assert name.endswith(".csv")
    assert '"000.00.05"' in text
    assert '"token mới"' in text


async def test_another_bodys_clerk_knows_nothing_of_it(services: Services) -> None:
    asked = await services.certificate_requests.prepare(CLERK, wanted())
    for act in (services.certificate_requests.request, services.certificate_requests.sent):
        with pytest.raises(NotFound):
            await act(OTHER_CLERK, asked.id)
    with pytest.raises(NotFound):
        await services.certificate_requests.prepare(OTHER_CLERK, wanted())
    assert not (await services.certificate_requests.requests(OTHER_CLERK, WHOLE)).items


async def test_what_leads_to_no_anchor_stays_out(services: Services) -> None:
    mine = key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Sở Y tế")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(mine.public_key())
    builder = builder.serial_number(5).not_valid_before(now).not_valid_after(now + timedelta(days=9))
    pem = builder.sign(mine, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    with pytest.raises(Refused, match="untrusted"):
        await services.certificates.take(CLERK, new(pem))
    with pytest.raises(Invalid, match="unreadable"):
        await services.certificates.take(
            CLERK, new("-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----")
        )


async def test_a_certificate_comes_in_once(services: Services) -> None:
    pem = await certified(services, key())
    await services.certificates.take(CLERK, new(pem))
    with pytest.raises(Conflict, match="known"):
        await services.certificates.take(CLERK, new(pem))


async def test_what_is_to_be_revoked_signs_no_more_and_is_revoked_by_our_own_authority(
    services: Services,
) -> None:
    held = (await services.certificates.inventory(CLERK, WHOLE)).items[0]
    assert await services.certificates.refused_here(held.fingerprint) is None
    await services.certificate_requests.ask_revocation(CLERK, held.id, Reason.KEY_COMPROMISE, "mất")
    assert await services.certificates.refused_here(held.fingerprint) is Reason.KEY_COMPROMISE
    with pytest.raises(Conflict, match="revocation_asked"):
        await services.certificate_requests.ask_revocation(CLERK, held.id, Reason.SUPERSEDED, "")
    (asked,) = (await services.certificate_requests.requests(CLERK, WHOLE)).items
    assert (asked.purpose, asked.certificate_id) == (Purpose.REVOKE, held.id)
    gone = await services.certificates.revoked(CLERK, held.id)
    assert gone.state is CertificateState.REVOKED
    listed = x509.load_der_x509_crl((await services.pki.revocation_list("issuing")).data)
    assert listed.get_revoked_certificate_by_serial_number(int(held.serial, 16)) is not None


async def test_the_key_of_a_person_that_is_to_be_revoked_does_not_sign(services: Services) -> None:
    held = (await services.certificates.inventory(CLERK, WHOLE)).items
    person = next(one for one in held if one.owner_kind is OwnerKind.PERSON)
    await services.certificate_requests.ask_revocation(CLERK, person.id, Reason.AFFILIATION_CHANGED, "")
    with pytest.raises(Conflict, match="key_revoked"):
        await services.signatures.key_of(SignerKind.PERSON, person.owner_id, "")


async def test_the_clerk_is_told_60_30_and_7_days_before(services: Services) -> None:
    clock = FixedClock(datetime.now(UTC))
    made = await services.certificates.take(CLERK, new(await certified(services, key(), days=90)))
    watching = at(services, clock)
    told: list[int] = []
    for days in (10, 31, 40, 61, 84, 88):
        clock.at = made.not_after - timedelta(days=90 - days)
        await watching.warn()
        one = await services.certificates.certificate(CLERK, made.id)
        told.append(one.warned_days)
    assert told == [0, 60, 60, 30, 7, 7]


async def test_who_holds_no_post_in_the_body_loses_the_certificate(services: Services) -> None:
    lost = new(await certified(services, key()), owner="nobody", kind=OwnerKind.PERSON)
    made = await services.certificates.take(CLERK, lost)
    await at(services, FixedClock(datetime.now(UTC))).follow()
    found = await services.certificates.certificate(CLERK, made.id)
    assert (found.state, found.reason) == (CertificateState.REVOCATION_ASKED, "affiliationChanged")
    others = (await services.certificates.inventory(ADMINISTRATOR, WHOLE)).items
    assert [one.id for one in others if one.state is not CertificateState.IN_USE] == [made.id]


def at(services: Services, clock: FixedClock) -> Watching:
    """The schedules at a moment of the test's choice."""
    units = Units(services.database, clock)
    certificates = Certificates(units, services.access, services.certificates.anchors, services.pki)
    return Watching(units, CertificateRequests(certificates, services.organisations))


async def test_only_the_administrator_issues_from_our_own_authority(services: Services) -> None:
    wanted = NewKey(OwnerKind.BODY, HEALTH, HEALTH, "Sở Y tế", "000.00.05")
    with pytest.raises(Forbidden):
        await services.issuing.issue(CLERK, wanted)
    made = await services.issuing.issue(ADMINISTRATOR, wanted)
    keys = services.settings.under_data(services.settings.signing.keys)
    for path in (made.path, made.passphrase_path):
        found = await asyncio.to_thread((keys / path).stat)
        assert found.st_mode & 0o777 == 0o600
    assert made.certificate.keeper is Keeper.SERVER


async def test_trust_says_what_is_installed_and_what_is_not(services: Services) -> None:
    trust = await services.certificates.trust(CLERK)
    found = {one.provider.code: [bool(anchor.subject) for anchor in one.anchors] for one in trust}
    assert found == {"own": [True], "government": [False, False]}
    parts = await services.certificates.own_authority(CLERK)
    assert {part.name for part in parts} >= {"root", "issuing", "ocsp", "tsa", "issuing.crl"}

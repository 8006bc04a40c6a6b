"""Levels reached later, once the services answer again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from signing.errors import FieldFault
from signing.local import open_services
from signing.model import Level
from signing.pades.purpose import Request, sign_for
from signing.pades.upgrade import raised
from signing.services import Services
from signing.validate.material import load
from signing.validate.pdf import validate
from signing.validate.report import Verdict
from tests.unit.signing.samples import NOW, Office, blank_pdf, letter


@pytest.fixture(scope="session")
def services(office: Office) -> Services:
    return open_services(office.authority.folder)


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT, Level.B_LTA])
@pytest.mark.parametrize("start", [Level.B_B, Level.B_T])
def test_a_signature_is_raised_later(office: Office, services: Services, start: Level, level: Level) -> None:
    some = Services() if start is Level.B_B else Services(services.timestamper, None)
    short = sign_for(letter(), office.person, Request(), None, NOW, level=Level.B_LTA, services=some)
    assert short.reached is start
    done = raised(short.pdf, short.field, level, services, NOW)
    report = validate(done.pdf, trust=load(office.authority.folder / "trust"), at=NOW + timedelta(minutes=1))
    assert (done.reached, done.shortfall) == (level, None)
    assert (report.verdict, report.signatures[0].level) == (Verdict.VALID, level), report.reason


def test_it_stays_as_it_was_while_services_are_down(office: Office) -> None:
    short = sign_for(blank_pdf(), office.person, Request(), None, NOW, level=Level.B_T)
    done = raised(short.pdf, short.field, Level.B_T, Services(), NOW)
    assert (done.pdf, done.reached) == (short.pdf, Level.B_B)
    assert done.shortfall is not None


def test_a_signature_under_another_takes_no_time_stamp(office: Office, services: Services) -> None:
    short = sign_for(blank_pdf(), office.person, Request(), None, NOW, level=Level.B_T)
    both = sign_for(short.pdf, office.body, Request(), None, NOW).pdf
    with pytest.raises(FieldFault) as caught:
        raised(both, short.field, Level.B_T, services, NOW)
    assert caught.value.code == "signing.not_last"


def test_a_field_that_is_not_signed_is_refused(office: Office, services: Services) -> None:
    with pytest.raises(FieldFault):
        raised(blank_pdf(), "none", Level.B_T, services, NOW)

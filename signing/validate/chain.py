"""Path and revocation of a certificate (RFC 5280, section 6), with pyHanko's path validator as engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator import errors as path_errors

from signing.validate.material import TrustMaterial
from signing.validate.report import Indication, Revocation, SubIndication

_SIGNING_USAGES = {"digital_signature", "non_repudiation"}


@dataclass(frozen=True, slots=True)
class ChainResult:
    """What is known of a certificate at a moment."""

    indication: Indication
    sub_indication: SubIndication | None
    revocation: Revocation
    reason: str


async def check_chain(
    certificate: asn1_x509.Certificate,
    embedded: list[asn1_x509.Certificate],
    trust: TrustMaterial,
    at: datetime,
) -> ChainResult:
    """Validate the path of a signer's certificate to a trust anchor at ``at``."""
    usage = certificate.key_usage_value
    if usage is not None and not _SIGNING_USAGES & set(usage.native):
        return _undecided(
            SubIndication.CHAIN_CONSTRAINTS_FAILURE, "the certificate is not meant for signing documents"
        )
    if certificate.ca:
        return _undecided(SubIndication.CHAIN_CONSTRAINTS_FAILURE, "the signer is itself an authority")
    if trust.crls:
        strict = await _attempt(certificate, embedded, trust, at, "require")
        if strict is None:
            return ChainResult(Indication.TOTAL_PASSED, None, Revocation.GOOD, "")
        if not isinstance(strict, path_errors.InsufficientRevinfoError):
            return _judge(strict)
    lenient = await _attempt(certificate, embedded, trust, at, "soft-fail")
    if lenient is not None:
        return _judge(lenient)
    if not trust.require_revocation and _answered(certificate, embedded, trust, at):
        reason = "revocation of an issuing authority was not checked"
        return ChainResult(Indication.TOTAL_PASSED, None, Revocation.GOOD, reason)
    if _lists_of_issuer(certificate, trust):
        return ChainResult(
            Indication.INDETERMINATE,
            SubIndication.TRY_LATER,
            Revocation.UNKNOWN,
            "the revocation list at hand is too old or incomplete",
        )
    if trust.require_revocation:
        return ChainResult(
            Indication.INDETERMINATE,
            SubIndication.TRY_LATER,
            Revocation.NOT_CHECKED,
            "no revocation list at hand",
        )
    return ChainResult(Indication.TOTAL_PASSED, None, Revocation.NOT_CHECKED, "revocation was not checked")


async def _attempt(
    certificate: asn1_x509.Certificate,
    embedded: list[asn1_x509.Certificate],
    trust: TrustMaterial,
    at: datetime,
    mode: str,
) -> Exception | None:
    """Return None when a path was found valid, else what stood in the way."""
    context = context_for(trust, embedded, at, mode)
    try:
        await CertificateValidator(certificate, validation_context=context).async_validate_path()
    except (path_errors.PathError, path_errors.ValidationError) as error:
        return error
    except Exception as error:  # noqa: BLE001 - odd certificates make the engine raise nearly everything
        return path_errors.PathBuildingError(f"the certificates cannot be read ({type(error).__name__})")
    return None


def context_for(
    trust: TrustMaterial, embedded: list[asn1_x509.Certificate], at: datetime, mode: str
) -> ValidationContext:
    """Return the engine's settings: our anchors, no network, lists that may be younger than ``at``."""
    return ValidationContext(
        trust_roots=[_certificate(der) for der in trust.anchors],
        other_certs=[*(_certificate(der) for der in trust.intermediates), *embedded],
        crls=list(trust.crls),
        moment=at,
        allow_fetching=False,
        revocation_mode=mode,
        retroactive_revinfo=True,
    )


@lru_cache(maxsize=512)
def _certificate(der: bytes) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(der)


@lru_cache(maxsize=512)
def _crl_issuer(der: bytes) -> bytes:
    hashed: bytes = asn1_crl.CertificateList.load(der).issuer.sha256
    return hashed


def _lists_of_issuer(certificate: asn1_x509.Certificate, trust: TrustMaterial) -> list[bytes]:
    return [der for der in trust.crls if _crl_issuer(der) == certificate.issuer.sha256]


def _answered(
    certificate: asn1_x509.Certificate,
    embedded: list[asn1_x509.Certificate],
    trust: TrustMaterial,
    at: datetime,
) -> bool:
    """Whether a list of the certificate's own issuer, signed by it and not too old, leaves it unrevoked.

    Asked when the lists at hand do not cover the whole chain; the path itself was found valid before.
    """
    known = [*(_certificate(der) for der in (*trust.anchors, *trust.intermediates)), *embedded]
    issuers = [known_one for known_one in known if known_one.subject.sha256 == certificate.issuer.sha256]
    for crl in map(x509.load_der_x509_crl, _lists_of_issuer(certificate, trust)):
        ends = crl.next_update_utc
        if ends is None or at > ends:
            continue
        keys = (x509.load_der_x509_certificate(issuer.dump()).public_key() for issuer in issuers)
        signed = any(
            crl.is_signature_valid(key)
            for key in keys
            if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey)
        )
        if signed and crl.get_revoked_certificate_by_serial_number(certificate.serial_number) is None:
            return True
    return False


def _undecided(
    sub: SubIndication, reason: str, revocation: Revocation = Revocation.NOT_CHECKED
) -> ChainResult:
    return ChainResult(Indication.INDETERMINATE, sub, revocation, reason)


def _judge(error: Exception) -> ChainResult:
    """Translate what the engine raised into indications (EN 319 102-1, 5.2.6, 5.3).

    Without a trusted time-stamp nothing proves that the signature is older than the end or the revocation
    of its certificate, hence the indications that end in NO_POE (no proof of existence).
    """
    if isinstance(error, path_errors.RevokedError):
        when = f"{error.revocation_dt:%Y-%m-%d %H:%M:%S}Z"
        return _undecided(
            SubIndication.REVOKED_NO_POE, f"a certificate was revoked at {when}", Revocation.REVOKED
        )
    if isinstance(error, path_errors.ExpiredError):
        return _undecided(SubIndication.OUT_OF_BOUNDS_NO_POE, "a certificate has expired")
    if isinstance(error, path_errors.NotYetValidError):
        return _undecided(SubIndication.NOT_YET_VALID, "a certificate is not valid yet")
    if isinstance(error, path_errors.InsufficientRevinfoError):
        reason = "the revocation list at hand is too old"
        return _undecided(SubIndication.TRY_LATER, reason, Revocation.UNKNOWN)
    if isinstance(error, path_errors.DisallowedAlgorithmError):
        return _undecided(
            SubIndication.CRYPTO_CONSTRAINTS_FAILURE_NO_POE, "a certificate uses a weak algorithm"
        )
    if isinstance(error, path_errors.PathBuildingError):
        return _undecided(
            SubIndication.NO_CERTIFICATE_CHAIN_FOUND, "no path leads to a trust anchor that was given"
        )
    return _undecided(
        SubIndication.CERTIFICATE_CHAIN_GENERAL_FAILURE, "the chain of certificates does not hold"
    )

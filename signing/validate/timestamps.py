"""Time-stamp tokens (RFC 3161) in signatures and as signatures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from asn1crypto import cms, tsp
from pyhanko.sign.validation import generic_cms
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import CertificateValidator
from pyhanko_certvalidator import errors as path_errors

from signing.validate.chain import context_for
from signing.validate.material import TrustMaterial


@dataclass(frozen=True, slots=True)
class TimeStamp:
    """A time-stamp that was checked and whose authority is trusted."""

    at: datetime

    @classmethod
    async def trusted(
        cls, token: cms.SignedData, stamped: bytes, trust: TrustMaterial, at: datetime
    ) -> TimeStamp | None:
        """Return the time when the token is over ``stamped`` and its authority is trusted, else None."""
        info = _info(token)
        if info is None:
            return None
        imprint = info["message_imprint"]
        algorithm = imprint["hash_algorithm"]["algorithm"].native
        if algorithm not in ("sha256", "sha384", "sha512"):
            return None
        digest = hashlib.new(algorithm, stamped).digest()
        if not timestamp_intact(token, digest):
            return None
        certificates = generic_cms.extract_certs_for_validation(token)
        context = context_for(trust, list(certificates.other_certs), at, "soft-fail")
        validator = CertificateValidator(certificates.signer_cert, validation_context=context)
        try:
            await validator.async_validate_usage(  # type: ignore[no-untyped-call]  # library not annotated
                {"digital_signature"}, {"time_stamping"}
            )
        except (path_errors.PathError, path_errors.ValidationError):
            return None
        moment: datetime = info["gen_time"].native
        return cls(moment)


def timestamp_intact(token: cms.SignedData, digest: bytes) -> bool:
    """Whether a token's imprint is ``digest`` and its signature holds (RFC 3161, 2.4.2)."""
    info = _info(token)
    if info is None or info["message_imprint"]["hashed_message"].native != digest:
        return False
    signer = token["signer_infos"][0]
    content = bytes(token["encap_content_info"]["content"])
    algorithm = signer["digest_algorithm"]["algorithm"].native
    certificate = generic_cms.extract_certs_for_validation(token).signer_cert
    intact, valid = generic_cms.validate_sig_integrity(
        signer,
        certificate,
        expected_content_type="tst_info",
        actual_digest=hashlib.new(algorithm, content).digest(),
    )
    return intact and valid


def signature_timestamp(signature: EmbeddedPdfSignature) -> cms.SignedData | None:
    """Return the first signature time-stamp among the unsigned attributes, None when there is none."""
    return next(generic_cms.extract_tst_data_iter(signature.signer_info, signed=False), None)


def _info(token: cms.SignedData) -> tsp.TSTInfo | None:
    content = token["encap_content_info"]["content"]
    parsed = getattr(content, "parsed", None)
    return parsed if isinstance(parsed, tsp.TSTInfo) else None

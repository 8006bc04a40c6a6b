"""``lienthong pki verify-path``: validate the path of one certificate (RFC 5280, section 6)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import click

from server.cli.outcome import Exit, Stop, instant_from
from signing.errors import PkiFault
from signing.pki.path import files
from signing.pki.path.certificate import ANY_POLICY
from signing.pki.path.validate import Material, PathResult, Question, validate

_PATH = click.Path(path_type=Path)
_OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")


@click.command("verify-path")
@click.argument("certificate", metavar="CERT", type=_PATH)
@click.option("--trust", required=True, type=_PATH, help="Trust anchors: PEM or DER file, or folder.")
@click.option("--chain", type=_PATH, help="Folder (or file) of certificates that may stand between.")
@click.option("--crls", type=_PATH, help="Folder (or file) of revocation lists. Without it: not checked.")
@click.option("--at", help="Judge for this instant (RFC 3339 with zone) instead of now.")
@click.option("--policy", "policies", multiple=True, metavar="OID", help="Accept only these policies.")
@click.option("--explicit-policy", is_flag=True, help="Some policy must hold for the whole path.")
@click.option("--inhibit-mapping", is_flag=True, help="Policies may not be mapped.")
@click.option("--inhibit-any-policy", is_flag=True, help="anyPolicy stands for no other policy.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify_path(
    certificate: Path,
    trust: Path,
    chain: Path | None,
    crls: Path | None,
    at: str | None,
    policies: tuple[str, ...],
    explicit_policy: bool,
    inhibit_mapping: bool,
    inhibit_any_policy: bool,
    as_json: bool,
) -> None:
    """Validate the path of a certificate. Exit 0: valid; 1: not; 2: it cannot be read.

    No network is used. With --crls every certificate of the path must be covered by lists in force; with
    --policy the path must be valid for one of the policies (anyPolicy: for any at all).
    """
    question = Question(
        at=datetime.now(UTC) if at is None else instant_from(at),
        past=at is not None,
        policies=_policies(policies),
        explicit=explicit_policy or bool(policies),
        inhibit_mapping=inhibit_mapping,
        inhibit_any=inhibit_any_policy,
        old_dsa=True,
    )
    try:
        target = files.one_certificate(certificate)
        anchors = files.certificates_in(trust) if trust.is_dir() else files.certificates(trust)
        others = files.certificates_in(chain) if chain is not None else ()
        lists = files.lists_in(crls) if crls is not None else None
    except PkiFault as error:
        raise Stop(str(error)) from error
    if not anchors:
        raise Stop(f"{trust} holds no certificate: give the trust anchors")
    result = validate(target, Material(anchors, others, lists), question)
    click.echo(json.dumps(_told(result), ensure_ascii=False) if as_json else _line(certificate, result))
    if not result.valid:
        raise SystemExit(int(Exit.NO))


def _policies(wanted: tuple[str, ...]) -> frozenset[str]:
    named = frozenset(ANY_POLICY if one == "anyPolicy" else one for one in wanted)
    for one in named:
        if not _OID.fullmatch(one):
            raise Stop(f"--policy {one} is no object identifier: write it like 2.5.29.32.0")
    return named or frozenset((ANY_POLICY,))


def _told(result: PathResult) -> dict[str, object]:
    return {
        "verdict": "valid" if result.valid else "invalid",
        "reason": result.reason,
        "path": [
            {"subject": one.subject.text, "serial": f"{one.serial:x}", "sha256": one.fingerprint}
            for one in result.path
        ],
        "policies": sorted(result.policies),
    }


def _line(certificate: Path, result: PathResult) -> str:
    verdict = "hợp lệ (valid)" if result.valid else f"không hợp lệ (invalid): {result.reason}"
    names = " > ".join(one.subject.text for one in result.path)
    return f"{certificate}: {verdict}" + (f"\n  {names}" if names else "")

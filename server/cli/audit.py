"""``lienthong audit``: verify the record, prove one entry, print the newest signed head."""

from __future__ import annotations

import click
import msgspec

from server.cli.root import run
from server.cli.witness import witness


@click.group()
def audit() -> None:
    """The audit trail and its proofs."""


audit.add_command(witness)


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def verify(as_json: bool) -> None:
    """Check every entry against the log outside the database; exit 1 names what was changed."""
    run(_verify(as_json))


async def _verify(as_json: bool) -> int:
    from server.audit.open import open_audit
    from server.settings import load

    async with open_audit(load()) as record:
        report = await record.verify()
    if as_json:
        click.echo(msgspec.json.encode(report))
        return 0 if report.ok else 1
    for finding in report.findings:
        click.echo(
            f"{finding.fault.value} position={finding.position} entry={finding.entry_id}: {finding.text}"
        )
    state = "intact" if report.ok else "NOT intact"
    seen = ", ".join(report.witnesses) or "no independent witness"
    click.echo(
        f"{report.entries} entries, {report.heads} signed heads, {report.tiles} tiles, "
        f"{report.checkpoints} checkpoints ({seen}), root {report.root or '-'}: {state}"
    )
    return 0 if report.ok else 1


@audit.command()
@click.argument("entry")
@click.option("--tlog", is_flag=True, help="A C2SP tlog-proof file instead of JSON.")
def prove(entry: str, tlog: bool) -> None:
    """Print the inclusion proof of one entry as JSON."""
    run(_prove(entry, tlog))


async def _prove(entry: str, tlog: bool) -> int:
    from server.audit.open import open_audit
    from server.settings import load

    async with open_audit(load()) as record:
        if tlog:
            click.echo(await record.proof_file(entry), nl=False)
        else:
            click.echo(msgspec.json.encode(await record.prove(entry)))
    return 0


@audit.command()
def checkpoint() -> None:
    """Print the newest signed head of the log, with the cosignatures it has."""
    run(_checkpoint())


async def _checkpoint() -> int:
    from server.audit.open import open_audit
    from server.settings import load

    async with open_audit(load()) as record:
        click.echo(await record.checkpoint(), nl=False)
    return 0

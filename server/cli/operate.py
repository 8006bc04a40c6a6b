"""``lienthong migrate`` and ``lienthong doctor``: keeping an installation well."""

from __future__ import annotations

import click

from server.cli.root import run


@click.command()
def migrate() -> None:
    """Bring the database to the schema of this release."""
    run(_migrate())


async def _migrate() -> int:
    from server.settings import load
    from storage.sql.migrate import current
    from storage.sql.migrate import migrate as upgrade

    settings = load()
    settings.data.mkdir(parents=True, exist_ok=True)
    await upgrade(settings.database_url)
    click.echo(f"schema {await current(settings.database_url)}")
    return 0


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of lines.")
def doctor(as_json: bool) -> None:
    """Check configuration, database, objects, keys and clock; say what to do."""
    run(_doctor(as_json))


async def _doctor(as_json: bool) -> int:
    import msgspec

    from server.health import examine
    from server.settings import load

    findings = await examine(load())
    if as_json:
        click.echo(msgspec.json.encode(findings))
    else:
        for finding in findings:
            click.echo(f"{'ok  ' if finding.ok else 'FAIL'} {finding.part}: {finding.text}")
    return 0 if all(finding.ok for finding in findings) else 1

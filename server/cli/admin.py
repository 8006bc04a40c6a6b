"""``lienthong admin``: ways in that need no account: first administrator, import of bodies and accounts."""

from __future__ import annotations

from pathlib import Path

import click

from server.cli.root import run


@click.group()
def admin() -> None:
    """Bring an installation up: first administrator, bodies, accounts, books."""


@admin.command("first")
@click.argument("username")
@click.argument("full_name")
def first(username: str, full_name: str) -> None:
    """Make the first administrator (only when there is none) and print the link to set the password."""
    run(_first(username, full_name))


async def _first(username: str, full_name: str) -> int:
    from server.compose import open_services
    from server.settings import load

    settings = load()
    async with open_services(settings, background=False) as services:
        post_id = await services.staffing.administrator_post()
        link = await services.identity.create_first_administrator(username, full_name, post_id)
    base = settings.server.base_url or f"http://{settings.server.host}:{settings.server.port}"
    click.echo(f"{base}/loi-moi/{link.token}")
    click.echo(f"Đặt mật khẩu trước · Set the password before {link.expires_at:%Y-%m-%d %H:%M} UTC")
    return 0


@admin.command("import")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--registers", type=click.Path(exists=True, path_type=Path), help="Rules of the books (TOML).")
def bring_in(folder: Path, registers: Path | None) -> None:
    """Bring in bodies, posts and accounts from TOML files; a second run changes nothing."""
    run(_import(folder, registers))


async def _import(folder: Path, registers: Path | None) -> int:
    import asyncio

    from server.compose import open_services
    from server.demo.province import all_bodies
    from server.kernel.actor import SYSTEM
    from server.organisations.data import read_tree
    from server.registers.config import load_rules
    from server.settings import load

    tree = await asyncio.to_thread(read_tree, folder)
    async with open_services(load(), background=False) as services:
        report = await services.organisations.import_tree(SYSTEM, tree)
        accounts = await services.account_import.import_accounts(SYSTEM, tree)
        click.echo(f"{report}; {accounts.accounts} accounts (invited), {accounts.holdings} holdings")
        if registers is not None:
            rules = await asyncio.to_thread(load_rules, registers)
            made = rules.rules_of(await all_bodies(services))
            await services.registers.configure(SYSTEM, made)
            click.echo(f"{len(made)} books")
    return 0

"""`make check`: format, lint, types, import contracts, tests of docs and architecture, audit, SBOM.

The checks run side by side; each prints only when it fails. The dependency audit needs an advisory
service on the network: where none answers, the check says so in words and does not pretend.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parent.parent
Result = tuple[str, bool, str, float]


def run(name: str, *command: str) -> Result:
    """Run one check; return its name, whether it passed, its output and its seconds."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return name, done.returncode == 0, done.stdout + done.stderr, time.monotonic() - started


def audit() -> Result:
    """Look every pinned package up in the advisory service."""
    started = time.monotonic()
    command = [
        str(BIN / "pip-audit"),
        "--require-hashes",
        "--disable-pip",
        "--progress-spinner=off",
        "--timeout=10",
    ]
    done = subprocess.run(
        [*command, "--format=json", "-r", "requirements/run.txt"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.monotonic() - started
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return "dependency audit", True, "NOT DONE: the advisory service does not answer", seconds
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    found = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", [])]
    if found:
        return "dependency audit", False, "\n".join(found), seconds
    note = f"NOT DONE for {len(skipped)} of {len(packages)}: no advisory data reached" if skipped else ""
    return "dependency audit", True, note, seconds


def bill_of_materials() -> Result:
    """Write the bill of materials (CycloneDX) of the pinned set to var/sbom.json."""
    (ROOT / "var").mkdir(exist_ok=True)
    return run(
        "sbom",
        str(BIN / "cyclonedx-py"),
        "requirements",
        "requirements/run.txt",
        "--of",
        "JSON",
        "-o",
        "var/sbom.json",
    )


def main() -> int:
    """Run all checks; return 0 when all pass."""
    tools = {name: str(BIN / name) for name in ("ruff", "mypy", "lint-imports", "pytest")}
    with ThreadPoolExecutor(2) as pool:
        waiting = [
            pool.submit(run, "types", tools["mypy"]),
            pool.submit(run, "format", tools["ruff"], "format", "--no-cache", "--check", "--quiet", "."),
            pool.submit(run, "lint", tools["ruff"], "check", "--no-cache", "--quiet", "."),
            pool.submit(run, "imports", tools["lint-imports"]),
            pool.submit(run, "architecture and docs", tools["pytest"], "tests/architecture"),
            pool.submit(bill_of_materials),
            pool.submit(audit),
        ]
        results = [future.result() for future in waiting]
    for name, passed, output, seconds in results:
        print(f"{'ok  ' if passed else 'FAIL'} {name} ({seconds:.0f} s)")
        if not passed or output.startswith("NOT DONE"):
            print(output.rstrip())
    return 0 if all(passed for _, passed, _, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())

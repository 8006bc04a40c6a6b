"""A process is known by a name that tells whether it still runs."""

from __future__ import annotations

import subprocess
import sys

from server.jobs.owner import is_gone, this_process


def test_a_process_that_runs_is_there_and_one_that_ended_is_gone() -> None:
    assert not is_gone(this_process())
    say = "from server.jobs.owner import this_process; print(this_process())"
    other = subprocess.run([sys.executable, "-c", say], capture_output=True, text=True, check=True)
    assert is_gone(other.stdout.strip())


def test_a_number_given_to_another_process_is_not_mistaken_for_the_old_one() -> None:
    host, boot, process, began, rest = this_process().split(":")
    assert is_gone(":".join([host, boot, process, str(int(began) - 1), rest]))
    assert is_gone(":".join([host, "another-boot", process, began, rest]))


def test_nothing_is_said_of_other_machines_and_of_names_that_say_nothing() -> None:
    _, boot, process, _, rest = this_process().split(":")
    assert not is_gone(":".join(["elsewhere", boot, process, "1", rest]))
    assert not is_gone("4711-ab12")
    assert not is_gone("")

"""Attempts, passwords, time steps: the exact rules."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.identity import rules
from server.identity.rules import Bucket, Limit
from server.kernel.clock import UTC

START = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
LIMIT = Limit(attempts=3, window_seconds=60, rest_seconds=90)
WAITS = st.lists(st.integers(0, 40), max_size=60)


def times(waits: list[int]) -> list[datetime]:
    """Return instants with these pauses between them."""
    now, result = START, []
    for wait in waits:
        now += timedelta(seconds=wait)
        result.append(now)
    return result


def oracle(instants: list[datetime]) -> list[bool]:
    """Say of each attempt whether it may be made, by looking back over all that was said before."""
    answers: list[bool] = []
    window: list[datetime] = []
    rest_until = START - timedelta(days=1)
    for now in instants:
        if now < rest_until:
            answers.append(False)
            continue
        if window and (now - window[0]).total_seconds() >= LIMIT.window_seconds:
            window = []
        window.append(now)
        answers.append(True)
        if len(window) == LIMIT.attempts:
            rest_until = now + timedelta(seconds=LIMIT.rest_seconds)
            window = []
    return answers


@given(WAITS)
def test_attempts_are_allowed_exactly_as_counted_by_hand(waits: list[int]) -> None:
    instants, bucket, answers = times(waits), None, []
    for now in instants:
        decision = rules.attempt(bucket, LIMIT, now)
        bucket = decision.bucket
        answers.append(decision.allowed)
    assert answers == oracle(instants)


@given(WAITS)
def test_whoever_waits_as_told_may_try_again(waits: list[int]) -> None:
    bucket = None
    for now in times(waits):
        decision = rules.attempt(bucket, LIMIT, now)
        bucket = decision.bucket
        if not decision.allowed:
            assert decision.retry_after_seconds >= 1
            later = now + timedelta(seconds=decision.retry_after_seconds)
            assert rules.attempt(bucket, LIMIT, later).allowed
            sooner = later - timedelta(seconds=1)
            assert sooner <= now or not rules.attempt(bucket, LIMIT, sooner).allowed


@given(st.lists(st.booleans(), max_size=100))
def test_successes_never_use_the_limit_up(successes: list[bool]) -> None:
    """Only failures count: as long as fewer than the limit fail, nobody is refused."""
    bucket: Bucket | None = None
    failures = 0
    for success in successes:
        decision = rules.attempt(bucket, LIMIT, START)
        if failures < LIMIT.attempts:
            assert decision.allowed
        if not decision.allowed:
            break
        bucket = rules.refunded(decision.bucket) if success else decision.bucket
        failures += not success


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("ngắn thôi", "identity.password_short"),
        ("x" * 201, "identity.password_long"),
        ("aaaaaaaaaaaa", "identity.password_weak"),
        ("Password123", "identity.password_weak"),
        ("xin-vanthu.syt-2026", "identity.password_weak"),
    ],
)
def test_a_bad_password_says_why(password: str, code: str) -> None:
    assert [fault.code for fault in rules.password_faults(password, "vanthu.syt")] == [code]


@pytest.mark.parametrize("password", ["một câu dễ nhớ", "correct horse battery", "9f!kQ2#xLm"])
def test_a_good_password_has_no_fault(password: str) -> None:
    assert rules.password_faults(password, "vanthu.syt") == []


@given(st.integers(0, 10**9), st.integers(0, 5))
def test_only_fresh_steps_near_the_present_count(seconds: int, used_ago: int) -> None:
    now = datetime.fromtimestamp(seconds + 1000, UTC)
    last = rules.totp_step(now) - used_ago
    steps = rules.steps_to_try(now, last)
    assert all(step > last for step in steps)
    assert all(abs(step - rules.totp_step(now)) <= 1 for step in steps)
    assert len(steps) == min(used_ago, 2) + 1

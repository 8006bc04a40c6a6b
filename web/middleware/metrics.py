"""Figures for Prometheus: requests by route and status, how long they took, sockets open.

Counting happens on every request, so it is plain integers here; families are made when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BOUNDS_MICROSECONDS = (
    1000,
    2500,
    5000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    5_000_000,
)
LABELS = tuple(str(bound / 1_000_000) for bound in BOUNDS_MICROSECONDS)


class Metrics(Collector):
    """The edge's own figures, in a registry of their own so that tests can make many."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self.sockets = Gauge("lienthong_live_sockets", "Live sockets open", registry=self.registry)
        self._requests: dict[tuple[str, str, int], int] = {}
        self._buckets: dict[str, list[int]] = {}
        self._sums: dict[str, int] = {}
        self.registry.register(self)

    def observe(self, route: str, method: str, status: int, microseconds: int) -> None:
        """Count one request."""
        key = (route, method if method in METHODS else "OTHER", status)
        self._requests[key] = self._requests.get(key, 0) + 1
        buckets = self._buckets.get(route)
        if buckets is None:
            buckets = self._buckets[route] = [0] * (len(BOUNDS_MICROSECONDS) + 1)
            self._sums[route] = 0
        buckets[bisect_left(BOUNDS_MICROSECONDS, microseconds)] += 1
        self._sums[route] += microseconds

    def collect(self) -> Iterator[Metric]:
        """Give the families as they stand."""
        requests = CounterMetricFamily(
            "lienthong_requests", "Requests answered", labels=("route", "method", "status")
        )
        for (route, method, status), count in self._requests.items():
            requests.add_metric((route, method, str(status)), count)
        yield requests
        seconds = HistogramMetricFamily(
            "lienthong_request_seconds", "Time to the end of the answer", labels=("route",)
        )
        for route, buckets in self._buckets.items():
            total = 0
            shown: list[tuple[str, float]] = []
            for label, count in zip((*LABELS, "+Inf"), buckets, strict=True):
                total += count
                shown.append((label, total))
            seconds.add_metric((route,), shown, self._sums[route] / 1_000_000)
        yield seconds

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self.registry)


METRICS: web.AppKey[Metrics] = web.AppKey("metrics", Metrics)

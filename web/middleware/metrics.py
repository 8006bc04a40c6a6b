"""Figures for Prometheus: requests by route and status, how long they took, sockets open."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The edge's own figures, in a registry of their own so that tests can make many."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        self._requests = Counter(
            "lienthong_requests", "Requests answered", ("route", "method", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "lienthong_request_seconds",
            "Time to the end of the answer",
            ("route",),
            buckets=BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.sockets = Gauge("lienthong_live_sockets", "Live sockets open", registry=self.registry)
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._histograms: dict[str, Histogram] = {}

    def observe(self, route: str, method: str, status: int, elapsed_nanoseconds: int) -> None:
        """Count one request."""
        key = (route, method, status)
        counter = self._counters.get(key)
        if counter is None:
            shown = method if method in METHODS else "OTHER"
            counter = self._requests.labels(route, shown, str(status))
            if shown != "OTHER":
                self._counters[key] = counter
        counter.inc()
        histogram = self._histograms.get(route)
        if histogram is None:
            histogram = self._histograms[route] = self._seconds.labels(route)
        histogram.observe(elapsed_nanoseconds / 1e9)

    def text(self) -> bytes:
        """Return the exposition format."""
        return generate_latest(self.registry)

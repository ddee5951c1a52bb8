"""Prometheus metrics: what this process served, and figures read from the books when asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from panelbridge.service.services import Figure, Services

_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)


class _Books(Collector):
    def __init__(self, services: Services) -> None:
        self._services = services

    def describe(self) -> Iterable[Metric]:
        return ()  # asking the books at registration would open the database at start

    def collect(self) -> Iterable[Metric]:
        named: dict[str, list[Figure]] = defaultdict(list)
        for figure in self._services.figures():
            named[figure.name].append(figure)
        for name in sorted(named):
            yield _family(name, named[name])


def _family(name: str, figures: list[Figure]) -> Metric:
    labels = sorted(figures[0].labels)
    kind = CounterMetricFamily if figures[0].counter else GaugeMetricFamily
    family = kind(name, figures[0].help, labels=labels)
    for figure in figures:
        family.add_metric([figure.labels[label] for label in labels], figure.value)
    return family


class ServiceMetrics:
    """One per application; its registry is its own, so two applications in a process do not collide."""

    def __init__(self, services: Services) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "panelbridge_requests", "Requests answered", ["route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "panelbridge_request_seconds",
            "Time to answer",
            ["route"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._counted: dict[tuple[str, int], Counter] = {}
        self._timed: dict[str, Histogram] = {}
        self._registry.register(_Books(services))

    def request(self, route: str, status: int, seconds: float) -> None:
        """Count one answered request. ``route`` is the pattern, never the path: its number is bounded."""
        counter = self._counted.get((route, status))
        if counter is None:
            counter = self._counted[route, status] = self._requests.labels(route, str(status))
        counter.inc()
        timer = self._timed.get(route)
        if timer is None:
            timer = self._timed[route] = self._seconds.labels(route)
        timer.observe(seconds)

    def text(self) -> bytes:
        """The Prometheus text format."""
        return generate_latest(self._registry)

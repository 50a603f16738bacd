"""What /metrics shows, for the county's monitoring: counts by kind and outcome, never a number or a word of a ticket."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Figures:
    """A registry of its own, so that two gateways in one process do not clash."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.webhooks = Counter(
            "hsdispute_webhooks_total", "Webhooks by outcome", ["platform", "outcome"], registry=self.registry)
        self.received = Counter(
            "hsdispute_received_total", "Host events worked off, by outcome", ["platform", "outcome"], registry=self.registry)
        self.accepted = Counter(
            "hsdispute_accepted_total", "Ticket versions accepted, by track", ["platform", "track"], registry=self.registry)
        self.delivered = Counter(
            "hsdispute_deliveries_total", "Write-backs tried, by how they ended", ["platform", "state"], registry=self.registry)
        self.decided = Counter(
            "hsdispute_decided_total", "Decisions asked for over HTTP, by track", ["track"], registry=self.registry)
        self.seconds = Histogram(
            "hsdispute_decide_seconds", "Time of one decision asked for over HTTP", registry=self.registry,
            buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1.0))
        self._depth = Gauge("hsdispute_queue_depth", "Rows of outbox and events, by state", ["state"], registry=self.registry)

    def text(self, depths: Mapping[str, int]) -> bytes:
        """Return the exposition text with the queue as deep as ``depths`` says."""
        for state, count in depths.items():
            self._depth.labels(state).set(count)
        return generate_latest(self.registry)

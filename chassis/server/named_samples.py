"""A process' metrics with the name of its service in each, so that one query can tell the services apart."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Metric


class NamedSamples(CollectorRegistry):
    """All that another registry holds, each sample with the label ``service``; one that has such a label keeps its own.

    Args:
        registry: The other one.
        service: Name of the service, such as ``speech``.
    """

    def __init__(self, registry: CollectorRegistry, service: str) -> None:
        super().__init__()
        self._registry = registry
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yields the metrics as they are now."""
        for metric in self._registry.collect():
            metric.samples = [
                sample._replace(labels={"service": self._service, **sample.labels}) for sample in metric.samples
            ]
            yield metric

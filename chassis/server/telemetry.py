"""Metrics (Prometheus) and traces (OpenTelemetry); neither is told to anybody until configured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

CALLS = Counter("antiphon_calls_total", "Calls by method and outcome.", ["method", "outcome"])
SECONDS = Histogram(
    "antiphon_call_seconds",
    "Seconds a call took.",
    ["method"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800),
)
ANSWER_BYTES = Gauge("antiphon_answer_spool_bytes", "Bytes on disk of answers that wait for their readers.")
OPEN_FILES = Gauge("antiphon_open_files", "Descriptors that this process has open; 0 where that is not known.")
CONNECTIONS_CLOSED = Gauge("antiphon_connections_closed", "Connections without a call that were closed to make room.")

_tracer: Any = None


def start_traces(endpoint: str, service: str) -> None:
    """Starts the trace exporter."""
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    global _tracer
    provider = TracerProvider(resource=Resource.create({"service.name": f"antiphon-{service}"}))
    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=not endpoint.startswith("https:"))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    _tracer = trace.get_tracer("antiphon")


def start_span(name: str, metadata: Mapping[str, str]) -> Any:
    """Starts the span of a call, a child of the caller's where it sent ``traceparent``; None without tracing."""
    if _tracer is None:
        return None
    from opentelemetry import context, trace
    from opentelemetry.propagate import extract

    span = _tracer.start_span(name, context=extract(metadata), kind=trace.SpanKind.SERVER)
    return span, context.attach(trace.set_span_in_context(span))


def start_part(name: str, **attributes: str | float) -> Any:
    """Starts the span of a part of the call under way, such as a worker's; None without tracing."""
    if _tracer is None:
        return None
    return _tracer.start_span(name, attributes=attributes), None


def trace_id(span: Any) -> str:
    """The trace that a span belongs to, as 32 hexadecimal digits; empty without tracing."""
    return "" if span is None else f"{span[0].get_span_context().trace_id:032x}"


def end_span(span: Any, outcome: str) -> None:
    """Ends a span with its outcome: the name of a status code."""
    if span is None:
        return
    from opentelemetry import context

    span[0].set_attribute("rpc.grpc.status", outcome)
    span[0].end()
    if span[1] is not None:
        context.detach(span[1])


def outgoing_metadata() -> list[tuple[str, str]]:
    """Metadata that makes the next hop's span a child of ours; empty without tracing."""
    if _tracer is None:
        return []
    from opentelemetry.propagate import inject

    carrier: dict[str, str] = {}
    inject(carrier)
    return list(carrier.items())


def show_answers(used_bytes: Callable[[], float]) -> None:
    """Shows what answers that wait for their readers hold on disk, asked for whenever the page is fetched."""
    ANSWER_BYTES.set_function(used_bytes)


def show_files(open_files: Callable[[], int | None], closed: Callable[[], float]) -> None:
    """Shows how many descriptors are open, and how many connections were closed because of that."""
    OPEN_FILES.set_function(lambda: open_files() or 0)
    CONNECTIONS_CLOSED.set_function(closed)


def count_call(method: str, outcome: str, seconds: float) -> None:
    """Counts one call."""
    CALLS.labels(method, outcome).inc()
    SECONDS.labels(method).observe(seconds)

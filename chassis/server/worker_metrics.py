"""Metrics of a family's workers: how many, how busy, what they computed on, how long their models took to load."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

from prometheus_client import Gauge, Histogram

from chassis import gpu_memory
from chassis.reports import LoadReport, PoolStatus, WorkReport

QUEUE_DEPTH = Gauge("antiphon_queue_depth", "Calls running or waiting for a worker; live streams.", ["kind"])
ADMITTED_LIMIT = Gauge("antiphon_admitted_limit", "The most that antiphon_queue_depth can be.", ["kind"])
SLOTS = Gauge("antiphon_slots", "Calls, or live streams, that can be worked on at once.", ["kind"])
OLDEST_WAIT = Gauge(
    "antiphon_oldest_wait_seconds",
    "Seconds that the call at the head of the line has waited for a worker.",
    ["kind"],
)
WORKER_RESTARTS = Gauge(
    "antiphon_worker_restarts",
    "Workers that died or were replaced since start; without those killed for cancelled calls.",
    ["kind"],
)
WORKERS_READY = Gauge("antiphon_workers_ready", "Workers that are up with what they load at start.", ["kind"])
INFO = Gauge(
    "antiphon_info",
    "1 for each model that answered, with what computed: engine, device, architecture (gfx), precision.",
    ["model", "engine", "device", "gfx", "precision"],
)
LOAD_SECONDS = Histogram(
    "antiphon_model_load_seconds",
    "Seconds that a worker took to load a model.",
    ["model"],
    buckets=(0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600),
)
GPU_MEMORY = Gauge(
    "antiphon_gpu_memory_bytes", "Memory of each AMD GPU of this machine: used and total.", ["card", "kind"]
)
_GFX = re.compile(r"\bgfx[0-9a-f]{3,5}\b")
_MOST_LABEL = 128
_MOST_INFO = 64
"""Combinations that are told of: a worker that makes them up fills no page."""
_told: set[tuple[str, ...]] = set()


def show_workers(kind: str, slots: Callable[[], int], status: Callable[[], PoolStatus]) -> None:
    """Shows how the workers of a kind are, asked whenever the page is fetched.

    Args:
        kind: ``file`` for those of recordings, ``live`` for those of live streams.
        slots: Gives how many calls they can work on at once.
        status: Gives how they are.
    """
    QUEUE_DEPTH.labels(kind).set_function(lambda: status().admitted)
    ADMITTED_LIMIT.labels(kind).set_function(lambda: status().admitted_limit)
    SLOTS.labels(kind).set_function(slots)
    OLDEST_WAIT.labels(kind).set_function(lambda: status().oldest_wait_seconds)
    WORKER_RESTARTS.labels(kind).set_function(lambda: status().restarts)
    WORKERS_READY.labels(kind).set_function(lambda: status().ready)


def show_work(report: WorkReport) -> None:
    """Shows what an answer was computed by."""
    found = _GFX.search(report.device)
    model = report.model.name if report.model is not None else ""
    values = (model, report.engine, report.device, found[0] if found else "", report.precision)
    labels = tuple(value[:_MOST_LABEL] for value in values)
    if labels not in _told and len(_told) < _MOST_INFO:
        _told.add(labels)
        INFO.labels(*labels).set(1)


def show_loads(known: Callable[[str], object], loads: Iterable[LoadReport]) -> None:
    """Counts models that were loaded, and how long that took; those alone that are ``known`` by their names.

    What a worker makes up is not for a page that keeps every name for good.
    """
    for load in loads:
        if known(load.model) is not None:
            LOAD_SECONDS.labels(load.model).observe(load.seconds)


def show_gpus() -> None:
    """Shows the memory of each GPU, read whenever the page is fetched; nothing where there is none that tells it."""
    for card in gpu_memory.cards():
        for kind in gpu_memory.KINDS:
            GPU_MEMORY.labels(card, kind).set_function(partial(gpu_memory.memory_bytes, card, kind))

"""What the metrics tell of workers: places, waits, what computed, loads and GPU memory."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, generate_latest

from chassis import gpu_memory, load_times
from chassis.admission import Admission
from chassis.reports import LoadReport, ModelReport, PoolStatus, WorkReport
from chassis.server import worker_metrics
from chassis.server.named_samples import NamedSamples
from chassis.worker.waiting import WaitingLine


def shown(name: str, **labels: str) -> float | None:
    """What the page says of one sample; None where it has none."""
    return REGISTRY.get_sample_value(f"antiphon_{name}", labels)


def test_workers_are_shown_as_they_are_when_the_page_is_fetched() -> None:
    status = PoolStatus(2, 1, 3, None, "", 4, 10, "", oldest_wait_seconds=7.5)
    now = [status]
    worker_metrics.show_workers("file", lambda: 2, lambda: now[0])
    names = ("slots", "queue_depth", "admitted_limit", "workers_ready", "worker_restarts", "oldest_wait_seconds")
    assert [shown(name, kind="file") for name in names] == [2, 4, 10, 1, 3, 7.5]
    now[0] = PoolStatus(2, 2, 3, None, "", 0, 10, "")
    assert [shown(name, kind="file") for name in names] == [2, 0, 10, 2, 3, 0]


async def test_the_oldest_wait_is_that_of_the_head_of_the_line() -> None:
    line, places = WaitingLine(), Admission(1, 1.0)
    assert (line.oldest_wait_seconds, places.oldest_wait_seconds) == (0, 0)
    first = line.join()
    ticket = places.take()
    waiting = asyncio.create_task(places.wait())
    await asyncio.sleep(0.02)
    second = line.join()
    assert line.oldest_wait_seconds >= 0.02
    assert places.oldest_wait_seconds > 0
    line.leave(first)
    assert line.oldest_wait_seconds < first.since - second.since + 10
    assert line.oldest_wait_seconds > 0
    line.leave(second)
    ticket.release()
    (await waiting).release()
    assert (line.oldest_wait_seconds, places.oldest_wait_seconds) == (0, 0)


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has not told of any work yet."""
    monkeypatch.setattr(worker_metrics, "_told", set())
    worker_metrics.INFO.clear()
    yield
    worker_metrics.INFO.clear()


@pytest.mark.usefixtures("untold")
@pytest.mark.parametrize(
    ("device", "gfx"),
    [("cuda:0 (AMD Radeon RX 9070 XT, gfx1201)", "gfx1201"), ("cuda:0 (AMD, gfx90a)", "gfx90a"), ("cpu", "")],
)
def test_what_computed_an_answer_is_shown(device: str, gfx: str) -> None:
    model = ModelReport("whisper-base", "1", {}, "MIT", True)
    worker_metrics.show_work(WorkReport("faster-whisper", model, device, "float16"))
    labels = {"model": "whisper-base", "engine": "faster-whisper", "device": device, "precision": "float16"}
    assert shown("info", **labels, gfx=gfx) == 1


@pytest.mark.usefixtures("untold")
def test_a_worker_that_makes_devices_up_fills_no_page() -> None:
    for number in range(1000):
        worker_metrics.show_work(WorkReport("e", None, f"gpu {number} " + "x" * 1000, "float32"))
    (metric,) = worker_metrics.INFO.collect()
    assert len(metric.samples) == 64
    assert max(len(sample.labels["device"]) for sample in metric.samples) == 128


def test_the_time_of_a_load_is_noted_once_and_only_where_it_succeeds() -> None:
    load_times.take()
    with load_times.timed("a"):
        pass
    with pytest.raises(KeyError), load_times.timed("b"):
        raise KeyError
    (report,) = load_times.take()
    assert report.model == "a"
    assert 0 <= report.seconds < 60
    assert load_times.take() == ()


@pytest.mark.parametrize("seconds", [-1.0, math.inf, math.nan])
def test_a_time_that_no_clock_measures_is_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="cannot load"):
        LoadReport("a", seconds)


def test_loads_of_known_models_alone_are_counted() -> None:
    before = shown("model_load_seconds_count", model="a") or 0
    loads = [LoadReport("a", 2.5), LoadReport("made up", 1.0)]
    worker_metrics.show_loads({"a": 1}.get, loads)
    assert shown("model_load_seconds_count", model="a") == before + 1
    assert shown("model_load_seconds_count", model="made up") is None


def test_the_memory_of_a_gpu_is_what_its_driver_says(tmp_path: Path) -> None:
    device = tmp_path / "card1" / "device"
    device.mkdir(parents=True)
    (tmp_path / "card0" / "device").mkdir(parents=True)  # one whose driver tells nothing
    (device / "mem_info_vram_total").write_text("17095983104\n")
    assert gpu_memory.cards(tmp_path) == ["card1"]
    assert gpu_memory.memory_bytes("card1", "total", tmp_path) == 17095983104
    assert math.isnan(gpu_memory.memory_bytes("card1", "used", tmp_path))


def test_every_sample_bears_the_name_of_its_service_but_those_that_name_one() -> None:
    registry = CollectorRegistry()
    Counter("calls", "Calls.", ["method"], registry=registry).labels("m").inc()
    Gauge("open", "Open.", ["service"], registry=registry).labels("speech").set(2)
    page = generate_latest(NamedSamples(registry, "gateway")).decode()
    assert 'calls_total{method="m",service="gateway"} 1.0' in page
    assert 'open{service="speech"} 2.0' in page

"""The pool of worker processes: cancel, crash, queue, recycle, all with real processes."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from antiphon_wire.errors import AntiphonError
from chassis.reading import Limits
from chassis.reports import ProgressReport
from chassis.traces import WorkerFaultError
from chassis.worker import Job, Pool, Queued, Started, WorkerOptions
from chassis.worker.messages import Init
from tests.chassis.forged import FORGERIES

EMPTY_MANIFEST = Path(__file__).parent / "empty_models.toml"


def job(verb: str, request: Any = None) -> Job:
    return Job(verb, request, "/dev/null", Limits(max_seconds=60.0, max_decoded_bytes=1 << 30, max_wall_seconds=60.0))


@asynccontextmanager
async def pool(settings: Any = None, **options: Any) -> AsyncIterator[Pool]:
    init = Init("tests.chassis.jobs:Jobs", settings, str(EMPTY_MANIFEST), "/nonexistent", None, warm=True)
    each = Pool(init, WorkerOptions(**options))
    each.start()
    try:
        yield each
    finally:
        await each.stop()


async def collect(each: Pool, todo: Job) -> list[Any]:
    async with aclosing(each.run(todo)) as events:
        return [event async for event in events if not isinstance(event, Queued | Started)]


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Waits for a condition that another process brings about; fails the test when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def begin(each: Pool, todo: Job) -> AsyncIterator[Any]:
    """Starts a job and waits for its first own event."""
    events = each.run(todo)
    async for event in events:
        if isinstance(event, ProgressReport):
            return events
    raise AssertionError("the job ended before its first event")


async def test_events_arrive_in_order_and_end() -> None:
    async with pool() as each:
        events = await collect(each, job("count", 5))
    assert [event.fraction for event in events] == [0.2, 0.4, 0.6, 0.8, 1.0]


async def test_models_that_are_loaded_are_told_once_each_with_their_times() -> None:
    async with pool() as each:
        told: list[Any] = []
        each.on_loads = told.extend
        for verb in ("count", "load", "count"):
            await collect(each, job(verb, 1))
    assert [load.model for load in told] == ["the first", "the second"]
    assert all(0 <= load.seconds < 60 for load in told)


async def test_the_callers_error_arrives_whole_and_the_worker_goes_on() -> None:
    async with pool() as each:
        with pytest.raises(AntiphonError) as caught:
            await collect(each, job("refuse"))
        assert (caught.value.reason, caught.value.field, caught.value.metadata) == (
            "REFUSED",
            "config.model",
            {"value": "7"},
        )
        assert len(await collect(each, job("count", 1))) == 1
        assert each.restarts == 0


async def test_our_own_fault_is_not_the_callers_to_read() -> None:
    async with pool() as each:
        with pytest.raises(WorkerFaultError, match="KeyError") as caught:
            await collect(each, job("fail"))
        assert "jobs.py" in str(caught.value), "the log must say where"
        assert "a secret of the inside" not in str(caught.value), "what an error says may be a user's"
        assert len(await collect(each, job("count", 1))) == 1


async def test_a_crash_is_worker_lost_and_the_next_job_has_a_fresh_worker() -> None:
    async with pool() as each:
        (before,) = await collect(each, job("pid"))
        with pytest.raises(AntiphonError) as caught:
            await collect(each, job("die"))
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        assert caught.value.metadata["exit_code"] == str(-signal.SIGSEGV)
        (after,) = await collect(each, job("pid"))
        assert after != before


async def test_kill_9_of_an_idle_worker_is_noticed_and_mended() -> None:
    async with pool() as each:
        (before,) = await collect(each, job("pid"))
        os.kill(before, signal.SIGKILL)
        await until(lambda: each.restarts == 1 and each.ready)
        (after,) = await collect(each, job("pid"))
        assert after != before


async def test_kill_9_in_the_middle_of_a_job_is_worker_lost_at_once() -> None:
    async with pool() as each:
        events = await begin(each, job("step", 0.01))
        os.kill(each.pids[0], signal.SIGKILL)
        with pytest.raises(AntiphonError) as caught:
            async for _ in events:
                pass
        assert caught.value.reason == "WORKER_LOST"


async def test_a_cancel_stops_the_work_at_the_next_checkpoint_and_keeps_the_process() -> None:
    async with pool(cancel_grace_seconds=10.0) as each:
        (before,) = await collect(each, job("pid"))
        events = await begin(each, job("step", 0.02))
        await events.aclose()
        (after,) = await collect(each, job("pid"))
        assert after == before


async def test_a_cancel_in_a_step_as_long_as_those_of_models_costs_no_worker() -> None:
    # A window of Spleeter or of a small Whisper takes a third of a second on one core, of a large model seconds.
    async with pool() as each:
        (before,) = await collect(each, job("pid"))
        events = await begin(each, job("step", 1.0))
        await events.aclose()
        (after,) = await collect(each, job("pid"))
        assert after == before
        assert (each.restarts, each.status.last_problem) == (0, "")


async def hold(each: Pool, sign: Path) -> asyncio.Task[list[Any]]:
    """Starts a job and waits until it holds its interpreter's lock."""
    holding = asyncio.create_task(collect(each, job("hold", str(sign))))
    await until(sign.exists)
    return holding


async def give_up(holding: asyncio.Task[list[Any]]) -> None:
    holding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await holding


async def test_work_that_never_looks_is_killed_after_the_grace(tmp_path: Path) -> None:
    async with pool(cancel_grace_seconds=0.1) as each:
        (before,) = await collect(each, job("pid"))
        await give_up(await hold(each, tmp_path / "sign"))
        (after,) = await collect(each, job("pid"))
        assert after != before
        assert not psutil.pid_exists(before)
        # The caller had left: that is told of as no crash.
        assert (each.restarts, each.status.last_problem, each.status.last_restart) == (0, "", None)


async def test_cancelled_compute_stops_using_the_processor() -> None:
    async with pool(cancel_grace_seconds=10.0) as each:
        events = await begin(each, job("step", 0.02))
        await events.aclose()
        await collect(each, job("count", 1))  # the worker took another job: the cancelled one is over
        process = psutil.Process(each.pids[0])
        before = sum(process.cpu_times()[:2])
        await asyncio.sleep(0.3)
        assert sum(process.cpu_times()[:2]) - before < 0.1


async def test_a_full_service_says_so_with_a_delay_and_a_place_comes_back() -> None:
    async with pool(count=1, max_pending=1) as each:
        first, second = each.admit(), each.admit()
        with pytest.raises(AntiphonError) as caught:
            each.admit()
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "QUEUE_FULL")
        assert caught.value.retry_after_seconds is not None
        assert caught.value.retry_after_seconds > 0
        first.release()
        first.release()  # releasing twice must not make two places
        third = each.admit()
        with pytest.raises(AntiphonError):
            each.admit()
        second.release()
        third.release()
        assert each.admitted == 0


async def test_waiting_jobs_learn_their_place_and_run_in_order() -> None:
    async with pool() as each:
        running = await begin(each, job("step", 0.02))
        places: dict[str, list[int]] = {"a": [], "b": []}
        order: list[str] = []

        async def wait(name: str) -> None:
            async with aclosing(each.run(job("count", 1))) as events:
                async for event in events:
                    if isinstance(event, Queued):
                        places[name].append(event.position)
                    elif isinstance(event, Started):
                        order.append(name)

        a = asyncio.create_task(wait("a"))
        await until(lambda: bool(places["a"]))
        b = asyncio.create_task(wait("b"))
        await until(lambda: bool(places["b"]))
        await running.aclose()
        await asyncio.gather(a, b)
        assert order == ["a", "b"]
        assert places["a"] == [0]
        assert places["b"] == [1, 0]


async def test_a_waiting_job_that_is_given_up_leaves_the_queue() -> None:
    async with pool() as each:
        running = await begin(each, job("step", 0.02))
        waiting = asyncio.create_task(collect(each, job("count", 1)))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await running.aclose()
        assert len(await collect(each, job("count", 1))) == 1


async def test_a_slow_reader_holds_the_worker_back_instead_of_filling_memory() -> None:
    async with pool(cancel_grace_seconds=10.0) as each:
        await collect(each, job("count", 1))
        before = psutil.Process().memory_info().rss
        async with aclosing(each.run(job("flood", 400))) as events:
            async for event in events:
                if isinstance(event, bytes):
                    break
            await asyncio.sleep(0.3)
            grown = psutil.Process().memory_info().rss - before
        # The reader holds at most one frame of 1 MiB and 2 MiB read ahead; 100 leaves room for the allocator.
        assert grown < 100 << 20


async def test_a_worker_that_grew_is_replaced() -> None:
    async with pool(recycle_growth_bytes=50 << 20) as each:
        (before,) = await collect(each, job("pid"))
        await collect(each, job("grow", 100))
        await until(lambda: each.restarts == 1)
        (after,) = await collect(each, job("pid"))
        assert after != before


async def test_a_worker_that_did_not_grow_is_kept() -> None:
    async with pool(recycle_growth_bytes=50 << 20) as each:
        await collect(each, job("grow", 1))
        await collect(each, job("count", 1))
        assert each.restarts == 0


@pytest.mark.parametrize("kind", FORGERIES)
async def test_a_worker_that_says_what_ours_never_say_is_killed_and_the_pool_goes_on(kind: str) -> None:
    async with pool() as each, asyncio.timeout(30):
        (before,) = await collect(each, job("pid"))
        with pytest.raises(AntiphonError) as caught:
            await collect(each, job("forge", kind))
        assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_LOST")
        (after,) = await collect(each, job("pid"))
        assert after != before
        assert each.status.ready == 1


async def test_a_worker_that_dies_at_start_leaves_the_pool_unready_with_a_reason() -> None:
    async with pool("die at start") as each:
        await until(lambda: each.restarts >= 1)
        assert not each.ready
        assert "before it was ready" in each.status.last_problem


@pytest.mark.parametrize(("settings", "told"), [("damaged", "MODEL_CORRUPT: tiny is damaged"), ("broken", "KeyError")])
async def test_what_cannot_be_loaded_at_start_is_told_and_leaves_the_worker_to_the_other_calls(
    settings: str, told: str
) -> None:
    async with pool(settings) as each:
        assert len(await collect(each, job("count", 1))) == 1
        assert each.restarts == 0
        assert told in each.status.loaded
        assert "a secret of the inside" not in each.status.loaded
        assert (each.problem is not None) == (settings == "damaged")


async def test_a_model_that_ends_every_worker_at_start_is_not_loaded_there_and_the_rest_serves() -> None:
    async with pool("die while loading") as each, asyncio.timeout(60):
        assert len(await collect(each, job("count", 1))) == 1
        assert each.restarts == 2
        assert "nothing is loaded at start: that ended 2 processes (exit code -11)" in each.status.loaded
        assert each.problem is not None
        assert each.problem.reason == "MODEL_UNREADABLE"


async def test_a_job_is_refused_where_no_worker_can_be_started() -> None:
    async with pool("die at start") as each:
        with pytest.raises(AntiphonError) as caught:
            await collect(each, job("count", 1))
    assert (caught.value.code, caught.value.reason) == ("UNAVAILABLE", "WORKER_NOT_STARTING")


async def test_a_system_without_processes_to_give_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real, refused = asyncio.create_subprocess_exec, 0

    async def spawn(*arguments: Any, **options: Any) -> asyncio.subprocess.Process:
        nonlocal refused
        if refused < 2:
            refused += 1
            raise OSError(24, "Too many open files")
        return await real(*arguments, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", spawn)
    async with pool() as each:
        assert len(await collect(each, job("count", 1))) == 1
        assert each.restarts == 2


async def test_two_workers_work_at_the_same_time() -> None:
    async with pool(count=2) as each:
        await until(lambda: each.status.ready == 2)
        async with aclosing(await begin(each, job("step", 0.01))):
            (other,) = await asyncio.wait_for(collect(each, job("pid")), 20)
            assert other in each.pids, "the first job never ends, so the second had a worker of its own"


async def test_stopping_the_pool_leaves_no_process() -> None:
    async with pool(count=2) as each:
        await until(lambda: len(each.pids) == 2 and each.ready)
        pids = each.pids
    assert not any(psutil.pid_exists(pid) for pid in pids)


async def test_the_event_loop_stays_free_while_a_worker_holds_its_interpreter_lock(tmp_path: Path) -> None:
    async with pool(cancel_grace_seconds=0.1) as each:
        holding = await hold(each, tmp_path / "sign")
        slowest = 0.0
        for _ in range(50):
            started = time.monotonic()
            await asyncio.sleep(0)
            slowest = max(slowest, time.monotonic() - started)
        # One turn of an idle loop takes well under a millisecond; 50 ms is what health checks are promised.
        assert slowest < 0.05
        await give_up(holding)

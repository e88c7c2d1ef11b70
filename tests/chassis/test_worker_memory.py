"""A worker has a memory limit by default, and what runs into it is told as that."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from antiphon_wire.errors import AntiphonError
from chassis.reading import Limits
from chassis.worker import Job, Pool, WorkerOptions
from chassis.worker.memory_limit import LEAST_BYTES, SHARE, default_limit, memory_bytes
from chassis.worker.messages import Init

MACHINE = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
LIMITS = Limits(max_seconds=60.0, max_decoded_bytes=1 << 30, max_wall_seconds=60.0)
GIB = 1 << 30


def system(root: Path, groups: str, **files: str) -> Path:
    """A file system with these control groups; ``__`` in a name stands for a folder."""
    for name, text in {"proc__self__cgroup": groups, **files}.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_the_memory_is_that_of_the_machine_where_no_group_has_less(tmp_path: Path) -> None:
    assert memory_bytes(tmp_path) == MACHINE
    assert memory_bytes(system(tmp_path, "0::/\n", sys__fs__cgroup__memory_max="max\n")) == MACHINE


def test_the_lowest_limit_of_the_groups_of_version_2_counts(tmp_path: Path) -> None:
    root = system(tmp_path, "0::/a/b\n")
    for folder, text in (("a/b", "max"), ("a", str(3 * GIB)), ("", str(4 * GIB))):
        path = root / "sys/fs/cgroup" / folder / "memory.max"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    assert memory_bytes(root) == min(MACHINE, 3 * GIB)


def test_the_limit_of_version_1_counts_even_where_only_the_base_is_seen(tmp_path: Path) -> None:
    root = system(tmp_path, "5:cpu:/x\n4:memory:/docker/0123\n")
    path = root / "sys/fs/cgroup/memory/memory.limit_in_bytes"
    path.parent.mkdir(parents=True)
    path.write_text(f"{3 * GIB}\n")
    assert memory_bytes(root) == min(MACHINE, 3 * GIB)


@pytest.mark.parametrize(("workers", "expected"), [(1, int(SHARE * MACHINE)), (10**6, LEAST_BYTES)])
def test_workers_share_the_memory_but_none_gets_less_than_its_libraries_need(
    workers: int, expected: int, tmp_path: Path
) -> None:
    assert default_limit(workers, "cpu", tmp_path) == max(LEAST_BYTES, expected)


def test_a_family_that_may_compute_on_a_gpu_has_no_limit(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/nvidiactl").touch()
    assert default_limit(1, "auto", tmp_path) is None
    assert default_limit(1, "cpu", tmp_path) is not None


async def test_a_job_beyond_the_limit_is_told_so_and_its_worker_lives_on() -> None:
    manifest = str(Path(__file__).parent / "empty_models.toml")
    init = Init("tests.chassis.jobs:Jobs", None, manifest, "/nonexistent", GIB, warm=False)
    pool = Pool(init, WorkerOptions())
    pool.start()
    try:
        with pytest.raises(AntiphonError) as caught:
            [event async for event in pool.run(Job("grow", 2048, None, LIMITS))]
        assert (caught.value.code, caught.value.reason) == ("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY")
        assert [event async for event in pool.run(Job("count", 1, None, LIMITS))]
        assert pool.restarts == 0
    finally:
        await pool.stop()

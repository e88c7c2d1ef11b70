"""What a worker's environment tells AMD's libraries."""

from __future__ import annotations

from pathlib import Path

from chassis.worker import rocm


def test_without_an_amd_gpu_nothing_is_added(tmp_path: Path) -> None:
    assert rocm.variables({}, tmp_path / "kfd") == {}


def test_with_one_every_variable_is_added_and_what_is_set_goes_before(tmp_path: Path) -> None:
    driver = tmp_path / "kfd"
    driver.touch()
    assert rocm.variables({"PATH": "/bin"}, driver) == rocm.VARIABLES
    given = {"MIOPEN_FIND_MODE": "1", "HIP_FORCE_DEV_KERNARG": ""}
    added = rocm.variables(given, driver)
    assert {**added, **given}["MIOPEN_FIND_MODE"] == "1"
    assert set(added) == set(rocm.VARIABLES) - set(given)


def test_an_allocator_set_by_an_older_name_is_left_alone(tmp_path: Path) -> None:
    driver = tmp_path / "kfd"
    driver.touch()
    assert "PYTORCH_ALLOC_CONF" not in rocm.variables({"PYTORCH_HIP_ALLOC_CONF": "max_split_size_mb:512"}, driver)

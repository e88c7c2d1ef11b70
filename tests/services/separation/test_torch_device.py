"""Which device an engine on torch takes, and what it says when memory runs out."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from antiphon_wire.errors import AntiphonError
from chassis import torch_device
from chassis.out_of_memory import out_of_memory


def test_a_gpu_is_taken_where_there_is_one_and_the_cpu_only_where_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert [str(torch_device.choose(wanted, "X_DEVICE")) for wanted in ("auto", "cuda", "cpu")] == [
        "cuda:0",
        "cuda:0",
        "cpu",
    ]


def test_a_gpu_that_is_missing_is_an_error_that_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert str(torch_device.choose("auto", "X_DEVICE")) == "cpu"
    with pytest.raises(AntiphonError) as caught:
        torch_device.choose("cuda", "X_DEVICE")
    assert caught.value.reason == "DEVICE_NOT_AVAILABLE"
    assert "X_DEVICE" in caught.value.message


def test_a_gpu_is_named_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "AMD Instinct MI300X")
    monkeypatch.setattr(torch.version, "hip", None)
    assert torch_device.describe(torch.device("cuda:0")) == "cuda:0 (AMD Instinct MI300X)"
    monkeypatch.setattr(torch.version, "hip", "7.2.4")
    properties = SimpleNamespace(gcnArchName="gfx942:sramecc+:xnack-")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: properties)
    assert torch_device.describe(torch.device("cuda:0")) == "cuda:0 (AMD Instinct MI300X, gfx942)"
    assert torch_device.describe(torch.device("cpu")) == "cpu"


def test_auto_precision_is_bfloat16_on_a_gpu_alone() -> None:
    assert torch_device.precision("auto", torch.device("cuda:0")) == "bfloat16"
    assert torch_device.precision("auto", torch.device("cpu")) == "float32"
    assert torch_device.precision("float16", torch.device("cpu")) == "float16"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
    ],
)
def test_running_out_of_memory_is_told_whatever_memory_it_was(error: RuntimeError) -> None:
    told = out_of_memory(error)
    assert told is not None
    assert (told.code, told.reason) == ("RESOURCE_EXHAUSTED", "WORKER_OUT_OF_MEMORY")


def test_other_errors_are_not_taken_for_it() -> None:
    assert out_of_memory(RuntimeError("mat1 and mat2 shapes cannot be multiplied")) is None

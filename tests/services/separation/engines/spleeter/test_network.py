"""The U-Net: its two forms of one convolution, and how strictly it takes weights."""

from __future__ import annotations

import pytest
import torch

from services.separation.engines.spleeter import network as unet
from services.separation.engines.spleeter.network import Doubling, Halving, SubPixelDoubling, UNet


@pytest.fixture
def named(tiny_tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {name.removeprefix("vocals."): tensor for name, tensor in tiny_tensors.items() if name.startswith("vocals.")}


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (6, 2), (32, 16)])
def test_the_sub_pixel_form_gives_what_the_transposed_convolution_gives(inputs: int, outputs: int) -> None:
    torch.manual_seed(0)
    double, x = Doubling(inputs, outputs), torch.randn(1, inputs, 9, 14)
    with torch.inference_mode():
        wanted, found = double(x), SubPixelDoubling(double)(x)
    assert found.shape == (1, outputs, 18, 28)
    # The sums have up to 9 * 32 terms in another order: rounding of 1e-6 at values around 1.
    torch.testing.assert_close(found, wanted, rtol=0, atol=5e-6)
    assert not torch.allclose(found[..., 1:], wanted[..., :-1], atol=1e-2)


def test_a_transposed_convolution_is_cropped_as_tensorflow_crops() -> None:
    double = Doubling(1, 1)
    with torch.no_grad():
        double.weight[:] = torch.arange(25.0).reshape(1, 1, 5, 5)
        double.bias[:] = 0
        x = torch.zeros(1, 1, 4, 4)
        x[..., 1, 1] = 1
        y = double(x)
    assert y.shape == (1, 1, 8, 8)
    # Input 1 lands on outputs 2 * 1 - 1 to 2 * 1 + 3: "same" padding for kernel 5, stride 2 is 1 before and 2 after.
    assert torch.equal(y[0, 0, 1:6, 1:6], torch.arange(25.0).reshape(5, 5))
    assert y.sum() == 300


def test_a_convolution_is_padded_as_tensorflow_pads() -> None:
    halve = Halving(1, 1)
    with torch.no_grad():
        halve.weight[:] = torch.arange(25.0).reshape(1, 1, 5, 5)
        halve.bias[:] = 0
        x = torch.zeros(1, 1, 8, 8)
        x[..., 0, 0] = 1
        y = halve(x)
    assert y.shape == (1, 1, 4, 4)
    assert y[0, 0, 0, 0] == 6  # tap (1, 1) of the kernel: one row and one column of zeros before the input


def test_a_built_network_gives_what_the_plain_one_gives(named: dict[str, torch.Tensor]) -> None:
    torch.manual_seed(0)
    magnitude = 30 * torch.rand(1, 2, 64, 128) ** 4
    plain = UNet([named[f"down.{level}.weight"].shape[0] for level in range(6)]).eval()
    plain.load_state_dict(named, strict=False)
    built = unet.build(named)
    assert any(isinstance(module, SubPixelDoubling) for module in built.modules())
    with torch.inference_mode():
        wanted, found = plain(magnitude), built(magnitude)
    # Random weights make steep masks, which turn the layers' rounding of 1e-6 into some 1e-5 of magnitudes up to 30.
    torch.testing.assert_close(found, wanted, rtol=0, atol=3e-3)
    assert (wanted / magnitude.clamp_min(1e-6)).std() > 0.1, "masks that do not vary would make this test empty"


def test_a_missing_tensor_is_refused_by_name(named: dict[str, torch.Tensor]) -> None:
    del named["up_norm.3.running_var"]
    with pytest.raises(ValueError, match=r"up_norm\.3\.running_var is missing"):
        unet.build(named)


def test_a_file_that_is_no_such_network_is_refused(named: dict[str, torch.Tensor]) -> None:
    with pytest.raises(ValueError, match=r"down\.0\.weight is missing"):
        unet.build({})


def test_a_tensor_too_many_is_refused_by_name(named: dict[str, torch.Tensor]) -> None:
    named["up.6.weight"] = torch.zeros(1)
    with pytest.raises(ValueError, match=r"up\.6\.weight is not part of the network"):
        unet.build(named)


def test_a_tensor_of_another_shape_is_refused_with_both_shapes(named: dict[str, torch.Tensor]) -> None:
    named["mask.weight"] = torch.zeros(2, 1, 3, 3)
    with pytest.raises(ValueError, match=r"mask\.weight is torch\.float32 \(2, 1, 3, 3\); wanted .* \(2, 1, 4, 4\)"):
        unet.build(named)


def test_a_tensor_that_is_not_float32_is_refused(named: dict[str, torch.Tensor]) -> None:
    named["mask.bias"] = named["mask.bias"].half()
    with pytest.raises(ValueError, match=r"mask\.bias is torch\.float16"):
        unet.build(named)

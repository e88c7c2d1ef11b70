"""The conversion of CTranslate2's Whisper to openai-whisper's: on a tiny model made here, and on what is none."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from chassis.models.converter import ConversionError
from services.speech import conversion
from standins.tiny_whisper import Shape, variables, write_config, write_model

SHAPE = Shape()
WIDTH = SHAPE.width


def configured(folder: Path) -> Path:
    """A config.json that names one alignment head."""
    return write_config(folder / "config.json", [[0, 0]])


def read(path: Path) -> tuple[dict[str, str], dict[str, np.ndarray]]:
    """Metadata and float16 tensors of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    body = data[8 + length :]
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        assert entry["dtype"] == "F16"
        tensors[name] = np.frombuffer(body[start:end], "<f2").reshape(entry["shape"])
    return metadata, tensors


def test_every_value_comes_through_under_its_new_name(tmp_path: Path) -> None:
    made = variables(SHAPE)
    out = tmp_path / "out.safetensors"
    conversion.openai_whisper(out, write_model(tmp_path / "model.bin", made), configured(tmp_path))
    metadata, tensors = read(out)
    assert json.loads(metadata["dims"]) == {
        "n_mels": SHAPE.mels,
        "n_audio_ctx": SHAPE.audio,
        "n_audio_state": WIDTH,
        "n_audio_head": 1,
        "n_audio_layer": 1,
        "n_vocab": SHAPE.words,
        "n_text_ctx": SHAPE.text,
        "n_text_state": WIDTH,
        "n_text_head": 1,
        "n_text_layer": 1,
    }
    assert json.loads(metadata["alignment_heads"]) == [[0, 0]]
    joint = made["decoder/layer_0/attention/linear_1/weight"]
    np.testing.assert_array_equal(tensors["decoder.blocks.0.cross_attn.key.weight"], joint[:WIDTH])
    np.testing.assert_array_equal(tensors["decoder.blocks.0.cross_attn.value.weight"], joint[WIDTH:])
    joint = made["encoder/layer_0/self_attention/linear_0/weight"]
    np.testing.assert_array_equal(tensors["encoder.blocks.0.attn.query.weight"], joint[:WIDTH])
    assert "encoder.blocks.0.attn.key.bias" not in tensors
    # All values but the keys' zero biases, which openai-whisper does not have.
    assert sum(each.size for each in tensors.values()) == sum(each.size for each in made.values()) - 3 * WIDTH


def test_the_bytes_are_the_same_every_time(tmp_path: Path) -> None:
    model, config = (
        write_model(tmp_path / "model.bin", variables(SHAPE)),
        configured(tmp_path),
    )
    for name in ("a", "b"):
        conversion.openai_whisper(tmp_path / name, model, config)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def spoilt(tmp_path: Path, how: str) -> Path:
    """A model.bin with something wrong."""
    made, path = variables(SHAPE), tmp_path / "model.bin"
    if how == "foreign":
        return write_model(path, made, specification="TransformerSpec")
    if how == "newer":
        return write_model(path, made, version=7)
    if how == "key bias":
        made["decoder/layer_0/attention/linear_1/bias"][0] = 1
    if how == "missing":
        del made["encoder/conv2/bias"]
    if how == "unknown":
        made["encoder/conv3/bias"] = made["encoder/conv2/bias"]
    if how == "quantised":
        made["encoder/conv1/weight"] = made["encoder/conv1/weight"].astype(np.int8)
    write_model(path, made)
    if how == "short":
        path.write_bytes(path.read_bytes()[:-3000])
    if how == "long":
        path.write_bytes(path.read_bytes() + b"x")
    return path


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("foreign", "TransformerSpec"),
        ("newer", "version 7"),
        ("key bias", "keys have a bias"),
        ("missing", "encoder/conv2/bias"),
        ("unknown", "encoder/conv3/bias"),
        ("quantised", "int8"),
        ("short", "ends early"),
        ("long", "goes on"),
    ],
)
def test_a_model_that_is_not_as_expected_is_refused(tmp_path: Path, how: str, says: str) -> None:
    with pytest.raises(ConversionError, match=says):
        conversion.openai_whisper(tmp_path / "out", spoilt(tmp_path, how), configured(tmp_path))
    assert not (tmp_path / "out").exists()


def test_the_command_says_why_it_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text("{}")
    model = write_model(tmp_path / "model.bin", variables(SHAPE))
    assert conversion.main(["openai_whisper", str(tmp_path / "out"), str(model), str(tmp_path / "config.json")]) == 1
    assert "alignment heads" in capsys.readouterr().err


def written(shape: Sequence[int], size: int, data: bytes) -> bytes:
    """A model.bin of one float32 variable ``a`` that says of itself what the arguments say."""
    sizes = b"".join(struct.pack("<I", each) for each in shape)
    variable = struct.pack("<H2sB", 2, b"a", len(shape)) + sizes + struct.pack("<BI", 0, size) + data
    return struct.pack("<IH12sII", 6, 12, b"WhisperSpec", 3, 1) + variable + struct.pack("<I", 0)


@pytest.mark.parametrize(
    ("shape", "size", "data"),
    [
        ((2**31, 2**31, 4), 0, b""),  # as many as none, in 64 bits
        ((0, 2**31, 2**31), 0, b""),
        ((1,), 3, b"123"),
        ((1,) * 255, 4, b"1234"),
        ((2**32 - 1,), 2**32 - 1, b"1234"),
    ],
)
def test_a_variable_whose_shape_does_not_fit_its_bytes_is_refused(
    tmp_path: Path, shape: Sequence[int], size: int, data: bytes
) -> None:
    (tmp_path / "model.bin").write_bytes(written(shape, size, data))
    with pytest.raises(ConversionError, match="for the shape"):
        conversion.read_model(tmp_path / "model.bin")


def test_a_variable_that_is_longer_than_the_file_is_refused_before_memory_is_taken_for_it(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(written((2**29,), 2**31, b"1234"))
    with pytest.raises(ConversionError, match="ends early"):
        conversion.read_model(tmp_path / "model.bin")


@pytest.mark.parametrize("heads", ["[" * 100_000, "[[Infinity, 0]]", "[[NaN, 0]]", "[[1e999, 0]]", "[[-1, 0]]", "7"])
def test_alignment_heads_that_are_none_are_refused(tmp_path: Path, heads: str) -> None:
    config = tmp_path / "config.json"
    config.write_text(f'{{"alignment_heads": {heads}}}')
    model = write_model(tmp_path / "model.bin", variables(SHAPE))
    with pytest.raises(ConversionError, match="alignment head"):
        conversion.openai_whisper(tmp_path / "out.safetensors", model, config)

"""A conversion as a program, and the file that most conversions write."""

from __future__ import annotations

import json
import os
import resource
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chassis.models.converter import MEMORY_BYTES, ConversionError, main, refusal
from chassis.models.safetensors_file import write_safetensors


def upper(out: Path, text: Path) -> None:
    """Writes a text in capitals."""
    if not text.read_text().isalpha():
        raise ConversionError(f"{text.name}: holds more than letters")
    out.write_text(text.read_text().upper())


def test_the_command_line_names_the_conversion_and_its_files(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("letters")
    assert main("here", None, upper, arguments=["upper", str(tmp_path / "out"), str(text)]) == 0
    assert (tmp_path / "out").read_text() == "LETTERS"


def test_an_input_that_is_refused_is_told_on_standard_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text"
    text.write_text("1 2 3")
    assert main("here", None, upper, arguments=["upper", str(tmp_path / "out"), str(text)]) == 1
    assert capsys.readouterr().err == "text: holds more than letters\n"


def swallow(out: Path, text: Path) -> None:
    """Takes what no text is worth."""
    out.write_text("half")
    # More by what tests before this one may have left to be freed meanwhile.
    np.zeros(MEMORY_BYTES + (512 << 20), np.uint8)


def stumble(out: Path, text: Path) -> None:
    """Raises what a library raises of a damaged input."""
    out.write_text("half")
    raise OverflowError("too\nlarge" + "x" * 10_000)


@pytest.mark.parametrize(("conversion", "told"), [(swallow, "more memory than 4 bytes"), (stumble, "too large")])
def test_whatever_a_foreign_input_does_is_one_line_and_leaves_no_file(
    conversion: Callable[[Path, Path], None], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, out = tmp_path / "text", tmp_path / "out"
    text.write_text("text")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    assert main("here", None, conversion, arguments=[conversion.__name__, str(out), str(text)]) == 1
    complaint = capsys.readouterr().err
    assert told in complaint
    assert complaint.count("\n") == 1
    assert len(complaint) < 1000
    assert not out.exists()
    assert resource.getrlimit(resource.RLIMIT_DATA) == before


def test_a_pipe_for_an_input_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is no file" in refusal(lambda: upper(tmp_path / "out", tmp_path / "pipe"), [tmp_path / "pipe"])


@pytest.mark.parametrize("arguments", [[], ["lower", "out", "text"], ["upper", "out"], ["upper", "out", "a", "b"]])
def test_what_is_no_conversion_of_the_module_is_refused(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main("here", None, upper, arguments=arguments)
    assert caught.value.code == 2
    assert "python -m here" in capsys.readouterr().err


def test_help_comes_from_the_docstrings(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main("here", "Turns texts into texts.\n\nMore.", upper, arguments=["--help"])
    shown = capsys.readouterr().out
    assert "Turns texts into texts." in shown
    assert "Writes a text in capitals." in shown
    assert "More." not in shown


def test_a_safetensors_file_is_a_length_a_header_and_the_data_by_name(tmp_path: Path) -> None:
    path = tmp_path / "file"
    tensors: dict[str, Any] = {
        "b": np.array([[1.0, 2.0]], np.float32),
        "a": np.array([3], np.int64),
        "c": np.zeros(0, np.float16),
    }
    write_safetensors(path, tensors, {"format": "made up"})
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    assert length % 8 == 0
    assert json.loads(content[8 : 8 + length]) == {
        "__metadata__": {"format": "made up"},
        "a": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
        "b": {"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 16]},
        "c": {"dtype": "F16", "shape": [0], "data_offsets": [16, 16]},
    }
    assert content[8 + length :] == struct.pack("<qff", 3, 1.0, 2.0)


def test_a_number_format_that_no_engine_reads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConversionError, match="tensor a is float64"):
        write_safetensors(tmp_path / "file", {"a": np.zeros(1)}, {})

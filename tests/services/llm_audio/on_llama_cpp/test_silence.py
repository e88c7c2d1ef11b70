"""What llama.cpp prints stays out of the log: a refused grammar it prints whole, a line may be of any length."""

from __future__ import annotations

import ctypes
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.silence import held_back
from standins import tiny_flamingo

ROOT = Path(__file__).parents[4]
REFUSE = """
import sys
import llama_cpp
from antiphon_wire.errors import AntiphonError
from services.llm_audio.on_llama_cpp import loading
from services.llm_audio.on_llama_cpp.writing import _grammar
loading.route_logs()
llama = llama_cpp.Llama(sys.argv[1], vocab_only=True, verbose=False)
try:
    _grammar(llama._model.vocab, sys.argv[2])
except AntiphonError as error:
    print(error.reason, error.message)
"""


@pytest.mark.parametrize(
    "schema",
    [{"type": "string", "maxLength": 9_000}, {"pattern": r"^a\q$"}],
    ids=["long", "unreadable"],
)
def test_a_grammar_that_is_refused_is_not_printed(tmp_path: Path, schema: dict[str, object]) -> None:
    tiny_flamingo.write_language_model(tmp_path / "lm.gguf")
    command = [sys.executable, "-c", REFUSE, str(tmp_path / "lm.gguf"), json.dumps(schema)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("JSON_SCHEMA no grammar can be made of the schema: llama.cpp refuses the grammar")
    assert len(done.stdout) < 400
    assert len(done.stderr) < 1000


def test_what_is_printed_inside_is_held_back_and_its_first_line_told(capfd: pytest.CaptureFixture[str]) -> None:
    with held_back() as said:
        os.write(2, b"refused: " + b"x" * 100_000 + b"\nmore")
        os.write(1, b"and more")
    os.write(2, b"after")
    assert capfd.readouterr() == ("", "after")
    assert said().startswith("refused: xxx")
    assert len(said()) <= 200


def test_the_streams_come_back_where_the_call_raises(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="no"), held_back():
        raise ValueError("no")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_a_line_of_the_library_is_cut_and_stays_one(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "antiphon.llama")
    loading._hear(2, ctypes.c_char_p(b"a\nb\r" + b"x" * 1_000_000).value, None)
    (record,) = caplog.records
    assert record.message.startswith("a b x")
    assert len(record.message) <= 400

"""What cannot be computed, or not be trusted, is said: the README names each reason."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.reports import WarningReport
from services.essentia.engines.features import beats, by_estimators, tempo_fields
from services.essentia.engines.features.networks import Networks
from services.essentia.engines.features.tempo import Tempo
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze

ROOT = Path(__file__).parents[5]
README = (ROOT / "services" / "essentia" / "README.md").read_text(encoding="utf-8")
CALLS = {"warn", "WarningReport", "invalid", "not_ready"}


def reasons() -> Iterator[str]:
    """Every reason that the service's code gives as a constant."""
    for path in (ROOT / "services" / "essentia").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in CALLS and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.isupper():
                    yield first.value


def test_every_reason_is_in_the_readme() -> None:
    found = set(reasons())
    assert {"AUDIO_SILENT", "TEMPO_RANGE", "MODEL_GRAPH"} <= found, "the rule sees nothing"
    assert [reason for reason in sorted(found) if f"`{reason}`" not in README] == []


def test_a_melody_that_is_not_there_is_not_found(analyze: Analyze) -> None:
    found = analyze(signals.stack(signals.noise(4)), "pitch", melody=True)
    assert "MELODY_NOT_FOUND" in found.reasons()
    assert not [name for name in found.groups["pitch"] if name.startswith("f0") and name != "f0_engine"]


def test_a_tempo_that_the_tracker_doubts_is_given_with_a_warning(
    analyze: Analyze, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = signals.stack(signals.metronome(120, 12))
    assert "TEMPO_UNCERTAIN" not in analyze(clip, "rhythm").reasons()
    # What the tracker says of a metronome is then as low as what it says of music without a beat.
    monkeypatch.setattr(tempo_fields, "VERY_LOW_CONFIDENCE", beats.FULL_AGREEMENT + 1)
    found = analyze(clip, "rhythm")
    assert "TEMPO_UNCERTAIN" in found.reasons()
    assert found.number("rhythm.bpm") == pytest.approx(120, rel=0.04)


def test_beats_that_are_no_octave_of_the_tempo_are_told(analyze: Analyze, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = signals.stack(signals.metronome(120, 12))
    monkeypatch.setattr(Networks, "beats", lambda _, field: WarningReport("MODEL_NOT_INSTALLED", "none", field))
    assert "BEATS_DISAGREE" not in analyze(clip, "rhythm").reasons()
    monkeypatch.setattr(by_estimators, "settle", lambda *_: Tempo(97.0, 0.25, 0.25, ()))
    found = analyze(clip, "rhythm", include_series=True)
    assert "BEATS_DISAGREE" in found.reasons()
    assert found.number("rhythm.bpm") == 97
    assert found.number("rhythm.beat_interval_seconds_mean") == pytest.approx(0.5, rel=0.04)

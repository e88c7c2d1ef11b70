"""No number lies outside the range that the contract gives it, whatever the audio."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from antiphon.essentia.v1 import essentia_service_pb2 as pb
from tests.services.essentia import signals
from tests.services.essentia.conftest import Analyze
from tests.services.essentia.engines.features.test_degenerate_audio import DEGENERATE

PROTO = (Path(__file__).parents[5] / "protos/antiphon/essentia/v1/essentia_service.proto").read_text(encoding="utf-8")
NUMBER = r"(-?\d+(?:\.\d+)?)"
# "0 to 1", "-1 (opposite) to 1 (equal)"; not "20 to 150 Hz" nor "0 to about 3", which are no ranges of the number.
RANGE = re.compile(rf"{NUMBER} (?:\([^)]*\) )?to {NUMBER}(?= \(|[.,;]| semitones)")
# Numbers of the coefficients, not of what they are.
NOT_RANGES = {"Timbre"}
# Rounding in float32, of which many were added up.
TOLERANCE = 1e-4
AUDIO = {
    **{name: DEGENERATE[name] for name in ("noise", "tone", "one click", "opposite channels", "silence, then a note")},
    "music": signals.music(),
    "a minor cadence, far too loud": np.clip(30 * signals.stack(signals.cadence(signals.A_MINOR)), -1, 1),
    "a rising tone": signals.stack(np.sin(2 * np.pi * (20 + 400 * (times := signals.seconds(12))) * times)),
    "a low tone": signals.stack(signals.sine(41, -1, 6)),
    "strokes": signals.stack(signals.metronome(190, 12)),
}


def ranges() -> dict[tuple[str, str], tuple[float, float]]:
    """(message, field): (least, greatest)."""
    found = {}
    for message in re.finditer(r"^message (\w+) \{\n(.*?)^\}", PROTO, re.S | re.M):
        for comment, name in re.findall(
            r"((?:^  //[^\n]*\n)+)  (?:optional |repeated )?\w+ (\w+) = \d+;", message[2], re.M
        ):
            text = " ".join(line.strip()[3:] for line in comment.splitlines())
            limits = RANGE.findall(text)
            if limits and message[1] not in NOT_RANGES:
                found[message[1], name] = (float(limits[0][0]), float(limits[0][1]))
    return found


RANGES = ranges()


def walk(message: str, values: Mapping[str, object]) -> Iterator[tuple[str, str, float]]:
    """(message, field, number) of every number, in nested messages too."""
    fields = pb.DESCRIPTOR.message_types_by_name[message].fields_by_name
    for name, value in values.items():
        several = value if isinstance(value, tuple) else (value,)
        for each in several:
            if isinstance(each, Mapping):
                yield from walk(fields[name].message_type.name, each)
            elif not isinstance(each, str):
                yield message, name, float(each)  # type: ignore[arg-type]


def test_the_contract_gives_many_numbers_a_range() -> None:
    # Were the pattern to miss them all, the test below would test nothing.
    assert len(RANGES) > 90
    assert RANGES["Tonal", "atonality"] == (0, 1)
    assert RANGES["Signal", "stereo_correlation"] == (-1, 1)
    assert RANGES["Spectral", "energy_low_ratio_mean"] == (0, 1)
    assert ("Loudness", "rms_energy_bass_dbfs") not in RANGES


@pytest.mark.parametrize("name", AUDIO)
def test_every_number_lies_in_its_range(analyze: Analyze, name: str) -> None:
    found = analyze(AUDIO[name], include_series=True, melody=True)
    checked = 0
    for group, values in found.groups.items():
        message = pb.Features.DESCRIPTOR.fields_by_name[group].message_type.name
        for key in walk(message, values):
            if key[:2] in RANGES:
                least, greatest = RANGES[key[:2]]
                slack = TOLERANCE * max(abs(least), abs(greatest))
                assert least - slack <= key[2] <= greatest + slack, key
                checked += 1
    assert checked > 10

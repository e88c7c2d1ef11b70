"""The page of older names maps each of the 78 to a field that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as pb

PAGE = (Path(__file__).parents[3] / "docs" / "older-feature-names.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d+) \| `(\w+)` \| `([\w.]+)` \| (.+) \|$", PAGE, re.MULTILINE)
STEMS = ("bass", "drums", "other", "vocals")
OLD_NAMES = {
    "lufs", "lra", *(f"{name}_{stem}" for name in ("lufs", "lra") for stem in STEMS),
    "bpm", "bpm_is_defined", "beat_count", "beat_regularity", "onset_count", "onset_density", "onset_strength_mean",
    "onset_strength_std", "syncopation", "on_beat_ratio", "rhythmic_complexity", "rhythmic_evenness", "ioi_mean",
    "ioi_std",
    *(
        f"{name}_{stem}"
        for name in (
            "onset_density_average", "onset_density_variance", "syncopation", "rhythmic_complexity",
            "rhythmic_evenness",
        )
        for stem in STEMS[:3]
    ),
    "brightness", "roughness", "hardness", "depth", "booming", "reverberation", "sharpness", "warmth",
    "spectral_flatness", "spectral_flux", "spectral_skewness", "spectral_kurtosis",
    *(f"rms_energy_{band}" for band in ("bass", "body", "mid", "air")), *(f"chroma_{number}" for number in range(12)),
    *(f"harmonic_{name}_{stem}" for name in ("movement", "variance") for stem in ("bass", "other")),
    "danceability", "atonality", "content_enjoyment", "content_usefulness", "production_complexity",
    "production_quality", "position_in_file",
}  # fmt: skip


def test_all_78_names_are_in_the_table_once_and_in_order() -> None:
    assert [int(number) for number, *_ in ROWS] == list(range(1, 79))
    assert {name for _, name, *_ in ROWS} == OLD_NAMES
    assert len(OLD_NAMES) == 78


@pytest.mark.parametrize("path", sorted({path for _, _, path, _ in ROWS}))
def test_a_field_of_the_table_is_in_the_contract(path: str) -> None:
    first, _, name = path.partition(".")
    message = (
        pb.DESCRIPTOR.message_types_by_name[first]
        if first[0].isupper()
        else pb.Features.DESCRIPTOR.fields_by_name[first].message_type
    )
    assert name in message.fields_by_name


def test_the_length_that_the_position_needs_is_told() -> None:
    assert "`SourceAudio.duration`" in PAGE
    assert "duration" in audio_pb2.SourceAudio.DESCRIPTOR.fields_by_name

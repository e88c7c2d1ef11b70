"""What ``antiphon analyze`` was asked for: checked, and turned into the settings of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_cli.analyze import settings_file
from antiphon_cli.audio.encodings import ENCODINGS
from antiphon_cli.audio.recordings import check_pipe
from antiphon_cli.options import clip_range
from antiphon_cli.rendering import Layout
from antiphon_cli.speakers import check_speakers
from antiphon_wire.rpcs import STAGES
from antiphon_wire.spelling import did_you_mean

WITH_A_MODEL = tuple(
    field.name
    for field in analysis_pb2.AnalysisConfig.DESCRIPTOR.fields
    if field.message_type is not None and "model" in field.message_type.fields_by_name
)
"""The stages whose model the caller may choose: those whose config has a field for it."""

WITH_A_CLIP = ("separation", "speech", "essentia", "llm_audio")
"""The stages that are given the part to work on; the gateway passes it on to what hears the stems."""


@dataclass(frozen=True)
class Asked:
    """The options of the command that say what is wanted, by their names.

    Raises:
        UsageError: options that make no sense, when they are read.
    """

    only: str | None
    stems_folder: Path | None
    stem_format: str
    language: str
    models: tuple[str, ...]
    settings_file: Path | None
    every_feature: bool | None
    singing: bool
    diarize: bool
    speaker_count: int | None
    start: float | None
    end: float | None
    form: str | None
    out: str | None
    layout: Layout

    def check(self, files: Sequence[Path], json_path: str | None) -> None:
        """Refuses what makes no sense together, before anything is asked."""
        check_pipe(*files)
        if self.out is not None and self.form is None:
            raise click.UsageError("--out goes with --format, which says how the lyrics are written")
        if self.form is not None and "speech" not in (self.stages() or STAGES):
            raise click.UsageError("--format needs the stage speech, which --only leaves out")
        if self.diarize and "speech" not in (self.stages() or STAGES):
            raise click.UsageError("--diarize needs the stage speech, which --only leaves out")
        if self.settings_file is None:  # which may have speakers told apart by itself
            check_speakers(self.diarize, self.speaker_count, self.form)
        if self.form is not None and json_path == "-" and self.out in (None, "-"):
            raise click.UsageError("--json - has standard output for itself; give --out for the lyrics")

    def stages(self) -> tuple[str, ...]:
        """Returns the stages wanted; none for all."""
        if self.only is None:
            return ()
        names = tuple(dict.fromkeys(name.strip() for name in self.only.split(",") if name.strip()))
        if not names or (unknown := [name for name in names if name not in STAGES]):
            wrong = unknown[0] if names else self.only
            message = f"{wrong!r} is no stage; {did_you_mean(wrong, STAGES)}choose from {', '.join(STAGES)}"
            raise click.BadParameter(message, param_hint="--only")
        if self.stems_folder is not None and "separation" not in names:
            raise click.UsageError("--stems needs the stage separation, which --only leaves out")
        return names

    def shows_every_feature(self, json_alone: bool) -> bool:
        """Tells whether to print every number of essentia; by default where it is asked alone, for a person."""
        if self.every_feature is None:
            return self.stages() == ("essentia",) and not json_alone
        return self.every_feature

    def settings(self, every_feature: bool) -> dict[str, Any]:
        """Returns what ``SyncClient.analyze`` takes beside the audio; options win over the settings file.

        Args:
            every_feature: Whether every number of essentia is wanted, its series included.
        """
        config = analysis_pb2.AnalysisConfig()
        for stage, name in self._chosen_models().items():
            getattr(config, stage).model = name
        if self.stems_folder is not None:
            config.separation.output_encoding = ENCODINGS[self.stem_format]
        config.speech.language_code = self.language
        if self.singing:
            config.speech.voice_activity_detection = False
        config.speech.diarize = self.diarize
        if self.speaker_count is not None:
            config.speech.speaker_count = self.speaker_count
        if (clip := clip_range(self.start, self.end)) is not None:
            for stage in WITH_A_CLIP:
                getattr(config, stage).clip.CopyFrom(clip)
        config.essentia.include_series = every_feature
        settings: dict[str, Any] = {
            "stages": self.stages(),
            "return_stems": self.stems_folder is not None,
            **{field.name: value for field, value in config.ListFields()},
        }
        if self.settings_file is not None:
            settings_file.merge(settings, settings_file.read(self.settings_file))
        return settings

    def _chosen_models(self) -> dict[str, str]:
        chosen: dict[str, str] = {}
        for text in self.models:
            stage, equals, name = text.partition("=")
            if not equals or not name or stage not in WITH_A_MODEL:
                hint = did_you_mean(stage, WITH_A_MODEL) if equals and stage not in WITH_A_MODEL else ""
                message = f"{text!r}: {hint}write STAGE=NAME, where STAGE is one of {', '.join(WITH_A_MODEL)}"
                raise click.BadParameter(message, param_hint="--model")
            chosen[stage] = name
        return chosen

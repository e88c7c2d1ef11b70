"""A record in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import click

from antiphon.analysis.v1 import analysis_record_pb2 as record_pb2
from antiphon.audio.v1 import audio_pb2
from antiphon.essentia.v1 import essentia_service_pb2 as essentia_pb2
from antiphon.evidence.v1 import evidence_pb2
from antiphon_cli.analyze import features
from antiphon_cli.analyze.parts import provenances, warnings
from antiphon_cli.field_names import told
from antiphon_cli.progress_words import state_name
from antiphon_cli.terminal import plain, wrapped
from antiphon_client.errors import from_status

_LABEL = 11
_DIGEST_SHOWN = 16
_TAGS_SHOWN = 6
_STAGE = 14
_INDENT = "  "
_NARROWEST = 30
# What major and minor are without a word.
_PLAIN_MODES = ("ionian", "aeolian")
_DRIFTING = "drifting"


def summarise(
    name: str, record: record_pb2.AnalysisRecord, stems: Sequence[Path], every_feature: bool = False, columns: int = 80
) -> str:
    """Returns the record as lines: the audio, each fact that is there, the stages and their models.

    Args:
        name: What the record is of.
        record: The record.
        stems: Files that were written.
        every_feature: Whether to show every number that essentia measured, group by group.
        columns: Of a line; only a word that is longer, such as a path, stands over.
    """
    room = max(_NARROWEST, columns - len(_INDENT) - _LABEL)
    rows = [name]
    for label, text in _lines(record, stems, every_feature, room):
        for line in wrapped(plain(text), room, _hanging(text)):
            rows.append(f"{_INDENT}{label:<{_LABEL}}{line}".rstrip())
            label = ""
    return "\n".join(rows)


def _hanging(text: str) -> str:
    """What the further lines of a text begin with: the bar of quoted text, or the place behind a stage's name."""
    return "| " if text.startswith("| ") else "  "


def _lines(
    record: record_pb2.AnalysisRecord, stems: Sequence[Path], every_feature: bool, room: int
) -> Iterator[tuple[str, str]]:
    if record.HasField("source"):
        yield "audio", _audio(record.source)
    yield from _facts(record.fusion, room)
    yield from _description(record)
    yield from features.chords(record.essentia.features, room)
    yield from _column("sections", features.sections(record.essentia.features, room))
    yield from _column("tags", (_tags(found) for found in record.essentia.tag_sets))
    if every_feature and record.essentia.HasField("features"):
        yield "features", features.LEGEND
        yield from features.lines(record.essentia.features, room)
    yield from _column("by stem", (features.stem(each.features) for each in record.stem_features.stems))
    yield from _column("stems", (click.format_filename(path) for path in stems))
    yield from _column("warnings", (f"{warning.reason}: {warning.message}" for warning in warnings(record)))
    yield from _column("stages", (_stage(report) for report in record.stage_reports))
    yield from _column("models", _models(record))
    yield from _column(
        "tagged by",
        (f"{one.model.name} on {one.device}, licence {one.model.license_spdx}" for one in record.essentia.tag_sets),
    )


def _facts(fusion: record_pb2.Fusion, room: int) -> Iterator[tuple[str, str]]:
    if fusion.HasField("tempo"):
        said = f"no estimator names it; they say {_distinct(f'{each.bpm:.1f}' for each in fusion.tempo.candidates)}"
        bars = f", in {fusion.tempo.meter}" if fusion.tempo.HasField("meter") else ""
        drifts = ", drifting" if fusion.tempo.kind == _DRIFTING else ""
        yield "tempo", f"{fusion.tempo.bpm:.1f} BPM{drifts}{bars}{_agreement(fusion.tempo, 'estimators', said)}"
        yield from _column("tempos", features.tempos(fusion.tempo.segments, room))
    if fusion.HasField("key"):
        alone = _distinct(f"{each.tonic} {each.scale}" for each in fusion.key.candidates)
        said = f"by its chords; pitch classes alone say {alone}"
        mode = f", {fusion.key.mode}" if fusion.key.mode not in ("", *_PLAIN_MODES) else ""
        yield "key", f"{fusion.key.tonic} {fusion.key.scale}{mode}{_agreement(fusion.key, 'profiles', said)}"
        yield from _column("keys", features.keys(fusion.key.segments, room))
    if fusion.HasField("loudness"):
        yield "loudness", _loudness(fusion.loudness)
    if fusion.HasField("vocals"):
        yield "vocals", f"{_percent(fusion.vocals.energy_share)} of the energy"
    if fusion.HasField("language"):
        yield "language", fusion.language.language_code + _confidence(fusion.language.evidence)
    if fusion.HasField("lyrics"):
        lyrics = fusion.lyrics
        heard = "the separated vocals" if lyrics.from_vocals else "the whole mix"
        yield "lyrics", f"{_count(lyrics.word_count, 'word')}, heard in {heard}{_confidence(lyrics.evidence)}"
        for line in lyrics.text.splitlines():
            yield "", f"| {line}"


def _description(record: record_pb2.AnalysisRecord) -> Iterator[tuple[str, str]]:
    if not record.fusion.HasField("description"):
        return
    fact, provenance = record.fusion.description, record.llm_audio.summary.provenance
    author = provenance.model.name if provenance.HasField("model") else "rule"
    rests_on = "the audio" if fact.heard_audio else "these facts alone"
    wrong = fact.unsupported_claim_count
    doubt = f", {_count(wrong, 'claim')} unsupported" if wrong else ""
    yield "in prose", f"by {author}, from {rests_on}{doubt}"
    yield "", f"| {' '.join(fact.text.split())}"


def _audio(source: audio_pb2.SourceAudio) -> str:
    parts = [
        f"{source.container} ({source.codec})" if source.codec else source.container,
        f"{source.sample_rate_hertz} Hz",
        _count(source.channel_count, "channel"),
    ]
    if source.HasField("duration"):
        parts.append(_clock(source.duration.ToTimedelta().total_seconds()))
    return ", ".join(part for part in parts if part)


def _loudness(fact: record_pb2.LoudnessFact) -> str:
    parts = [f"{fact.integrated_lufs:.1f} LUFS"]
    if fact.HasField("loudness_range_lu"):
        parts.append(f"range {fact.loudness_range_lu:.1f} LU")
    if fact.HasField("true_peak_dbtp"):
        parts.append(f"true peak {fact.true_peak_dbtp:.1f} dBTP")
    return ", ".join(parts)


def _tags(found: essentia_pb2.TagSet) -> str:
    tags = ", ".join(f"{tag.label} {tag.score:.2f}" for tag in found.tags[:_TAGS_SHOWN])
    made_up = " (made-up weights)" if found.stand_in else ""
    return f"{found.model.name}: {tags or 'none above the threshold'}{made_up}"


def _stage(report: record_pb2.StageReport) -> str:
    parts = [f"{report.stage:<14}{state_name(report.state):<11}"]
    if report.HasField("elapsed"):
        parts.append(f"{report.elapsed.ToTimedelta().total_seconds():8.2f} s")
    if report.input and report.input != "upload":
        parts.append(f"  heard {report.input}")
    if report.attempt_count > 1:
        parts.append(f"  {report.attempt_count} attempts")
    if report.HasField("error"):
        parts.append(f"  {told(from_status(report.error))}")
    return "".join(parts)


def _models(record: record_pb2.AnalysisRecord) -> Iterator[str]:
    for stage, provenance in provenances(record):
        yield from _model(stage, provenance)
        # What an answer rests on besides stands behind its own model.
        if stage == "essentia":
            for network in record.essentia.summary.networks:
                yield from _identity("", network)
        if stage == "speech" and record.speech.summary.HasField("speaker_model"):
            yield from _identity("", record.speech.summary.speaker_model)


def _model(stage: str, provenance: evidence_pb2.Provenance) -> Iterator[str]:
    where = f" on {provenance.device}" if provenance.device else ""
    cached = ", from the cache" if provenance.cache_hit else ""
    if not provenance.HasField("model"):
        yield f"{stage:<14}{provenance.engine}, no weights{where}{cached}"
        return
    yield from _identity(stage, provenance.model, where + cached)


def _identity(stage: str, model: evidence_pb2.ModelIdentity, where: str = "") -> Iterator[str]:
    # What this checkout states of the files needs no word.
    first = f", digests: {model.digest_source}" if model.digest_source not in ("", "manifest") else ""
    yield f"{stage:<14}{model.name}{where}, licence {model.license_spdx or 'unknown'}{first}"
    for file, digest in sorted(model.weights_sha256.items()):
        yield f"{'':<14}{digest[:_DIGEST_SHOWN]}… {file}"


def _column(label: str, texts: Iterable[str]) -> Iterator[tuple[str, str]]:
    for index, text in enumerate(texts):
        yield (label if index == 0 else ""), text


def _agreement(fact: record_pb2.TempoFact | record_pb2.KeyFact, voters: str, none_agrees: str) -> str:
    """How many voters agree; ``none_agrees`` where that is none of those that are listed."""
    if not fact.HasField("agreement"):
        return ""
    if fact.agreement == 0 and fact.candidates:
        return f" ({none_agrees})"
    return f" ({_percent(fact.agreement)} of the {voters} agree{', disputed' if fact.disputed else ''})"


def _distinct(texts: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(texts))


def _confidence(evidence: Iterable[record_pb2.Evidence]) -> str:
    for item in evidence:
        if item.HasField("confidence"):
            kind = item.confidence_kind or "confidence"
            return f" ({kind} {_percent(item.confidence)})"
    return ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{rest:05.2f}" if hours else f"{minutes}:{rest:05.2f}"

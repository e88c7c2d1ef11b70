import datetime

from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Task(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TASK_UNSPECIFIED: _ClassVar[Task]
    TASK_TRANSCRIBE: _ClassVar[Task]
    TASK_TRANSLATE: _ClassVar[Task]

class RenderFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RENDER_FORMAT_UNSPECIFIED: _ClassVar[RenderFormat]
    RENDER_FORMAT_SRT: _ClassVar[RenderFormat]
    RENDER_FORMAT_VTT: _ClassVar[RenderFormat]
    RENDER_FORMAT_LRC: _ClassVar[RenderFormat]
    RENDER_FORMAT_ENHANCED_LRC: _ClassVar[RenderFormat]
    RENDER_FORMAT_TSV: _ClassVar[RenderFormat]
    RENDER_FORMAT_JSON: _ClassVar[RenderFormat]
    RENDER_FORMAT_TEXT: _ClassVar[RenderFormat]
    RENDER_FORMAT_DIARIZED_JSON: _ClassVar[RenderFormat]

class LineBreaking(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LINE_BREAKING_UNSPECIFIED: _ClassVar[LineBreaking]
    LINE_BREAKING_SEGMENTS: _ClassVar[LineBreaking]
    LINE_BREAKING_SINGING: _ClassVar[LineBreaking]
    LINE_BREAKING_SUBTITLES: _ClassVar[LineBreaking]
TASK_UNSPECIFIED: Task
TASK_TRANSCRIBE: Task
TASK_TRANSLATE: Task
RENDER_FORMAT_UNSPECIFIED: RenderFormat
RENDER_FORMAT_SRT: RenderFormat
RENDER_FORMAT_VTT: RenderFormat
RENDER_FORMAT_LRC: RenderFormat
RENDER_FORMAT_ENHANCED_LRC: RenderFormat
RENDER_FORMAT_TSV: RenderFormat
RENDER_FORMAT_JSON: RenderFormat
RENDER_FORMAT_TEXT: RenderFormat
RENDER_FORMAT_DIARIZED_JSON: RenderFormat
LINE_BREAKING_UNSPECIFIED: LineBreaking
LINE_BREAKING_SEGMENTS: LineBreaking
LINE_BREAKING_SINGING: LineBreaking
LINE_BREAKING_SUBTITLES: LineBreaking

class TranscribeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: TranscriptionConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[TranscriptionConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class StreamingRecognizeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: StreamingRecognitionConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[StreamingRecognitionConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class StreamingRecognitionConfig(_message.Message):
    __slots__ = ("audio_format", "model", "language_code", "interim_results", "word_times", "endpointing", "initial_prompt")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    INTERIM_RESULTS_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    ENDPOINTING_FIELD_NUMBER: _ClassVar[int]
    INITIAL_PROMPT_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    language_code: str
    interim_results: bool
    word_times: bool
    endpointing: EndpointingConfig
    initial_prompt: str
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., language_code: _Optional[str] = ..., interim_results: bool = ..., word_times: bool = ..., endpointing: _Optional[_Union[EndpointingConfig, _Mapping]] = ..., initial_prompt: _Optional[str] = ...) -> None: ...

class EndpointingConfig(_message.Message):
    __slots__ = ("end_silence", "min_speech", "max_utterance")
    END_SILENCE_FIELD_NUMBER: _ClassVar[int]
    MIN_SPEECH_FIELD_NUMBER: _ClassVar[int]
    MAX_UTTERANCE_FIELD_NUMBER: _ClassVar[int]
    end_silence: _duration_pb2.Duration
    min_speech: _duration_pb2.Duration
    max_utterance: _duration_pb2.Duration
    def __init__(self, end_silence: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., min_speech: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_utterance: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class StreamingRecognizeResponse(_message.Message):
    __slots__ = ("header", "progress", "speech", "interim", "final", "position", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SPEECH_FIELD_NUMBER: _ClassVar[int]
    INTERIM_FIELD_NUMBER: _ClassVar[int]
    FINAL_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: TranscriptionHeader
    progress: _evidence_pb2.Progress
    speech: SpeechEvent
    interim: InterimResult
    final: FinalResult
    position: StreamPosition
    summary: StreamingRecognitionSummary
    def __init__(self, header: _Optional[_Union[TranscriptionHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., speech: _Optional[_Union[SpeechEvent, _Mapping]] = ..., interim: _Optional[_Union[InterimResult, _Mapping]] = ..., final: _Optional[_Union[FinalResult, _Mapping]] = ..., position: _Optional[_Union[StreamPosition, _Mapping]] = ..., summary: _Optional[_Union[StreamingRecognitionSummary, _Mapping]] = ...) -> None: ...

class StreamPosition(_message.Message):
    __slots__ = ("audio_processed", "lag")
    AUDIO_PROCESSED_FIELD_NUMBER: _ClassVar[int]
    LAG_FIELD_NUMBER: _ClassVar[int]
    audio_processed: _duration_pb2.Duration
    lag: _duration_pb2.Duration
    def __init__(self, audio_processed: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class SpeechEvent(_message.Message):
    __slots__ = ("kind", "offset", "position")
    class Kind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        KIND_UNSPECIFIED: _ClassVar[SpeechEvent.Kind]
        KIND_BEGIN: _ClassVar[SpeechEvent.Kind]
        KIND_END: _ClassVar[SpeechEvent.Kind]
    KIND_UNSPECIFIED: SpeechEvent.Kind
    KIND_BEGIN: SpeechEvent.Kind
    KIND_END: SpeechEvent.Kind
    KIND_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    kind: SpeechEvent.Kind
    offset: _duration_pb2.Duration
    position: StreamPosition
    def __init__(self, kind: _Optional[_Union[SpeechEvent.Kind, str]] = ..., offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., position: _Optional[_Union[StreamPosition, _Mapping]] = ...) -> None: ...

class InterimResult(_message.Message):
    __slots__ = ("text", "words", "stability", "utterance", "position")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    STABILITY_FIELD_NUMBER: _ClassVar[int]
    UTTERANCE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    text: str
    words: _containers.RepeatedCompositeFieldContainer[Word]
    stability: float
    utterance: int
    position: StreamPosition
    def __init__(self, text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., stability: _Optional[float] = ..., utterance: _Optional[int] = ..., position: _Optional[_Union[StreamPosition, _Mapping]] = ...) -> None: ...

class FinalResult(_message.Message):
    __slots__ = ("text", "words", "start_offset", "end_offset", "utterance", "ends_utterance", "position")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    UTTERANCE_FIELD_NUMBER: _ClassVar[int]
    ENDS_UTTERANCE_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    text: str
    words: _containers.RepeatedCompositeFieldContainer[Word]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    utterance: int
    ends_utterance: bool
    position: StreamPosition
    def __init__(self, text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., utterance: _Optional[int] = ..., ends_utterance: bool = ..., position: _Optional[_Union[StreamPosition, _Mapping]] = ...) -> None: ...

class StreamingRecognitionSummary(_message.Message):
    __slots__ = ("source", "language_code", "language_probability", "language_candidates", "speech_duration", "utterance_count", "hypothesis_count", "skipped_hypothesis_count", "max_lag", "warnings", "provenance")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    SPEECH_DURATION_FIELD_NUMBER: _ClassVar[int]
    UTTERANCE_COUNT_FIELD_NUMBER: _ClassVar[int]
    HYPOTHESIS_COUNT_FIELD_NUMBER: _ClassVar[int]
    SKIPPED_HYPOTHESIS_COUNT_FIELD_NUMBER: _ClassVar[int]
    MAX_LAG_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    language_code: str
    language_probability: float
    language_candidates: _containers.RepeatedCompositeFieldContainer[LanguageCandidate]
    speech_duration: _duration_pb2.Duration
    utterance_count: int
    hypothesis_count: int
    skipped_hypothesis_count: int
    max_lag: _duration_pb2.Duration
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., language_code: _Optional[str] = ..., language_probability: _Optional[float] = ..., language_candidates: _Optional[_Iterable[_Union[LanguageCandidate, _Mapping]]] = ..., speech_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., utterance_count: _Optional[int] = ..., hypothesis_count: _Optional[int] = ..., skipped_hypothesis_count: _Optional[int] = ..., max_lag: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ...) -> None: ...

class TranscriptionConfig(_message.Message):
    __slots__ = ("audio_format", "model", "language_code", "task", "beam_size", "word_times", "voice_activity_detection", "initial_prompt", "clip", "hotwords", "temperatures", "condition_on_previous_text", "no_speech_threshold", "hallucination_guard", "diarize", "speaker_count")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    TASK_FIELD_NUMBER: _ClassVar[int]
    BEAM_SIZE_FIELD_NUMBER: _ClassVar[int]
    WORD_TIMES_FIELD_NUMBER: _ClassVar[int]
    VOICE_ACTIVITY_DETECTION_FIELD_NUMBER: _ClassVar[int]
    INITIAL_PROMPT_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    HOTWORDS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURES_FIELD_NUMBER: _ClassVar[int]
    CONDITION_ON_PREVIOUS_TEXT_FIELD_NUMBER: _ClassVar[int]
    NO_SPEECH_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    HALLUCINATION_GUARD_FIELD_NUMBER: _ClassVar[int]
    DIARIZE_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_COUNT_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    language_code: str
    task: Task
    beam_size: int
    word_times: bool
    voice_activity_detection: bool
    initial_prompt: str
    clip: _audio_pb2.ClipRange
    hotwords: _containers.RepeatedScalarFieldContainer[str]
    temperatures: _containers.RepeatedScalarFieldContainer[float]
    condition_on_previous_text: bool
    no_speech_threshold: float
    hallucination_guard: bool
    diarize: bool
    speaker_count: int
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., language_code: _Optional[str] = ..., task: _Optional[_Union[Task, str]] = ..., beam_size: _Optional[int] = ..., word_times: bool = ..., voice_activity_detection: bool = ..., initial_prompt: _Optional[str] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., hotwords: _Optional[_Iterable[str]] = ..., temperatures: _Optional[_Iterable[float]] = ..., condition_on_previous_text: bool = ..., no_speech_threshold: _Optional[float] = ..., hallucination_guard: bool = ..., diarize: bool = ..., speaker_count: _Optional[int] = ...) -> None: ...

class TranscribeResponse(_message.Message):
    __slots__ = ("header", "progress", "segment", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: TranscriptionHeader
    progress: _evidence_pb2.Progress
    segment: Segment
    summary: TranscriptionSummary
    def __init__(self, header: _Optional[_Union[TranscriptionHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., segment: _Optional[_Union[Segment, _Mapping]] = ..., summary: _Optional[_Union[TranscriptionSummary, _Mapping]] = ...) -> None: ...

class TranscriptionHeader(_message.Message):
    __slots__ = ("source",)
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ...) -> None: ...

class Segment(_message.Message):
    __slots__ = ("start_offset", "end_offset", "text", "words", "avg_logprob", "no_speech_probability", "compression_ratio", "temperature", "language_code", "speaker")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    AVG_LOGPROB_FIELD_NUMBER: _ClassVar[int]
    NO_SPEECH_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    COMPRESSION_RATIO_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    text: str
    words: _containers.RepeatedCompositeFieldContainer[Word]
    avg_logprob: float
    no_speech_probability: float
    compression_ratio: float
    temperature: float
    language_code: str
    speaker: str
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., text: _Optional[str] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., avg_logprob: _Optional[float] = ..., no_speech_probability: _Optional[float] = ..., compression_ratio: _Optional[float] = ..., temperature: _Optional[float] = ..., language_code: _Optional[str] = ..., speaker: _Optional[str] = ...) -> None: ...

class Word(_message.Message):
    __slots__ = ("start_offset", "end_offset", "text", "probability", "speaker")
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_FIELD_NUMBER: _ClassVar[int]
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    text: str
    probability: float
    speaker: str
    def __init__(self, start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., text: _Optional[str] = ..., probability: _Optional[float] = ..., speaker: _Optional[str] = ...) -> None: ...

class Speaker(_message.Message):
    __slots__ = ("label", "speech_duration")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SPEECH_DURATION_FIELD_NUMBER: _ClassVar[int]
    label: str
    speech_duration: _duration_pb2.Duration
    def __init__(self, label: _Optional[str] = ..., speech_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class LanguageCandidate(_message.Message):
    __slots__ = ("language_code", "probability")
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    language_code: str
    probability: float
    def __init__(self, language_code: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class TranscriptionSummary(_message.Message):
    __slots__ = ("source", "language_code", "language_probability", "language_candidates", "speech_duration", "warnings", "provenance", "speakers", "speaker_model")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    SPEECH_DURATION_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    SPEAKERS_FIELD_NUMBER: _ClassVar[int]
    SPEAKER_MODEL_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    language_code: str
    language_probability: float
    language_candidates: _containers.RepeatedCompositeFieldContainer[LanguageCandidate]
    speech_duration: _duration_pb2.Duration
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    speakers: _containers.RepeatedCompositeFieldContainer[Speaker]
    speaker_model: _evidence_pb2.ModelIdentity
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., language_code: _Optional[str] = ..., language_probability: _Optional[float] = ..., language_candidates: _Optional[_Iterable[_Union[LanguageCandidate, _Mapping]]] = ..., speech_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ..., speakers: _Optional[_Iterable[_Union[Speaker, _Mapping]]] = ..., speaker_model: _Optional[_Union[_evidence_pb2.ModelIdentity, _Mapping]] = ...) -> None: ...

class Transcript(_message.Message):
    __slots__ = ("segments", "summary")
    SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    segments: _containers.RepeatedCompositeFieldContainer[Segment]
    summary: TranscriptionSummary
    def __init__(self, segments: _Optional[_Iterable[_Union[Segment, _Mapping]]] = ..., summary: _Optional[_Union[TranscriptionSummary, _Mapping]] = ...) -> None: ...

class AlignLyricsRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: AlignmentConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[AlignmentConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class AlignmentConfig(_message.Message):
    __slots__ = ("audio_format", "model", "language_code", "lyrics", "clip")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    model: str
    language_code: str
    lyrics: str
    clip: _audio_pb2.ClipRange
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., model: _Optional[str] = ..., language_code: _Optional[str] = ..., lyrics: _Optional[str] = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ...) -> None: ...

class AlignLyricsResponse(_message.Message):
    __slots__ = ("header", "progress", "line", "summary")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    header: TranscriptionHeader
    progress: _evidence_pb2.Progress
    line: AlignedLine
    summary: AlignmentSummary
    def __init__(self, header: _Optional[_Union[TranscriptionHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., line: _Optional[_Union[AlignedLine, _Mapping]] = ..., summary: _Optional[_Union[AlignmentSummary, _Mapping]] = ...) -> None: ...

class AlignedLine(_message.Message):
    __slots__ = ("line_number", "text", "start_offset", "end_offset", "words", "heard_word_count")
    LINE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    START_OFFSET_FIELD_NUMBER: _ClassVar[int]
    END_OFFSET_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    HEARD_WORD_COUNT_FIELD_NUMBER: _ClassVar[int]
    line_number: int
    text: str
    start_offset: _duration_pb2.Duration
    end_offset: _duration_pb2.Duration
    words: _containers.RepeatedCompositeFieldContainer[Word]
    heard_word_count: int
    def __init__(self, line_number: _Optional[int] = ..., text: _Optional[str] = ..., start_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., end_offset: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., words: _Optional[_Iterable[_Union[Word, _Mapping]]] = ..., heard_word_count: _Optional[int] = ...) -> None: ...

class AlignmentSummary(_message.Message):
    __slots__ = ("source", "language_code", "language_probability", "aligned_line_count", "unmatched_line_count", "warnings", "provenance", "lyrics")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_CODE_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    ALIGNED_LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    UNMATCHED_LINE_COUNT_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    language_code: str
    language_probability: float
    aligned_line_count: int
    unmatched_line_count: int
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    lyrics: str
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., language_code: _Optional[str] = ..., language_probability: _Optional[float] = ..., aligned_line_count: _Optional[int] = ..., unmatched_line_count: _Optional[int] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ..., lyrics: _Optional[str] = ...) -> None: ...

class AlignedLyrics(_message.Message):
    __slots__ = ("lines", "summary")
    LINES_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    lines: _containers.RepeatedCompositeFieldContainer[AlignedLine]
    summary: AlignmentSummary
    def __init__(self, lines: _Optional[_Iterable[_Union[AlignedLine, _Mapping]]] = ..., summary: _Optional[_Union[AlignmentSummary, _Mapping]] = ...) -> None: ...

class RenderTranscriptRequest(_message.Message):
    __slots__ = ("transcript", "lyrics", "format", "line_breaking", "max_line_characters", "pause_duration", "title", "artist", "album", "max_lines")
    TRANSCRIPT_FIELD_NUMBER: _ClassVar[int]
    LYRICS_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    LINE_BREAKING_FIELD_NUMBER: _ClassVar[int]
    MAX_LINE_CHARACTERS_FIELD_NUMBER: _ClassVar[int]
    PAUSE_DURATION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    ARTIST_FIELD_NUMBER: _ClassVar[int]
    ALBUM_FIELD_NUMBER: _ClassVar[int]
    MAX_LINES_FIELD_NUMBER: _ClassVar[int]
    transcript: Transcript
    lyrics: AlignedLyrics
    format: RenderFormat
    line_breaking: LineBreaking
    max_line_characters: int
    pause_duration: _duration_pb2.Duration
    title: str
    artist: str
    album: str
    max_lines: int
    def __init__(self, transcript: _Optional[_Union[Transcript, _Mapping]] = ..., lyrics: _Optional[_Union[AlignedLyrics, _Mapping]] = ..., format: _Optional[_Union[RenderFormat, str]] = ..., line_breaking: _Optional[_Union[LineBreaking, str]] = ..., max_line_characters: _Optional[int] = ..., pause_duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., title: _Optional[str] = ..., artist: _Optional[str] = ..., album: _Optional[str] = ..., max_lines: _Optional[int] = ...) -> None: ...

class RenderTranscriptResponse(_message.Message):
    __slots__ = ("text", "media_type", "file_extension")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    FILE_EXTENSION_FIELD_NUMBER: _ClassVar[int]
    text: str
    media_type: str
    file_extension: str
    def __init__(self, text: _Optional[str] = ..., media_type: _Optional[str] = ..., file_extension: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...

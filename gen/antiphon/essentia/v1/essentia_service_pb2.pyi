from antiphon.audio.v1 import audio_pb2 as _audio_pb2
from antiphon.evidence.v1 import evidence_pb2 as _evidence_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AnalyzeRequest(_message.Message):
    __slots__ = ("config", "chunk")
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    config: AnalysisConfig
    chunk: _audio_pb2.AudioChunk
    def __init__(self, config: _Optional[_Union[AnalysisConfig, _Mapping]] = ..., chunk: _Optional[_Union[_audio_pb2.AudioChunk, _Mapping]] = ...) -> None: ...

class AnalysisConfig(_message.Message):
    __slots__ = ("audio_format", "groups", "include_series", "melody", "clip", "tags", "stem", "beat_seconds", "series_window_seconds", "key_profiles", "min_bpm", "max_bpm", "melody_engine", "notes")
    AUDIO_FORMAT_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_SERIES_FIELD_NUMBER: _ClassVar[int]
    MELODY_FIELD_NUMBER: _ClassVar[int]
    CLIP_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    STEM_FIELD_NUMBER: _ClassVar[int]
    BEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SERIES_WINDOW_SECONDS_FIELD_NUMBER: _ClassVar[int]
    KEY_PROFILES_FIELD_NUMBER: _ClassVar[int]
    MIN_BPM_FIELD_NUMBER: _ClassVar[int]
    MAX_BPM_FIELD_NUMBER: _ClassVar[int]
    MELODY_ENGINE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    audio_format: _audio_pb2.AudioFormat
    groups: _containers.RepeatedScalarFieldContainer[str]
    include_series: bool
    melody: bool
    clip: _audio_pb2.ClipRange
    tags: TagSettings
    stem: str
    beat_seconds: _containers.RepeatedScalarFieldContainer[float]
    series_window_seconds: float
    key_profiles: _containers.RepeatedScalarFieldContainer[str]
    min_bpm: float
    max_bpm: float
    melody_engine: str
    notes: bool
    def __init__(self, audio_format: _Optional[_Union[_audio_pb2.AudioFormat, _Mapping]] = ..., groups: _Optional[_Iterable[str]] = ..., include_series: bool = ..., melody: bool = ..., clip: _Optional[_Union[_audio_pb2.ClipRange, _Mapping]] = ..., tags: _Optional[_Union[TagSettings, _Mapping]] = ..., stem: _Optional[str] = ..., beat_seconds: _Optional[_Iterable[float]] = ..., series_window_seconds: _Optional[float] = ..., key_profiles: _Optional[_Iterable[str]] = ..., min_bpm: _Optional[float] = ..., max_bpm: _Optional[float] = ..., melody_engine: _Optional[str] = ..., notes: bool = ...) -> None: ...

class TagSettings(_message.Message):
    __slots__ = ("skip", "models", "threshold", "top_k", "all_scores", "include_embeddings", "include_patch_scores", "normalise_gain")
    SKIP_FIELD_NUMBER: _ClassVar[int]
    MODELS_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TOP_K_FIELD_NUMBER: _ClassVar[int]
    ALL_SCORES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PATCH_SCORES_FIELD_NUMBER: _ClassVar[int]
    NORMALISE_GAIN_FIELD_NUMBER: _ClassVar[int]
    skip: bool
    models: _containers.RepeatedScalarFieldContainer[str]
    threshold: float
    top_k: int
    all_scores: bool
    include_embeddings: bool
    include_patch_scores: bool
    normalise_gain: bool
    def __init__(self, skip: bool = ..., models: _Optional[_Iterable[str]] = ..., threshold: _Optional[float] = ..., top_k: _Optional[int] = ..., all_scores: bool = ..., include_embeddings: bool = ..., include_patch_scores: bool = ..., normalise_gain: bool = ...) -> None: ...

class AnalyzeResponse(_message.Message):
    __slots__ = ("header", "progress", "features", "summary", "tag_set")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TAG_SET_FIELD_NUMBER: _ClassVar[int]
    header: AnalysisHeader
    progress: _evidence_pb2.Progress
    features: Features
    summary: AnalysisSummary
    tag_set: TagSet
    def __init__(self, header: _Optional[_Union[AnalysisHeader, _Mapping]] = ..., progress: _Optional[_Union[_evidence_pb2.Progress, _Mapping]] = ..., features: _Optional[_Union[Features, _Mapping]] = ..., summary: _Optional[_Union[AnalysisSummary, _Mapping]] = ..., tag_set: _Optional[_Union[TagSet, _Mapping]] = ...) -> None: ...

class AnalysisHeader(_message.Message):
    __slots__ = ("source",)
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ...) -> None: ...

class AnalysisSummary(_message.Message):
    __slots__ = ("source", "warnings", "provenance", "networks")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    PROVENANCE_FIELD_NUMBER: _ClassVar[int]
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    source: _audio_pb2.SourceAudio
    warnings: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.Warning]
    provenance: _evidence_pb2.Provenance
    networks: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelIdentity]
    def __init__(self, source: _Optional[_Union[_audio_pb2.SourceAudio, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[_evidence_pb2.Warning, _Mapping]]] = ..., provenance: _Optional[_Union[_evidence_pb2.Provenance, _Mapping]] = ..., networks: _Optional[_Iterable[_Union[_evidence_pb2.ModelIdentity, _Mapping]]] = ...) -> None: ...

class Analysis(_message.Message):
    __slots__ = ("features", "summary", "tag_sets")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    TAG_SETS_FIELD_NUMBER: _ClassVar[int]
    features: Features
    summary: AnalysisSummary
    tag_sets: _containers.RepeatedCompositeFieldContainer[TagSet]
    def __init__(self, features: _Optional[_Union[Features, _Mapping]] = ..., summary: _Optional[_Union[AnalysisSummary, _Mapping]] = ..., tag_sets: _Optional[_Iterable[_Union[TagSet, _Mapping]]] = ...) -> None: ...

class StemAnalyses(_message.Message):
    __slots__ = ("stems",)
    STEMS_FIELD_NUMBER: _ClassVar[int]
    stems: _containers.RepeatedCompositeFieldContainer[Analysis]
    def __init__(self, stems: _Optional[_Iterable[_Union[Analysis, _Mapping]]] = ...) -> None: ...

class TagSet(_message.Message):
    __slots__ = ("model", "engine", "device", "precision", "library_versions", "tags", "label_count", "patch_count", "patch_seconds", "hop_seconds", "embeddings", "patch_scores", "patch_labels", "stand_in", "gain_db")
    class LibraryVersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MODEL_FIELD_NUMBER: _ClassVar[int]
    ENGINE_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    LIBRARY_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    LABEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    PATCH_COUNT_FIELD_NUMBER: _ClassVar[int]
    PATCH_SECONDS_FIELD_NUMBER: _ClassVar[int]
    HOP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    PATCH_SCORES_FIELD_NUMBER: _ClassVar[int]
    PATCH_LABELS_FIELD_NUMBER: _ClassVar[int]
    STAND_IN_FIELD_NUMBER: _ClassVar[int]
    GAIN_DB_FIELD_NUMBER: _ClassVar[int]
    model: _evidence_pb2.ModelIdentity
    engine: str
    device: str
    precision: str
    library_versions: _containers.ScalarMap[str, str]
    tags: _containers.RepeatedCompositeFieldContainer[Tag]
    label_count: int
    patch_count: int
    patch_seconds: float
    hop_seconds: float
    embeddings: _audio_pb2.Tensor
    patch_scores: _audio_pb2.Tensor
    patch_labels: _containers.RepeatedScalarFieldContainer[str]
    stand_in: bool
    gain_db: float
    def __init__(self, model: _Optional[_Union[_evidence_pb2.ModelIdentity, _Mapping]] = ..., engine: _Optional[str] = ..., device: _Optional[str] = ..., precision: _Optional[str] = ..., library_versions: _Optional[_Mapping[str, str]] = ..., tags: _Optional[_Iterable[_Union[Tag, _Mapping]]] = ..., label_count: _Optional[int] = ..., patch_count: _Optional[int] = ..., patch_seconds: _Optional[float] = ..., hop_seconds: _Optional[float] = ..., embeddings: _Optional[_Union[_audio_pb2.Tensor, _Mapping]] = ..., patch_scores: _Optional[_Union[_audio_pb2.Tensor, _Mapping]] = ..., patch_labels: _Optional[_Iterable[str]] = ..., stand_in: bool = ..., gain_db: _Optional[float] = ...) -> None: ...

class Tag(_message.Message):
    __slots__ = ("label", "name", "parent", "score")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PARENT_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    label: str
    name: str
    parent: str
    score: float
    def __init__(self, label: _Optional[str] = ..., name: _Optional[str] = ..., parent: _Optional[str] = ..., score: _Optional[float] = ...) -> None: ...

class Features(_message.Message):
    __slots__ = ("signal", "loudness", "rhythm", "tonal", "pitch", "spectral", "timbre", "structure", "timbral", "stem", "aesthetics", "overview", "series")
    SIGNAL_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_FIELD_NUMBER: _ClassVar[int]
    RHYTHM_FIELD_NUMBER: _ClassVar[int]
    TONAL_FIELD_NUMBER: _ClassVar[int]
    PITCH_FIELD_NUMBER: _ClassVar[int]
    SPECTRAL_FIELD_NUMBER: _ClassVar[int]
    TIMBRE_FIELD_NUMBER: _ClassVar[int]
    STRUCTURE_FIELD_NUMBER: _ClassVar[int]
    TIMBRAL_FIELD_NUMBER: _ClassVar[int]
    STEM_FIELD_NUMBER: _ClassVar[int]
    AESTHETICS_FIELD_NUMBER: _ClassVar[int]
    OVERVIEW_FIELD_NUMBER: _ClassVar[int]
    SERIES_FIELD_NUMBER: _ClassVar[int]
    signal: Signal
    loudness: Loudness
    rhythm: Rhythm
    tonal: Tonal
    pitch: Pitch
    spectral: Spectral
    timbre: Timbre
    structure: Structure
    timbral: Timbral
    stem: StemFeatures
    aesthetics: Aesthetics
    overview: Overview
    series: Series
    def __init__(self, signal: _Optional[_Union[Signal, _Mapping]] = ..., loudness: _Optional[_Union[Loudness, _Mapping]] = ..., rhythm: _Optional[_Union[Rhythm, _Mapping]] = ..., tonal: _Optional[_Union[Tonal, _Mapping]] = ..., pitch: _Optional[_Union[Pitch, _Mapping]] = ..., spectral: _Optional[_Union[Spectral, _Mapping]] = ..., timbre: _Optional[_Union[Timbre, _Mapping]] = ..., structure: _Optional[_Union[Structure, _Mapping]] = ..., timbral: _Optional[_Union[Timbral, _Mapping]] = ..., stem: _Optional[_Union[StemFeatures, _Mapping]] = ..., aesthetics: _Optional[_Union[Aesthetics, _Mapping]] = ..., overview: _Optional[_Union[Overview, _Mapping]] = ..., series: _Optional[_Union[Series, _Mapping]] = ...) -> None: ...

class Overview(_message.Message):
    __slots__ = ("peaks_per_second", "peaks", "columns_per_second", "tile_seconds", "band_hz", "floor_db", "ceiling_db", "tiles", "loudness_per_second", "momentary_lufs")
    PEAKS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    PEAKS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    TILE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BAND_HZ_FIELD_NUMBER: _ClassVar[int]
    FLOOR_DB_FIELD_NUMBER: _ClassVar[int]
    CEILING_DB_FIELD_NUMBER: _ClassVar[int]
    TILES_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    MOMENTARY_LUFS_FIELD_NUMBER: _ClassVar[int]
    peaks_per_second: float
    peaks: bytes
    columns_per_second: float
    tile_seconds: float
    band_hz: _containers.RepeatedScalarFieldContainer[float]
    floor_db: float
    ceiling_db: float
    tiles: _containers.RepeatedCompositeFieldContainer[SpectrogramTile]
    loudness_per_second: float
    momentary_lufs: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, peaks_per_second: _Optional[float] = ..., peaks: _Optional[bytes] = ..., columns_per_second: _Optional[float] = ..., tile_seconds: _Optional[float] = ..., band_hz: _Optional[_Iterable[float]] = ..., floor_db: _Optional[float] = ..., ceiling_db: _Optional[float] = ..., tiles: _Optional[_Iterable[_Union[SpectrogramTile, _Mapping]]] = ..., loudness_per_second: _Optional[float] = ..., momentary_lufs: _Optional[_Iterable[float]] = ...) -> None: ...

class SpectrogramTile(_message.Message):
    __slots__ = ("start_seconds", "column_count", "levels")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    COLUMN_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    column_count: int
    levels: bytes
    def __init__(self, start_seconds: _Optional[float] = ..., column_count: _Optional[int] = ..., levels: _Optional[bytes] = ...) -> None: ...

class Signal(_message.Message):
    __slots__ = ("duration_seconds", "channel_count", "sample_rate_hertz", "stereo_correlation", "stereo_width_ratio", "stereo_balance_db", "saturation_count", "saturation_ratio", "dc_offset")
    DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_COUNT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_RATE_HERTZ_FIELD_NUMBER: _ClassVar[int]
    STEREO_CORRELATION_FIELD_NUMBER: _ClassVar[int]
    STEREO_WIDTH_RATIO_FIELD_NUMBER: _ClassVar[int]
    STEREO_BALANCE_DB_FIELD_NUMBER: _ClassVar[int]
    SATURATION_COUNT_FIELD_NUMBER: _ClassVar[int]
    SATURATION_RATIO_FIELD_NUMBER: _ClassVar[int]
    DC_OFFSET_FIELD_NUMBER: _ClassVar[int]
    duration_seconds: float
    channel_count: int
    sample_rate_hertz: int
    stereo_correlation: float
    stereo_width_ratio: float
    stereo_balance_db: float
    saturation_count: int
    saturation_ratio: float
    dc_offset: float
    def __init__(self, duration_seconds: _Optional[float] = ..., channel_count: _Optional[int] = ..., sample_rate_hertz: _Optional[int] = ..., stereo_correlation: _Optional[float] = ..., stereo_width_ratio: _Optional[float] = ..., stereo_balance_db: _Optional[float] = ..., saturation_count: _Optional[int] = ..., saturation_ratio: _Optional[float] = ..., dc_offset: _Optional[float] = ...) -> None: ...

class Loudness(_message.Message):
    __slots__ = ("integrated_lufs", "loudness_range_lu", "momentary_max_lufs", "short_term_max_lufs", "true_peak_dbtp", "peak_to_loudness_db", "peak", "rms", "rms_dbfs", "crest_factor_db", "dynamic_complexity_db", "dynamic_loudness_db", "replay_gain_db", "loudness_vickers_db", "frame_rms_mean", "frame_rms_std", "silence_ratio", "rms_energy_bass_dbfs", "rms_energy_body_dbfs", "rms_energy_mid_dbfs", "rms_energy_air_dbfs", "replay_gain_2_db")
    INTEGRATED_LUFS_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_RANGE_LU_FIELD_NUMBER: _ClassVar[int]
    MOMENTARY_MAX_LUFS_FIELD_NUMBER: _ClassVar[int]
    SHORT_TERM_MAX_LUFS_FIELD_NUMBER: _ClassVar[int]
    TRUE_PEAK_DBTP_FIELD_NUMBER: _ClassVar[int]
    PEAK_TO_LOUDNESS_DB_FIELD_NUMBER: _ClassVar[int]
    PEAK_FIELD_NUMBER: _ClassVar[int]
    RMS_FIELD_NUMBER: _ClassVar[int]
    RMS_DBFS_FIELD_NUMBER: _ClassVar[int]
    CREST_FACTOR_DB_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_COMPLEXITY_DB_FIELD_NUMBER: _ClassVar[int]
    DYNAMIC_LOUDNESS_DB_FIELD_NUMBER: _ClassVar[int]
    REPLAY_GAIN_DB_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_VICKERS_DB_FIELD_NUMBER: _ClassVar[int]
    FRAME_RMS_MEAN_FIELD_NUMBER: _ClassVar[int]
    FRAME_RMS_STD_FIELD_NUMBER: _ClassVar[int]
    SILENCE_RATIO_FIELD_NUMBER: _ClassVar[int]
    RMS_ENERGY_BASS_DBFS_FIELD_NUMBER: _ClassVar[int]
    RMS_ENERGY_BODY_DBFS_FIELD_NUMBER: _ClassVar[int]
    RMS_ENERGY_MID_DBFS_FIELD_NUMBER: _ClassVar[int]
    RMS_ENERGY_AIR_DBFS_FIELD_NUMBER: _ClassVar[int]
    REPLAY_GAIN_2_DB_FIELD_NUMBER: _ClassVar[int]
    integrated_lufs: float
    loudness_range_lu: float
    momentary_max_lufs: float
    short_term_max_lufs: float
    true_peak_dbtp: float
    peak_to_loudness_db: float
    peak: float
    rms: float
    rms_dbfs: float
    crest_factor_db: float
    dynamic_complexity_db: float
    dynamic_loudness_db: float
    replay_gain_db: float
    loudness_vickers_db: float
    frame_rms_mean: float
    frame_rms_std: float
    silence_ratio: float
    rms_energy_bass_dbfs: float
    rms_energy_body_dbfs: float
    rms_energy_mid_dbfs: float
    rms_energy_air_dbfs: float
    replay_gain_2_db: float
    def __init__(self, integrated_lufs: _Optional[float] = ..., loudness_range_lu: _Optional[float] = ..., momentary_max_lufs: _Optional[float] = ..., short_term_max_lufs: _Optional[float] = ..., true_peak_dbtp: _Optional[float] = ..., peak_to_loudness_db: _Optional[float] = ..., peak: _Optional[float] = ..., rms: _Optional[float] = ..., rms_dbfs: _Optional[float] = ..., crest_factor_db: _Optional[float] = ..., dynamic_complexity_db: _Optional[float] = ..., dynamic_loudness_db: _Optional[float] = ..., replay_gain_db: _Optional[float] = ..., loudness_vickers_db: _Optional[float] = ..., frame_rms_mean: _Optional[float] = ..., frame_rms_std: _Optional[float] = ..., silence_ratio: _Optional[float] = ..., rms_energy_bass_dbfs: _Optional[float] = ..., rms_energy_body_dbfs: _Optional[float] = ..., rms_energy_mid_dbfs: _Optional[float] = ..., rms_energy_air_dbfs: _Optional[float] = ..., replay_gain_2_db: _Optional[float] = ...) -> None: ...

class Rhythm(_message.Message):
    __slots__ = ("bpm", "bpm_degara", "bpm_percival", "beat_confidence", "beat_confidence_norm", "bpm_agreement", "beat_count", "first_beat_seconds", "beat_interval_seconds_mean", "beat_interval_seconds_std", "beat_regularity", "bpm_first_peak", "bpm_first_peak_weight", "bpm_first_peak_spread", "bpm_second_peak", "bpm_second_peak_weight", "bpm_second_peak_spread", "danceability", "danceability_norm", "dfa_exponent_mean", "onset_rate_hz", "onset_count", "onset_strength_db_mean", "onset_strength_db_std", "onset_interval_seconds_mean", "onset_interval_seconds_std", "on_beat_ratio", "syncopation", "rhythmic_complexity", "rhythmic_evenness", "beats_loudness_mean", "beats_loudness_std", "beats_bass_ratio_mean", "bpm_multifeature", "bpm_autocorrelation", "tempo_estimates", "bpm_alternatives", "bpm_octave_agreement", "bpm_beatnet", "tempo_kind", "tempo_segments", "tempo_stability", "meter", "meter_segments", "swing_ratio")
    BPM_FIELD_NUMBER: _ClassVar[int]
    BPM_DEGARA_FIELD_NUMBER: _ClassVar[int]
    BPM_PERCIVAL_FIELD_NUMBER: _ClassVar[int]
    BEAT_CONFIDENCE_FIELD_NUMBER: _ClassVar[int]
    BEAT_CONFIDENCE_NORM_FIELD_NUMBER: _ClassVar[int]
    BPM_AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    BEAT_COUNT_FIELD_NUMBER: _ClassVar[int]
    FIRST_BEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BEAT_INTERVAL_SECONDS_MEAN_FIELD_NUMBER: _ClassVar[int]
    BEAT_INTERVAL_SECONDS_STD_FIELD_NUMBER: _ClassVar[int]
    BEAT_REGULARITY_FIELD_NUMBER: _ClassVar[int]
    BPM_FIRST_PEAK_FIELD_NUMBER: _ClassVar[int]
    BPM_FIRST_PEAK_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    BPM_FIRST_PEAK_SPREAD_FIELD_NUMBER: _ClassVar[int]
    BPM_SECOND_PEAK_FIELD_NUMBER: _ClassVar[int]
    BPM_SECOND_PEAK_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    BPM_SECOND_PEAK_SPREAD_FIELD_NUMBER: _ClassVar[int]
    DANCEABILITY_FIELD_NUMBER: _ClassVar[int]
    DANCEABILITY_NORM_FIELD_NUMBER: _ClassVar[int]
    DFA_EXPONENT_MEAN_FIELD_NUMBER: _ClassVar[int]
    ONSET_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    ONSET_COUNT_FIELD_NUMBER: _ClassVar[int]
    ONSET_STRENGTH_DB_MEAN_FIELD_NUMBER: _ClassVar[int]
    ONSET_STRENGTH_DB_STD_FIELD_NUMBER: _ClassVar[int]
    ONSET_INTERVAL_SECONDS_MEAN_FIELD_NUMBER: _ClassVar[int]
    ONSET_INTERVAL_SECONDS_STD_FIELD_NUMBER: _ClassVar[int]
    ON_BEAT_RATIO_FIELD_NUMBER: _ClassVar[int]
    SYNCOPATION_FIELD_NUMBER: _ClassVar[int]
    RHYTHMIC_COMPLEXITY_FIELD_NUMBER: _ClassVar[int]
    RHYTHMIC_EVENNESS_FIELD_NUMBER: _ClassVar[int]
    BEATS_LOUDNESS_MEAN_FIELD_NUMBER: _ClassVar[int]
    BEATS_LOUDNESS_STD_FIELD_NUMBER: _ClassVar[int]
    BEATS_BASS_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    BPM_MULTIFEATURE_FIELD_NUMBER: _ClassVar[int]
    BPM_AUTOCORRELATION_FIELD_NUMBER: _ClassVar[int]
    TEMPO_ESTIMATES_FIELD_NUMBER: _ClassVar[int]
    BPM_ALTERNATIVES_FIELD_NUMBER: _ClassVar[int]
    BPM_OCTAVE_AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    BPM_BEATNET_FIELD_NUMBER: _ClassVar[int]
    TEMPO_KIND_FIELD_NUMBER: _ClassVar[int]
    TEMPO_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    TEMPO_STABILITY_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    METER_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    SWING_RATIO_FIELD_NUMBER: _ClassVar[int]
    bpm: float
    bpm_degara: float
    bpm_percival: float
    beat_confidence: float
    beat_confidence_norm: float
    bpm_agreement: float
    beat_count: int
    first_beat_seconds: float
    beat_interval_seconds_mean: float
    beat_interval_seconds_std: float
    beat_regularity: float
    bpm_first_peak: float
    bpm_first_peak_weight: float
    bpm_first_peak_spread: float
    bpm_second_peak: float
    bpm_second_peak_weight: float
    bpm_second_peak_spread: float
    danceability: float
    danceability_norm: float
    dfa_exponent_mean: float
    onset_rate_hz: float
    onset_count: int
    onset_strength_db_mean: float
    onset_strength_db_std: float
    onset_interval_seconds_mean: float
    onset_interval_seconds_std: float
    on_beat_ratio: float
    syncopation: float
    rhythmic_complexity: float
    rhythmic_evenness: float
    beats_loudness_mean: float
    beats_loudness_std: float
    beats_bass_ratio_mean: float
    bpm_multifeature: float
    bpm_autocorrelation: float
    tempo_estimates: _containers.RepeatedCompositeFieldContainer[TempoEstimate]
    bpm_alternatives: _containers.RepeatedCompositeFieldContainer[TempoAlternative]
    bpm_octave_agreement: float
    bpm_beatnet: float
    tempo_kind: str
    tempo_segments: _containers.RepeatedCompositeFieldContainer[TempoSegment]
    tempo_stability: float
    meter: int
    meter_segments: _containers.RepeatedCompositeFieldContainer[MeterSegment]
    swing_ratio: float
    def __init__(self, bpm: _Optional[float] = ..., bpm_degara: _Optional[float] = ..., bpm_percival: _Optional[float] = ..., beat_confidence: _Optional[float] = ..., beat_confidence_norm: _Optional[float] = ..., bpm_agreement: _Optional[float] = ..., beat_count: _Optional[int] = ..., first_beat_seconds: _Optional[float] = ..., beat_interval_seconds_mean: _Optional[float] = ..., beat_interval_seconds_std: _Optional[float] = ..., beat_regularity: _Optional[float] = ..., bpm_first_peak: _Optional[float] = ..., bpm_first_peak_weight: _Optional[float] = ..., bpm_first_peak_spread: _Optional[float] = ..., bpm_second_peak: _Optional[float] = ..., bpm_second_peak_weight: _Optional[float] = ..., bpm_second_peak_spread: _Optional[float] = ..., danceability: _Optional[float] = ..., danceability_norm: _Optional[float] = ..., dfa_exponent_mean: _Optional[float] = ..., onset_rate_hz: _Optional[float] = ..., onset_count: _Optional[int] = ..., onset_strength_db_mean: _Optional[float] = ..., onset_strength_db_std: _Optional[float] = ..., onset_interval_seconds_mean: _Optional[float] = ..., onset_interval_seconds_std: _Optional[float] = ..., on_beat_ratio: _Optional[float] = ..., syncopation: _Optional[float] = ..., rhythmic_complexity: _Optional[float] = ..., rhythmic_evenness: _Optional[float] = ..., beats_loudness_mean: _Optional[float] = ..., beats_loudness_std: _Optional[float] = ..., beats_bass_ratio_mean: _Optional[float] = ..., bpm_multifeature: _Optional[float] = ..., bpm_autocorrelation: _Optional[float] = ..., tempo_estimates: _Optional[_Iterable[_Union[TempoEstimate, _Mapping]]] = ..., bpm_alternatives: _Optional[_Iterable[_Union[TempoAlternative, _Mapping]]] = ..., bpm_octave_agreement: _Optional[float] = ..., bpm_beatnet: _Optional[float] = ..., tempo_kind: _Optional[str] = ..., tempo_segments: _Optional[_Iterable[_Union[TempoSegment, _Mapping]]] = ..., tempo_stability: _Optional[float] = ..., meter: _Optional[int] = ..., meter_segments: _Optional[_Iterable[_Union[MeterSegment, _Mapping]]] = ..., swing_ratio: _Optional[float] = ...) -> None: ...

class TempoSegment(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "bpm", "agreement")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    bpm: float
    agreement: float
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., bpm: _Optional[float] = ..., agreement: _Optional[float] = ...) -> None: ...

class MeterSegment(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "meter")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    METER_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    meter: int
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., meter: _Optional[int] = ...) -> None: ...

class TempoEstimate(_message.Message):
    __slots__ = ("estimator", "bpm")
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    estimator: str
    bpm: float
    def __init__(self, estimator: _Optional[str] = ..., bpm: _Optional[float] = ...) -> None: ...

class TempoAlternative(_message.Message):
    __slots__ = ("bpm", "agreement", "pulse_strength")
    BPM_FIELD_NUMBER: _ClassVar[int]
    AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    PULSE_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    bpm: float
    agreement: float
    pulse_strength: float
    def __init__(self, bpm: _Optional[float] = ..., agreement: _Optional[float] = ..., pulse_strength: _Optional[float] = ...) -> None: ...

class Tonal(_message.Message):
    __slots__ = ("key_tonic", "key_scale", "key_estimates", "key_agreement", "key_strength", "atonality", "chroma", "chroma_entropy_bits", "chroma_crest_ratio", "chroma_frame_entropy_bits", "tuning_hz", "tuning_cents", "dissonance_mean", "dissonance_std", "pitch_salience_mean", "pitch_salience_std", "inharmonicity_mean", "inharmonicity_std", "odd_even_ratio_mean", "odd_even_ratio_std", "tristimulus_1_mean", "tristimulus_2_mean", "tristimulus_3_mean", "harmonic_change_mean", "chords_number_rate", "chords_change_rate", "chords_strength_mean", "chords_entropy_bits", "chords_minor_ratio", "equal_tempered_deviation", "nontempered_energy_ratio", "nontempered_peaks_ratio", "chroma_kinds", "chord_change_count", "chord_changes_per_beat", "chord_seconds_mean", "progression_complexity", "chord_ratio", "key_alternative_tonic", "key_alternative_scale", "key_margin", "key_mode", "key_mode_margin", "key_source", "key_entropy_bits", "key_candidates", "key_segments", "chord_source", "chords_seventh_ratio", "chords_inverted_ratio", "chord_shares")
    KEY_TONIC_FIELD_NUMBER: _ClassVar[int]
    KEY_SCALE_FIELD_NUMBER: _ClassVar[int]
    KEY_ESTIMATES_FIELD_NUMBER: _ClassVar[int]
    KEY_AGREEMENT_FIELD_NUMBER: _ClassVar[int]
    KEY_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    ATONALITY_FIELD_NUMBER: _ClassVar[int]
    CHROMA_FIELD_NUMBER: _ClassVar[int]
    CHROMA_ENTROPY_BITS_FIELD_NUMBER: _ClassVar[int]
    CHROMA_CREST_RATIO_FIELD_NUMBER: _ClassVar[int]
    CHROMA_FRAME_ENTROPY_BITS_FIELD_NUMBER: _ClassVar[int]
    TUNING_HZ_FIELD_NUMBER: _ClassVar[int]
    TUNING_CENTS_FIELD_NUMBER: _ClassVar[int]
    DISSONANCE_MEAN_FIELD_NUMBER: _ClassVar[int]
    DISSONANCE_STD_FIELD_NUMBER: _ClassVar[int]
    PITCH_SALIENCE_MEAN_FIELD_NUMBER: _ClassVar[int]
    PITCH_SALIENCE_STD_FIELD_NUMBER: _ClassVar[int]
    INHARMONICITY_MEAN_FIELD_NUMBER: _ClassVar[int]
    INHARMONICITY_STD_FIELD_NUMBER: _ClassVar[int]
    ODD_EVEN_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ODD_EVEN_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    TRISTIMULUS_1_MEAN_FIELD_NUMBER: _ClassVar[int]
    TRISTIMULUS_2_MEAN_FIELD_NUMBER: _ClassVar[int]
    TRISTIMULUS_3_MEAN_FIELD_NUMBER: _ClassVar[int]
    HARMONIC_CHANGE_MEAN_FIELD_NUMBER: _ClassVar[int]
    CHORDS_NUMBER_RATE_FIELD_NUMBER: _ClassVar[int]
    CHORDS_CHANGE_RATE_FIELD_NUMBER: _ClassVar[int]
    CHORDS_STRENGTH_MEAN_FIELD_NUMBER: _ClassVar[int]
    CHORDS_ENTROPY_BITS_FIELD_NUMBER: _ClassVar[int]
    CHORDS_MINOR_RATIO_FIELD_NUMBER: _ClassVar[int]
    EQUAL_TEMPERED_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    NONTEMPERED_ENERGY_RATIO_FIELD_NUMBER: _ClassVar[int]
    NONTEMPERED_PEAKS_RATIO_FIELD_NUMBER: _ClassVar[int]
    CHROMA_KINDS_FIELD_NUMBER: _ClassVar[int]
    CHORD_CHANGE_COUNT_FIELD_NUMBER: _ClassVar[int]
    CHORD_CHANGES_PER_BEAT_FIELD_NUMBER: _ClassVar[int]
    CHORD_SECONDS_MEAN_FIELD_NUMBER: _ClassVar[int]
    PROGRESSION_COMPLEXITY_FIELD_NUMBER: _ClassVar[int]
    CHORD_RATIO_FIELD_NUMBER: _ClassVar[int]
    KEY_ALTERNATIVE_TONIC_FIELD_NUMBER: _ClassVar[int]
    KEY_ALTERNATIVE_SCALE_FIELD_NUMBER: _ClassVar[int]
    KEY_MARGIN_FIELD_NUMBER: _ClassVar[int]
    KEY_MODE_FIELD_NUMBER: _ClassVar[int]
    KEY_MODE_MARGIN_FIELD_NUMBER: _ClassVar[int]
    KEY_SOURCE_FIELD_NUMBER: _ClassVar[int]
    KEY_ENTROPY_BITS_FIELD_NUMBER: _ClassVar[int]
    KEY_CANDIDATES_FIELD_NUMBER: _ClassVar[int]
    KEY_SEGMENTS_FIELD_NUMBER: _ClassVar[int]
    CHORD_SOURCE_FIELD_NUMBER: _ClassVar[int]
    CHORDS_SEVENTH_RATIO_FIELD_NUMBER: _ClassVar[int]
    CHORDS_INVERTED_RATIO_FIELD_NUMBER: _ClassVar[int]
    CHORD_SHARES_FIELD_NUMBER: _ClassVar[int]
    key_tonic: str
    key_scale: str
    key_estimates: _containers.RepeatedCompositeFieldContainer[KeyEstimate]
    key_agreement: float
    key_strength: float
    atonality: float
    chroma: _containers.RepeatedScalarFieldContainer[float]
    chroma_entropy_bits: float
    chroma_crest_ratio: float
    chroma_frame_entropy_bits: float
    tuning_hz: float
    tuning_cents: float
    dissonance_mean: float
    dissonance_std: float
    pitch_salience_mean: float
    pitch_salience_std: float
    inharmonicity_mean: float
    inharmonicity_std: float
    odd_even_ratio_mean: float
    odd_even_ratio_std: float
    tristimulus_1_mean: float
    tristimulus_2_mean: float
    tristimulus_3_mean: float
    harmonic_change_mean: float
    chords_number_rate: float
    chords_change_rate: float
    chords_strength_mean: float
    chords_entropy_bits: float
    chords_minor_ratio: float
    equal_tempered_deviation: float
    nontempered_energy_ratio: float
    nontempered_peaks_ratio: float
    chroma_kinds: _containers.RepeatedCompositeFieldContainer[Chroma]
    chord_change_count: int
    chord_changes_per_beat: float
    chord_seconds_mean: float
    progression_complexity: float
    chord_ratio: float
    key_alternative_tonic: str
    key_alternative_scale: str
    key_margin: float
    key_mode: str
    key_mode_margin: float
    key_source: str
    key_entropy_bits: float
    key_candidates: _containers.RepeatedCompositeFieldContainer[KeyCandidate]
    key_segments: _containers.RepeatedCompositeFieldContainer[KeySegment]
    chord_source: str
    chords_seventh_ratio: float
    chords_inverted_ratio: float
    chord_shares: _containers.RepeatedCompositeFieldContainer[ChordShare]
    def __init__(self, key_tonic: _Optional[str] = ..., key_scale: _Optional[str] = ..., key_estimates: _Optional[_Iterable[_Union[KeyEstimate, _Mapping]]] = ..., key_agreement: _Optional[float] = ..., key_strength: _Optional[float] = ..., atonality: _Optional[float] = ..., chroma: _Optional[_Iterable[float]] = ..., chroma_entropy_bits: _Optional[float] = ..., chroma_crest_ratio: _Optional[float] = ..., chroma_frame_entropy_bits: _Optional[float] = ..., tuning_hz: _Optional[float] = ..., tuning_cents: _Optional[float] = ..., dissonance_mean: _Optional[float] = ..., dissonance_std: _Optional[float] = ..., pitch_salience_mean: _Optional[float] = ..., pitch_salience_std: _Optional[float] = ..., inharmonicity_mean: _Optional[float] = ..., inharmonicity_std: _Optional[float] = ..., odd_even_ratio_mean: _Optional[float] = ..., odd_even_ratio_std: _Optional[float] = ..., tristimulus_1_mean: _Optional[float] = ..., tristimulus_2_mean: _Optional[float] = ..., tristimulus_3_mean: _Optional[float] = ..., harmonic_change_mean: _Optional[float] = ..., chords_number_rate: _Optional[float] = ..., chords_change_rate: _Optional[float] = ..., chords_strength_mean: _Optional[float] = ..., chords_entropy_bits: _Optional[float] = ..., chords_minor_ratio: _Optional[float] = ..., equal_tempered_deviation: _Optional[float] = ..., nontempered_energy_ratio: _Optional[float] = ..., nontempered_peaks_ratio: _Optional[float] = ..., chroma_kinds: _Optional[_Iterable[_Union[Chroma, _Mapping]]] = ..., chord_change_count: _Optional[int] = ..., chord_changes_per_beat: _Optional[float] = ..., chord_seconds_mean: _Optional[float] = ..., progression_complexity: _Optional[float] = ..., chord_ratio: _Optional[float] = ..., key_alternative_tonic: _Optional[str] = ..., key_alternative_scale: _Optional[str] = ..., key_margin: _Optional[float] = ..., key_mode: _Optional[str] = ..., key_mode_margin: _Optional[float] = ..., key_source: _Optional[str] = ..., key_entropy_bits: _Optional[float] = ..., key_candidates: _Optional[_Iterable[_Union[KeyCandidate, _Mapping]]] = ..., key_segments: _Optional[_Iterable[_Union[KeySegment, _Mapping]]] = ..., chord_source: _Optional[str] = ..., chords_seventh_ratio: _Optional[float] = ..., chords_inverted_ratio: _Optional[float] = ..., chord_shares: _Optional[_Iterable[_Union[ChordShare, _Mapping]]] = ...) -> None: ...

class ChordShare(_message.Message):
    __slots__ = ("name", "share")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SHARE_FIELD_NUMBER: _ClassVar[int]
    name: str
    share: float
    def __init__(self, name: _Optional[str] = ..., share: _Optional[float] = ...) -> None: ...

class Chroma(_message.Message):
    __slots__ = ("kind", "mean", "std", "median", "change_mean", "stability", "dominant")
    KIND_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    CHANGE_MEAN_FIELD_NUMBER: _ClassVar[int]
    STABILITY_FIELD_NUMBER: _ClassVar[int]
    DOMINANT_FIELD_NUMBER: _ClassVar[int]
    kind: str
    mean: _containers.RepeatedScalarFieldContainer[float]
    std: _containers.RepeatedScalarFieldContainer[float]
    median: _containers.RepeatedScalarFieldContainer[float]
    change_mean: float
    stability: float
    dominant: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, kind: _Optional[str] = ..., mean: _Optional[_Iterable[float]] = ..., std: _Optional[_Iterable[float]] = ..., median: _Optional[_Iterable[float]] = ..., change_mean: _Optional[float] = ..., stability: _Optional[float] = ..., dominant: _Optional[_Iterable[str]] = ...) -> None: ...

class KeyEstimate(_message.Message):
    __slots__ = ("profile", "tonic", "scale", "strength", "probability", "entropy_bits", "license_spdx")
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    TONIC_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    ENTROPY_BITS_FIELD_NUMBER: _ClassVar[int]
    LICENSE_SPDX_FIELD_NUMBER: _ClassVar[int]
    profile: str
    tonic: str
    scale: str
    strength: float
    probability: float
    entropy_bits: float
    license_spdx: str
    def __init__(self, profile: _Optional[str] = ..., tonic: _Optional[str] = ..., scale: _Optional[str] = ..., strength: _Optional[float] = ..., probability: _Optional[float] = ..., entropy_bits: _Optional[float] = ..., license_spdx: _Optional[str] = ...) -> None: ...

class KeyCandidate(_message.Message):
    __slots__ = ("tonic", "scale", "relation", "margin")
    TONIC_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    MARGIN_FIELD_NUMBER: _ClassVar[int]
    tonic: str
    scale: str
    relation: str
    margin: float
    def __init__(self, tonic: _Optional[str] = ..., scale: _Optional[str] = ..., relation: _Optional[str] = ..., margin: _Optional[float] = ...) -> None: ...

class KeySegment(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "tonic", "scale", "strength")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TONIC_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    tonic: str
    scale: str
    strength: float
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., tonic: _Optional[str] = ..., scale: _Optional[str] = ..., strength: _Optional[float] = ...) -> None: ...

class Section(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "label", "similarity")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    label: str
    similarity: float
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., label: _Optional[str] = ..., similarity: _Optional[float] = ...) -> None: ...

class Pitch(_message.Message):
    __slots__ = ("yin_pitch_median_hz", "yin_confidence_mean", "yin_confident_ratio", "voiced_ratio", "f0_mean_hz", "f0_median_hz", "f0_p05_hz", "f0_p95_hz", "f0_std_semitones", "f0_range_semitones", "f0_confidence_mean", "f0_engine", "note_count", "note_rate_hz", "note_seconds_mean", "polyphony_mean", "note_midi_min", "note_midi_max")
    YIN_PITCH_MEDIAN_HZ_FIELD_NUMBER: _ClassVar[int]
    YIN_CONFIDENCE_MEAN_FIELD_NUMBER: _ClassVar[int]
    YIN_CONFIDENT_RATIO_FIELD_NUMBER: _ClassVar[int]
    VOICED_RATIO_FIELD_NUMBER: _ClassVar[int]
    F0_MEAN_HZ_FIELD_NUMBER: _ClassVar[int]
    F0_MEDIAN_HZ_FIELD_NUMBER: _ClassVar[int]
    F0_P05_HZ_FIELD_NUMBER: _ClassVar[int]
    F0_P95_HZ_FIELD_NUMBER: _ClassVar[int]
    F0_STD_SEMITONES_FIELD_NUMBER: _ClassVar[int]
    F0_RANGE_SEMITONES_FIELD_NUMBER: _ClassVar[int]
    F0_CONFIDENCE_MEAN_FIELD_NUMBER: _ClassVar[int]
    F0_ENGINE_FIELD_NUMBER: _ClassVar[int]
    NOTE_COUNT_FIELD_NUMBER: _ClassVar[int]
    NOTE_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    NOTE_SECONDS_MEAN_FIELD_NUMBER: _ClassVar[int]
    POLYPHONY_MEAN_FIELD_NUMBER: _ClassVar[int]
    NOTE_MIDI_MIN_FIELD_NUMBER: _ClassVar[int]
    NOTE_MIDI_MAX_FIELD_NUMBER: _ClassVar[int]
    yin_pitch_median_hz: float
    yin_confidence_mean: float
    yin_confident_ratio: float
    voiced_ratio: float
    f0_mean_hz: float
    f0_median_hz: float
    f0_p05_hz: float
    f0_p95_hz: float
    f0_std_semitones: float
    f0_range_semitones: float
    f0_confidence_mean: float
    f0_engine: str
    note_count: int
    note_rate_hz: float
    note_seconds_mean: float
    polyphony_mean: float
    note_midi_min: int
    note_midi_max: int
    def __init__(self, yin_pitch_median_hz: _Optional[float] = ..., yin_confidence_mean: _Optional[float] = ..., yin_confident_ratio: _Optional[float] = ..., voiced_ratio: _Optional[float] = ..., f0_mean_hz: _Optional[float] = ..., f0_median_hz: _Optional[float] = ..., f0_p05_hz: _Optional[float] = ..., f0_p95_hz: _Optional[float] = ..., f0_std_semitones: _Optional[float] = ..., f0_range_semitones: _Optional[float] = ..., f0_confidence_mean: _Optional[float] = ..., f0_engine: _Optional[str] = ..., note_count: _Optional[int] = ..., note_rate_hz: _Optional[float] = ..., note_seconds_mean: _Optional[float] = ..., polyphony_mean: _Optional[float] = ..., note_midi_min: _Optional[int] = ..., note_midi_max: _Optional[int] = ...) -> None: ...

class Spectral(_message.Message):
    __slots__ = ("centroid_hz_mean", "centroid_hz_std", "rolloff_hz_mean", "rolloff_hz_std", "spread_hz_mean", "spread_hz_std", "skewness_mean", "skewness_std", "kurtosis_mean", "kurtosis_std", "flux_mean", "flux_std", "flatness_mean", "flatness_std", "entropy_bits_mean", "entropy_bits_std", "crest_ratio_mean", "crest_ratio_std", "complexity_mean", "complexity_std", "decrease_mean", "decrease_std", "strong_peak_ratio_mean", "strong_peak_ratio_std", "hfc_mean", "hfc_std", "zero_crossing_ratio_mean", "zero_crossing_ratio_std", "energy_low_ratio_mean", "energy_low_ratio_std", "energy_midlow_ratio_mean", "energy_midlow_ratio_std", "energy_midhigh_ratio_mean", "energy_midhigh_ratio_std", "energy_high_ratio_mean", "energy_high_ratio_std", "contrast_mean", "valley_mean", "flatness_median", "flux_median", "skewness_median", "kurtosis_median", "flatness_ratio_mean", "flatness_ratio_std", "flatness_ratio_median")
    CENTROID_HZ_MEAN_FIELD_NUMBER: _ClassVar[int]
    CENTROID_HZ_STD_FIELD_NUMBER: _ClassVar[int]
    ROLLOFF_HZ_MEAN_FIELD_NUMBER: _ClassVar[int]
    ROLLOFF_HZ_STD_FIELD_NUMBER: _ClassVar[int]
    SPREAD_HZ_MEAN_FIELD_NUMBER: _ClassVar[int]
    SPREAD_HZ_STD_FIELD_NUMBER: _ClassVar[int]
    SKEWNESS_MEAN_FIELD_NUMBER: _ClassVar[int]
    SKEWNESS_STD_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_MEAN_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_STD_FIELD_NUMBER: _ClassVar[int]
    FLUX_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLUX_STD_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_STD_FIELD_NUMBER: _ClassVar[int]
    ENTROPY_BITS_MEAN_FIELD_NUMBER: _ClassVar[int]
    ENTROPY_BITS_STD_FIELD_NUMBER: _ClassVar[int]
    CREST_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    CREST_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    COMPLEXITY_MEAN_FIELD_NUMBER: _ClassVar[int]
    COMPLEXITY_STD_FIELD_NUMBER: _ClassVar[int]
    DECREASE_MEAN_FIELD_NUMBER: _ClassVar[int]
    DECREASE_STD_FIELD_NUMBER: _ClassVar[int]
    STRONG_PEAK_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    STRONG_PEAK_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    HFC_MEAN_FIELD_NUMBER: _ClassVar[int]
    HFC_STD_FIELD_NUMBER: _ClassVar[int]
    ZERO_CROSSING_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ZERO_CROSSING_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_LOW_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_LOW_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_MIDLOW_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_MIDLOW_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_MIDHIGH_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_MIDHIGH_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    ENERGY_HIGH_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ENERGY_HIGH_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    CONTRAST_MEAN_FIELD_NUMBER: _ClassVar[int]
    VALLEY_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    FLUX_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    SKEWNESS_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    KURTOSIS_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_RATIO_STD_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_RATIO_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    centroid_hz_mean: float
    centroid_hz_std: float
    rolloff_hz_mean: float
    rolloff_hz_std: float
    spread_hz_mean: float
    spread_hz_std: float
    skewness_mean: float
    skewness_std: float
    kurtosis_mean: float
    kurtosis_std: float
    flux_mean: float
    flux_std: float
    flatness_mean: float
    flatness_std: float
    entropy_bits_mean: float
    entropy_bits_std: float
    crest_ratio_mean: float
    crest_ratio_std: float
    complexity_mean: float
    complexity_std: float
    decrease_mean: float
    decrease_std: float
    strong_peak_ratio_mean: float
    strong_peak_ratio_std: float
    hfc_mean: float
    hfc_std: float
    zero_crossing_ratio_mean: float
    zero_crossing_ratio_std: float
    energy_low_ratio_mean: float
    energy_low_ratio_std: float
    energy_midlow_ratio_mean: float
    energy_midlow_ratio_std: float
    energy_midhigh_ratio_mean: float
    energy_midhigh_ratio_std: float
    energy_high_ratio_mean: float
    energy_high_ratio_std: float
    contrast_mean: _containers.RepeatedScalarFieldContainer[float]
    valley_mean: _containers.RepeatedScalarFieldContainer[float]
    flatness_median: float
    flux_median: float
    skewness_median: float
    kurtosis_median: float
    flatness_ratio_mean: float
    flatness_ratio_std: float
    flatness_ratio_median: float
    def __init__(self, centroid_hz_mean: _Optional[float] = ..., centroid_hz_std: _Optional[float] = ..., rolloff_hz_mean: _Optional[float] = ..., rolloff_hz_std: _Optional[float] = ..., spread_hz_mean: _Optional[float] = ..., spread_hz_std: _Optional[float] = ..., skewness_mean: _Optional[float] = ..., skewness_std: _Optional[float] = ..., kurtosis_mean: _Optional[float] = ..., kurtosis_std: _Optional[float] = ..., flux_mean: _Optional[float] = ..., flux_std: _Optional[float] = ..., flatness_mean: _Optional[float] = ..., flatness_std: _Optional[float] = ..., entropy_bits_mean: _Optional[float] = ..., entropy_bits_std: _Optional[float] = ..., crest_ratio_mean: _Optional[float] = ..., crest_ratio_std: _Optional[float] = ..., complexity_mean: _Optional[float] = ..., complexity_std: _Optional[float] = ..., decrease_mean: _Optional[float] = ..., decrease_std: _Optional[float] = ..., strong_peak_ratio_mean: _Optional[float] = ..., strong_peak_ratio_std: _Optional[float] = ..., hfc_mean: _Optional[float] = ..., hfc_std: _Optional[float] = ..., zero_crossing_ratio_mean: _Optional[float] = ..., zero_crossing_ratio_std: _Optional[float] = ..., energy_low_ratio_mean: _Optional[float] = ..., energy_low_ratio_std: _Optional[float] = ..., energy_midlow_ratio_mean: _Optional[float] = ..., energy_midlow_ratio_std: _Optional[float] = ..., energy_midhigh_ratio_mean: _Optional[float] = ..., energy_midhigh_ratio_std: _Optional[float] = ..., energy_high_ratio_mean: _Optional[float] = ..., energy_high_ratio_std: _Optional[float] = ..., contrast_mean: _Optional[_Iterable[float]] = ..., valley_mean: _Optional[_Iterable[float]] = ..., flatness_median: _Optional[float] = ..., flux_median: _Optional[float] = ..., skewness_median: _Optional[float] = ..., kurtosis_median: _Optional[float] = ..., flatness_ratio_mean: _Optional[float] = ..., flatness_ratio_std: _Optional[float] = ..., flatness_ratio_median: _Optional[float] = ...) -> None: ...

class Timbral(_message.Message):
    __slots__ = ("brightness", "roughness", "hardness", "depth", "booming", "reverberation", "sharpness", "warmth", "reverberation_seconds")
    BRIGHTNESS_FIELD_NUMBER: _ClassVar[int]
    ROUGHNESS_FIELD_NUMBER: _ClassVar[int]
    HARDNESS_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    BOOMING_FIELD_NUMBER: _ClassVar[int]
    REVERBERATION_FIELD_NUMBER: _ClassVar[int]
    SHARPNESS_FIELD_NUMBER: _ClassVar[int]
    WARMTH_FIELD_NUMBER: _ClassVar[int]
    REVERBERATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    brightness: float
    roughness: float
    hardness: float
    depth: float
    booming: float
    reverberation: float
    sharpness: float
    warmth: float
    reverberation_seconds: float
    def __init__(self, brightness: _Optional[float] = ..., roughness: _Optional[float] = ..., hardness: _Optional[float] = ..., depth: _Optional[float] = ..., booming: _Optional[float] = ..., reverberation: _Optional[float] = ..., sharpness: _Optional[float] = ..., warmth: _Optional[float] = ..., reverberation_seconds: _Optional[float] = ...) -> None: ...

class Aesthetics(_message.Message):
    __slots__ = ("content_enjoyment", "content_usefulness", "production_complexity", "production_quality", "model")
    CONTENT_ENJOYMENT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_USEFULNESS_FIELD_NUMBER: _ClassVar[int]
    PRODUCTION_COMPLEXITY_FIELD_NUMBER: _ClassVar[int]
    PRODUCTION_QUALITY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    content_enjoyment: float
    content_usefulness: float
    production_complexity: float
    production_quality: float
    model: str
    def __init__(self, content_enjoyment: _Optional[float] = ..., content_usefulness: _Optional[float] = ..., production_complexity: _Optional[float] = ..., production_quality: _Optional[float] = ..., model: _Optional[str] = ...) -> None: ...

class StemFeatures(_message.Message):
    __slots__ = ("name", "integrated_lufs", "loudness_range_lu", "onset_count", "onset_density_hz_mean", "onset_density_hz2_variance", "syncopation", "rhythmic_complexity", "rhythmic_evenness", "harmonic_movement", "harmonic_variance", "beats_from")
    NAME_FIELD_NUMBER: _ClassVar[int]
    INTEGRATED_LUFS_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_RANGE_LU_FIELD_NUMBER: _ClassVar[int]
    ONSET_COUNT_FIELD_NUMBER: _ClassVar[int]
    ONSET_DENSITY_HZ_MEAN_FIELD_NUMBER: _ClassVar[int]
    ONSET_DENSITY_HZ2_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    SYNCOPATION_FIELD_NUMBER: _ClassVar[int]
    RHYTHMIC_COMPLEXITY_FIELD_NUMBER: _ClassVar[int]
    RHYTHMIC_EVENNESS_FIELD_NUMBER: _ClassVar[int]
    HARMONIC_MOVEMENT_FIELD_NUMBER: _ClassVar[int]
    HARMONIC_VARIANCE_FIELD_NUMBER: _ClassVar[int]
    BEATS_FROM_FIELD_NUMBER: _ClassVar[int]
    name: str
    integrated_lufs: float
    loudness_range_lu: float
    onset_count: int
    onset_density_hz_mean: float
    onset_density_hz2_variance: float
    syncopation: float
    rhythmic_complexity: float
    rhythmic_evenness: float
    harmonic_movement: float
    harmonic_variance: float
    beats_from: str
    def __init__(self, name: _Optional[str] = ..., integrated_lufs: _Optional[float] = ..., loudness_range_lu: _Optional[float] = ..., onset_count: _Optional[int] = ..., onset_density_hz_mean: _Optional[float] = ..., onset_density_hz2_variance: _Optional[float] = ..., syncopation: _Optional[float] = ..., rhythmic_complexity: _Optional[float] = ..., rhythmic_evenness: _Optional[float] = ..., harmonic_movement: _Optional[float] = ..., harmonic_variance: _Optional[float] = ..., beats_from: _Optional[str] = ...) -> None: ...

class Timbre(_message.Message):
    __slots__ = ("mfcc_mean", "mfcc_std", "gfcc_mean", "gfcc_std")
    MFCC_MEAN_FIELD_NUMBER: _ClassVar[int]
    MFCC_STD_FIELD_NUMBER: _ClassVar[int]
    GFCC_MEAN_FIELD_NUMBER: _ClassVar[int]
    GFCC_STD_FIELD_NUMBER: _ClassVar[int]
    mfcc_mean: _containers.RepeatedScalarFieldContainer[float]
    mfcc_std: _containers.RepeatedScalarFieldContainer[float]
    gfcc_mean: _containers.RepeatedScalarFieldContainer[float]
    gfcc_std: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, mfcc_mean: _Optional[_Iterable[float]] = ..., mfcc_std: _Optional[_Iterable[float]] = ..., gfcc_mean: _Optional[_Iterable[float]] = ..., gfcc_std: _Optional[_Iterable[float]] = ...) -> None: ...

class Structure(_message.Message):
    __slots__ = ("log_attack_time", "effective_duration_seconds", "temporal_centroid_ratio", "fade_in_seconds", "fade_out_seconds", "segment_count", "segment_seconds_mean", "segment_seconds_std", "sections", "section_kind_count", "repeated_ratio")
    LOG_ATTACK_TIME_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_DURATION_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TEMPORAL_CENTROID_RATIO_FIELD_NUMBER: _ClassVar[int]
    FADE_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    FADE_OUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_SECONDS_MEAN_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_SECONDS_STD_FIELD_NUMBER: _ClassVar[int]
    SECTIONS_FIELD_NUMBER: _ClassVar[int]
    SECTION_KIND_COUNT_FIELD_NUMBER: _ClassVar[int]
    REPEATED_RATIO_FIELD_NUMBER: _ClassVar[int]
    log_attack_time: float
    effective_duration_seconds: float
    temporal_centroid_ratio: float
    fade_in_seconds: float
    fade_out_seconds: float
    segment_count: int
    segment_seconds_mean: float
    segment_seconds_std: float
    sections: _containers.RepeatedCompositeFieldContainer[Section]
    section_kind_count: int
    repeated_ratio: float
    def __init__(self, log_attack_time: _Optional[float] = ..., effective_duration_seconds: _Optional[float] = ..., temporal_centroid_ratio: _Optional[float] = ..., fade_in_seconds: _Optional[float] = ..., fade_out_seconds: _Optional[float] = ..., segment_count: _Optional[int] = ..., segment_seconds_mean: _Optional[float] = ..., segment_seconds_std: _Optional[float] = ..., sections: _Optional[_Iterable[_Union[Section, _Mapping]]] = ..., section_kind_count: _Optional[int] = ..., repeated_ratio: _Optional[float] = ...) -> None: ...

class Series(_message.Message):
    __slots__ = ("beat_seconds", "onset_seconds", "chords", "segment_border_seconds", "short_term_lufs", "melody_seconds", "melody_hz", "notes", "downbeat_seconds", "windows", "tempo_curve")
    BEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    ONSET_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CHORDS_FIELD_NUMBER: _ClassVar[int]
    SEGMENT_BORDER_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SHORT_TERM_LUFS_FIELD_NUMBER: _ClassVar[int]
    MELODY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MELODY_HZ_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    DOWNBEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    WINDOWS_FIELD_NUMBER: _ClassVar[int]
    TEMPO_CURVE_FIELD_NUMBER: _ClassVar[int]
    beat_seconds: _containers.RepeatedScalarFieldContainer[float]
    onset_seconds: _containers.RepeatedScalarFieldContainer[float]
    chords: _containers.RepeatedCompositeFieldContainer[Chord]
    segment_border_seconds: _containers.RepeatedScalarFieldContainer[float]
    short_term_lufs: _containers.RepeatedScalarFieldContainer[float]
    melody_seconds: _containers.RepeatedScalarFieldContainer[float]
    melody_hz: _containers.RepeatedScalarFieldContainer[float]
    notes: _containers.RepeatedCompositeFieldContainer[Note]
    downbeat_seconds: _containers.RepeatedScalarFieldContainer[float]
    windows: _containers.RepeatedCompositeFieldContainer[WindowFeatures]
    tempo_curve: _containers.RepeatedCompositeFieldContainer[TempoPoint]
    def __init__(self, beat_seconds: _Optional[_Iterable[float]] = ..., onset_seconds: _Optional[_Iterable[float]] = ..., chords: _Optional[_Iterable[_Union[Chord, _Mapping]]] = ..., segment_border_seconds: _Optional[_Iterable[float]] = ..., short_term_lufs: _Optional[_Iterable[float]] = ..., melody_seconds: _Optional[_Iterable[float]] = ..., melody_hz: _Optional[_Iterable[float]] = ..., notes: _Optional[_Iterable[_Union[Note, _Mapping]]] = ..., downbeat_seconds: _Optional[_Iterable[float]] = ..., windows: _Optional[_Iterable[_Union[WindowFeatures, _Mapping]]] = ..., tempo_curve: _Optional[_Iterable[_Union[TempoPoint, _Mapping]]] = ...) -> None: ...

class TempoPoint(_message.Message):
    __slots__ = ("seconds", "bpm")
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    seconds: float
    bpm: float
    def __init__(self, seconds: _Optional[float] = ..., bpm: _Optional[float] = ...) -> None: ...

class WindowFeatures(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "loudness_lufs", "rms_dbfs", "centroid_hz_mean", "flux_mean", "flatness_ratio_mean", "onset_rate_hz", "bpm")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LOUDNESS_LUFS_FIELD_NUMBER: _ClassVar[int]
    RMS_DBFS_FIELD_NUMBER: _ClassVar[int]
    CENTROID_HZ_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLUX_MEAN_FIELD_NUMBER: _ClassVar[int]
    FLATNESS_RATIO_MEAN_FIELD_NUMBER: _ClassVar[int]
    ONSET_RATE_HZ_FIELD_NUMBER: _ClassVar[int]
    BPM_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    loudness_lufs: float
    rms_dbfs: float
    centroid_hz_mean: float
    flux_mean: float
    flatness_ratio_mean: float
    onset_rate_hz: float
    bpm: float
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., loudness_lufs: _Optional[float] = ..., rms_dbfs: _Optional[float] = ..., centroid_hz_mean: _Optional[float] = ..., flux_mean: _Optional[float] = ..., flatness_ratio_mean: _Optional[float] = ..., onset_rate_hz: _Optional[float] = ..., bpm: _Optional[float] = ...) -> None: ...

class Chord(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "name", "strength", "similarity", "root", "quality", "bass", "harte")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    SIMILARITY_FIELD_NUMBER: _ClassVar[int]
    ROOT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    BASS_FIELD_NUMBER: _ClassVar[int]
    HARTE_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    name: str
    strength: float
    similarity: float
    root: str
    quality: str
    bass: str
    harte: str
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., name: _Optional[str] = ..., strength: _Optional[float] = ..., similarity: _Optional[float] = ..., root: _Optional[str] = ..., quality: _Optional[str] = ..., bass: _Optional[str] = ..., harte: _Optional[str] = ...) -> None: ...

class Note(_message.Message):
    __slots__ = ("start_seconds", "end_seconds", "midi", "activation")
    START_SECONDS_FIELD_NUMBER: _ClassVar[int]
    END_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MIDI_FIELD_NUMBER: _ClassVar[int]
    ACTIVATION_FIELD_NUMBER: _ClassVar[int]
    start_seconds: float
    end_seconds: float
    midi: int
    activation: float
    def __init__(self, start_seconds: _Optional[float] = ..., end_seconds: _Optional[float] = ..., midi: _Optional[int] = ..., activation: _Optional[float] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[_evidence_pb2.ModelInfo]
    def __init__(self, models: _Optional[_Iterable[_Union[_evidence_pb2.ModelInfo, _Mapping]]] = ...) -> None: ...

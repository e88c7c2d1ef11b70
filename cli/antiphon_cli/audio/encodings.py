"""The formats of audio that a service can send, by the extensions of their files."""

from __future__ import annotations

from antiphon.audio.v1 import audio_pb2

EXTENSIONS = {
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
    audio_pb2.OUTPUT_ENCODING_AAC: "m4a",
}

ENCODINGS = {extension: encoding for encoding, extension in EXTENSIONS.items()}

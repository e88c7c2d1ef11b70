"""How a call wants the audio that it is sent, checked; and what is told of it."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import invalid
from chassis.encodings import ChoiceError, Encoding
from chassis.reports import BytePatch

NAMES = {
    audio_pb2.OUTPUT_ENCODING_PCM_S16LE: "pcm_s16le",
    audio_pb2.OUTPUT_ENCODING_PCM_F32LE: "pcm_f32le",
    audio_pb2.OUTPUT_ENCODING_FLAC: "flac",
    audio_pb2.OUTPUT_ENCODING_WAV: "wav",
    audio_pb2.OUTPUT_ENCODING_MP3: "mp3",
    audio_pb2.OUTPUT_ENCODING_OPUS: "opus",
    audio_pb2.OUTPUT_ENCODING_AAC: "aac",
    audio_pb2.OUTPUT_ENCODING_VORBIS: "vorbis",
}
NUMBERS = {name: number for number, name in NAMES.items()}
_CHOICES = {"bits_per_sample": "bits", "bit_rate_kbps": "kilobits", "quality": "quality"}


def output_encoding(
    number: audio_pb2.OutputEncoding,
    options: audio_pb2.OutputOptions,
    default: str,
    live: bool = False,
    tags: bool = False,
) -> Encoding:
    """Reads how a call wants its audio.

    Args:
        number: ``config.output_encoding``.
        options: ``config.output_options``.
        default: Name of the encoding where none is asked for.
        live: Whether the audio is of a live call.
        tags: Whether the tags of the upload are to be in it.

    Raises:
        AntiphonError: INVALID_ARGUMENT: ``OUTPUT_ENCODING`` for one that is not known, ``OUTPUT_OPTIONS`` for a choice
            that it does not have.
    """
    name = default if number == audio_pb2.OUTPUT_ENCODING_UNSPECIFIED else NAMES.get(number)
    if name is None:
        message = f"output_encoding {number} is not known; see OutputEncoding"
        raise invalid("OUTPUT_ENCODING", message, field="config.output_encoding", value=number)
    chosen = {own: getattr(options, field) for field, own in _CHOICES.items() if options.HasField(field)}
    try:
        return Encoding(name, live=live, tags=tags, **chosen)
    except ChoiceError as error:
        field = "config." + ("keep_tags" if error.choice == "keep_tags" else f"output_options.{error.choice}")
        raise invalid("OUTPUT_OPTIONS", str(error), field=field, encoding=name) from None


def patch_messages(patches: Iterable[BytePatch]) -> list[audio_pb2.BytePatch]:
    """Tells what to write into a stream to make a whole file of it."""
    return [audio_pb2.BytePatch(byte_offset=each.offset, data=each.data) for each in patches]

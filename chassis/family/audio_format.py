"""What a call says of its audio, checked: how to read it, and which part of it is meant."""

from __future__ import annotations

from antiphon.audio.v1 import audio_pb2
from antiphon_wire.errors import invalid
from chassis.bounds import MAX_TRACK
from chassis.reading import RawPcm

_RAW = {audio_pb2.INPUT_ENCODING_PCM_S16LE: "s16le", audio_pb2.INPUT_ENCODING_PCM_F32LE: "f32le"}


def raw_format(format_: audio_pb2.AudioFormat) -> RawPcm | None:
    """How to read headerless PCM; None for a container.

    Raises:
        AntiphonError: AUDIO_FORMAT where rate or channels are missing, superfluous or out of range.
    """
    encoding = _RAW.get(format_.encoding)
    path = "config.audio_format"
    if encoding is None:
        if format_.encoding not in (
            audio_pb2.INPUT_ENCODING_UNSPECIFIED,
            audio_pb2.INPUT_ENCODING_CONTAINER,
        ):
            raise invalid(
                "AUDIO_FORMAT", f"encoding {format_.encoding} is not known; see InputEncoding", field=f"{path}.encoding"
            )
        for name in ("sample_rate_hertz", "channel_count"):
            if format_.HasField(name):
                raise invalid(
                    "AUDIO_FORMAT", f"{name} is for PCM only; a container says it itself", field=f"{path}.{name}"
                )
        return None
    rate, channels = format_.sample_rate_hertz, format_.channel_count
    if not 4_000 <= rate <= 384_000:
        raise invalid(
            "AUDIO_SAMPLE_RATE",
            f"PCM at {rate} Hz; give sample_rate_hertz from 4000 to 384000",
            field=f"{path}.sample_rate_hertz",
            sample_rate=rate,
        )
    if not 1 <= channels <= 8:
        raise invalid(
            "AUDIO_CHANNEL_COUNT",
            f"PCM with {channels} channels; give channel_count from 1 to 8",
            field=f"{path}.channel_count",
            channels=channels,
        )
    return RawPcm(encoding, rate, channels)


def track_number(format_: audio_pb2.AudioFormat) -> int | None:
    """Which audio track is wanted, from 0; None for the default one.

    Raises:
        AntiphonError: AUDIO_FORMAT where it is given for PCM; AUDIO_TRACK where there can be no such track.
    """
    if not format_.HasField("track"):
        return None
    path = "config.audio_format.track"
    if format_.encoding in _RAW:
        raise invalid("AUDIO_FORMAT", "PCM has no tracks; leave track out", field=path)
    if not 0 <= format_.track <= MAX_TRACK:
        message = f"there is no audio track {format_.track}; give 0 to {MAX_TRACK}, or leave track out"
        raise invalid("AUDIO_TRACK", message, field=path, track=format_.track)
    return format_.track


def clip_range(clip: audio_pb2.ClipRange | None) -> tuple[float, float | None]:
    """Start and end of a clip in seconds; the end None for the end of the audio.

    Raises:
        AntiphonError: CLIP_RANGE where it is empty or starts before the beginning.
    """
    if clip is None:
        return 0.0, None
    start = clip.start_offset.ToNanoseconds() / 1e9
    end = clip.end_offset.ToNanoseconds() / 1e9 if clip.HasField("end_offset") else None
    if start < 0 or (end is not None and end <= start):
        raise invalid(
            "CLIP_RANGE",
            f"the clip runs from {start:g} s to {'the end' if end is None else end}; it must end after its start",
            field="config.clip",
            start_seconds=start,
            end_seconds=end,
        )
    return start, end

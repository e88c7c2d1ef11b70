"""Turns one released pickle of audiocraft into one file that engine audiocraft loads; run when a model is pulled.

``python -m services.generation.audiocraft_release.conversion VERB OUT INPUT…``

:mod:`services.generation.conversion` does the same to a folder that a person has. torch's unpickler builds tensors and
plain values; no code of a checkpoint runs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from chassis.models import converter
from chassis.models.converter import ConversionError
from services.generation.conversion import configuration, package, part, save, write

_CODEC_32_KHZ = "facebook/encodec_32khz"
"""What a release may name instead of its codec: the one that MusicGen's releases carry whole."""


def weights(out: Path, release: Path) -> None:
    """Writes the weights of a language model or a codec as safetensors."""
    save(out, part(_whole(release), "best_state", release))


def config(out: Path, release: Path) -> None:
    """Writes the configuration that a language model or a codec was trained by, as JSON."""
    write(out, configuration(_whole(release), release))


def codec_weights(out: Path, release: Path, codec_32_khz: Path) -> None:
    """Writes the weights of a release's codec, or of the one at 32 kHz where the release only names that."""
    chosen = _codec(release, codec_32_khz)
    save(out, part(_whole(chosen), "best_state", chosen))


def codec_config(out: Path, release: Path, codec_32_khz: Path) -> None:
    """Writes the configuration of a release's codec, or of the one at 32 kHz where the release only names that."""
    chosen = _codec(release, codec_32_khz)
    write(out, configuration(_whole(chosen), chosen))


def audiogen(out: Path, release: Path) -> None:
    """Writes that the language model is AudioGen's."""
    _kind(out, release, "audiogen")


def magnet(out: Path, release: Path) -> None:
    """Writes that the language model is MAGNeT's."""
    _kind(out, release, "magnet")


def _kind(out: Path, release: Path, kind: str) -> None:
    """A release does not say what it is, but for MAGNeT's, which have a language model of another class."""
    found = configuration(_whole(release), release).get("lm_model")
    if (kind == "magnet") != (found == "transformer_lm_magnet"):
        raise ConversionError(f"{release.name}: its language model is {found!r:.80}, which is not of a {kind}")
    write(out, {"kind": kind})


def _codec(release: Path, codec_32_khz: Path) -> Path:
    reference = package(release).get("pretrained")
    if reference is None:
        return release
    if reference != _CODEC_32_KHZ:
        raise ConversionError(f"{release.name}: names the codec {reference!r:.200}; only {_CODEC_32_KHZ} is known")
    return codec_32_khz


def _whole(release: Path) -> dict[Any, Any]:
    found = package(release)
    if "pretrained" in found:
        raise ConversionError(f"{release.name}: is no checkpoint but names another, {found['pretrained']!r:.200}")
    return found


def main(arguments: list[str] | None = None) -> int:
    """Runs one conversion; see :func:`chassis.models.converter.main`."""
    verbs = (weights, config, codec_weights, codec_config, audiogen, magnet)
    return converter.main("services.generation.audiocraft_release.conversion", __doc__, *verbs, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())

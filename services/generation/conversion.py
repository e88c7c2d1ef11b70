"""Turns checkpoints of audiocraft, which are pickles, into the files that engine audiocraft loads.

    .venvs/generation-audiocraft/bin/python -m services.generation.conversion FOLDER OUT --kind musicgen

FOLDER holds ``state_dict.bin`` and ``compression_state_dict.bin`` as they are released, and, where they are wanted,
``t5/`` with the text encoder in the format of transformers, and ``diffusion.th``, the weights of multi-band diffusion.
torch's unpickler builds tensors and plain values, and for diffusion configurations; no code of a checkpoint runs.
"""

from __future__ import annotations

import argparse
import collections
import json
import shutil
import sys
import typing
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, ListConfig, OmegaConf, base, nodes
from safetensors.torch import save_file

from chassis.models.converter import ConversionError, refusal

KINDS = ("musicgen", "audiogen", "magnet")

_MOST_BANDS = 64

_CONFIGURATION = [
    *(DictConfig, ListConfig, base.ContainerMetadata, base.Metadata),
    *(nodes.AnyNode, nodes.StringNode, nodes.IntegerNode, nodes.FloatNode, nodes.BooleanNode),
    *(collections.defaultdict, typing.Any, dict, list, int, float, str, bool),
]
"""What a pickled configuration is made of; each keeps data and does nothing else."""


def audiocraft(folder: Path, out: Path, kind: str) -> None:
    """Writes the files of a model into the folder ``out``.

    Args:
        folder: The released files.
        out: A folder, made where it is missing.
        kind: One of ``KINDS``.

    Raises:
        ConversionError: a file is missing, is refused, or holds something else.
    """
    parts = {"lm": folder / "state_dict.bin", "compression": folder / "compression_state_dict.bin"}
    read = {name: package(path) for name, path in parts.items()}
    diffusion = package(folder / "diffusion.th", _CONFIGURATION) if (folder / "diffusion.th").is_file() else None
    out.mkdir(parents=True, exist_ok=True)
    write(out / "model.json", {"kind": kind})
    for name, found in read.items():
        if "pretrained" in found:
            reference = found["pretrained"]
            raise ConversionError(
                f"{parts[name].name}: is no checkpoint but names another, {reference!r}; bring that one"
            )
        save(out / f"{name}.safetensors", part(found, "best_state", parts[name]))
        write(out / f"{name}.json", configuration(found, parts[name]))
    if diffusion is not None:
        _diffusion(diffusion, out, folder / "diffusion.th")
    if (folder / "t5").is_dir():
        (out / "t5").mkdir(exist_ok=True)
        for path in _text_encoder(folder):
            shutil.copyfile(path, out / "t5" / path.name)


def _text_encoder(folder: Path) -> list[Path]:
    return [path for path in (folder / "t5").glob("*") if path.suffix in (".json", ".safetensors", ".model")]


def _diffusion(read: dict[Any, Any], out: Path, path: Path) -> None:
    count = part(read, "n_bands", path)
    if not isinstance(count, int) or not 0 < count <= _MOST_BANDS:
        raise ConversionError(f"{path.name}: has {count!r:.40} bands; wanted 1 to {_MOST_BANDS}")
    bands = [part(read, index, path) for index in range(count)]
    tensors = {
        f"{index}.{name}.{key}": tensor
        for index, band in enumerate(bands)
        for name in ("model", "processor")
        for key, tensor in part(band, f"{name}_state", path).items()
    }
    save(out / "diffusion.safetensors", tensors)
    configs = [_plain(part(band, "cfg", path)) for band in bands]
    write(out / "diffusion.json", {"sample_rate": part(read, "sample_rate", path), "bands": configs})


def package(path: Path, allowed: typing.Sequence[Any] = ()) -> dict[Any, Any]:
    """Reads a released file without running anything of it; raises ConversionError where it is no dictionary."""
    try:
        with torch.serialization.safe_globals(list(allowed)):
            found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise ConversionError(f"{path}: {error.strerror or error}") from error
    except Exception as error:  # a damaged or a hostile pickle may raise nearly anything
        reason = (str(error).strip().splitlines() or [""])[0]
        raise ConversionError(f"{path.name}: is refused ({type(error).__name__}: {reason})") from error
    if not isinstance(found, dict):
        raise ConversionError(f"{path.name}: holds {type(found).__name__}; wanted a dictionary")
    return found


def part(read: Any, key: Any, path: Path) -> Any:
    """One entry of a dictionary that was read from ``path``; raises ConversionError where it is not there."""
    if not isinstance(read, dict) or key not in read:
        what = ", ".join(map(str, read)) if isinstance(read, dict) else type(read).__name__
        raise ConversionError(f"{path.name}: has no {key!r}, only {what:.200}")
    return read[key]


def configuration(read: dict[Any, Any], path: Path) -> dict[str, Any]:
    """The configuration within a released file, of plain values; raises ConversionError where there is none."""
    found = _plain(OmegaConf.create(part(read, "xp.cfg", path)))
    if not isinstance(found, dict):
        raise ConversionError(f"{path.name}: its configuration is {type(found).__name__}; wanted a dictionary")
    return found


def _plain(config: Any) -> Any:
    return OmegaConf.to_container(config) if OmegaConf.is_config(config) else config


def save(path: Path, tensors: Any) -> None:
    """Writes named tensors as safetensors, in the order of their names; raises ConversionError for anything else."""
    if not isinstance(tensors, dict) or not tensors:
        raise ConversionError(f"{path.name}: wanted named tensors")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor) or tensor.layout != torch.strided:
            raise ConversionError(f"{path.name}: wanted named tensors, and {name!r:.80} is none")
        # One that was spread over a few bytes would take as much memory as it claims.
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise ConversionError(f"{path.name}: tensor {name} has more values than its file holds")
    save_file({name: tensors[name].contiguous().clone() for name in sorted(tensors)}, path)


def write(path: Path, content: Any) -> None:
    """Writes plain values as JSON, the same bytes on every machine."""
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> int:
    """Converts what the command line names; returns 1 where a checkpoint is refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the released files")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for the files that the engine loads")
    parser.add_argument("--kind", choices=KINDS, required=True)
    options = parser.parse_args()
    folder: Path = options.folder
    inputs = [folder / name for name in ("state_dict.bin", "compression_state_dict.bin")]
    inputs += [path for path in (folder / "diffusion.th", *_text_encoder(folder)) if path.exists()]
    refused = refusal(lambda: audiocraft(folder, options.out, options.kind), inputs)
    if refused:
        sys.stderr.write(f"error: {refused}\n")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())

"""Turns published separation checkpoints, which are pickles, into safetensors files; run once, when a model is pulled.

``python -m services.separation.conversion spleeter OUT VOCALS_CKPT ACCOMPANIMENT_CKPT``
``python -m services.separation.conversion demucs OUT CHECKPOINT_TH``

Spleeter's checkpoints are read by an unpickler that builds float32 arrays and nothing else; Demucs' by torch's, which
builds tensors and plain values, with the classes of the networks and of the quantiser replaced by their names. So no
code in a checkpoint runs. The output is the same bytes on every machine: tensors in the order of their names, nothing
taken from the clock or the environment.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from chassis.models import converter
from chassis.models.converter import ConversionError
from chassis.models.safetensors_file import write_safetensors
from services.separation.spleeter_checkpoint.arrays import read_checkpoint

SPLEETER_STEMS = ("vocals", "accompaniment")
"""Stems of the 2-stem model, in the order of its checkpoint files."""

DEMUCS_CLASSES = ("demucs.demucs.Demucs", "demucs.hdemucs.HDemucs", "demucs.htdemucs.HTDemucs")
"""What a Demucs checkpoint may be of."""

SPLEETER_METADATA = {"format": "spleeter-unet", "sample_rate": "44100", "stems": ",".join(SPLEETER_STEMS)}

_SPLEETER_KEY = re.compile(r"(?P<side>down|up)(?P<level>[1-7])(?:_(?P<kind>conv|act))?\.(?P<index>\d)\.(?P<what>\w+)")


def spleeter(out: Path, vocals: Path, accompaniment: Path) -> None:
    """Writes both networks of Spleeter's 2-stem model into the safetensors file ``out``.

    Tensor names are ``<stem>.<block>.<level>.<what>``: blocks ``down`` and ``up`` are convolutions, ``down_norm`` and
    ``up_norm`` the batch norms after them, levels 0 to 5; ``<stem>.mask.<what>`` is the last convolution.

    Raises:
        ConversionError: a checkpoint holds anything but named float32 arrays of that network.
    """
    tensors: dict[str, np.ndarray] = {}
    for stem, path in zip(SPLEETER_STEMS, (vocals, accompaniment), strict=True):
        for key, array in read_checkpoint(path).items():
            name = f"{stem}.{_spleeter_name(key)}"
            if name in tensors:
                raise ConversionError(f"{path.name}: two tensors are named {name}")
            tensors[name] = array
    write_safetensors(out, tensors, SPLEETER_METADATA)


def demucs(out: Path, checkpoint: Path) -> None:
    """Writes one network, as demucs pickles them, into the safetensors file ``out``, as demucs publishes newer ones.

    Metadata: ``klass``, ``args`` and ``kwargs`` of its constructor, as JSON. Tensors keep their number format; those of
    a quantised checkpoint (DiffQ) become float32.

    Raises:
        ConversionError: the checkpoint is of another class, or holds what no network needs.
    """
    # Only where they are needed: the other conversion does without torch.
    import torch

    from services.separation.engines.demucs.quantised import QUANTIZER

    names = (*DEMUCS_CLASSES, QUANTIZER)
    stand_ins: list[Any] = [(type("Named", (), {"full_name": name}), name) for name in names]
    try:
        with torch.serialization.safe_globals([*stand_ins, (_fraction, "fractions.Fraction")]):
            package = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged or a hostile pickle may raise nearly anything
        reason = str(error).strip().splitlines()[:1]
        raise ConversionError(f"{checkpoint.name}: is refused ({type(error).__name__}: {''.join(reason)})") from error
    if not isinstance(package, dict) or not {"klass", "args", "kwargs", "state"} <= package.keys():
        raise ConversionError(f"{checkpoint.name}: holds no klass, args, kwargs and state")
    name = getattr(package["klass"], "full_name", None)
    if name not in DEMUCS_CLASSES:
        raise ConversionError(f"{checkpoint.name}: its class is {package['klass']!r}, none of {DEMUCS_CLASSES}")
    state = package["state"]
    if isinstance(state, dict) and "__quantized" in state:
        state = _dequantised(checkpoint, name, package)
    if not isinstance(state, dict):
        raise ConversionError(f"{checkpoint.name}: its weights are {type(state).__name__}; wanted a dictionary")
    tensors = {}
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, torch.Tensor):
            raise ConversionError(f"{checkpoint.name}: entry {key!r} is no tensor")
        tensors[key] = _array(checkpoint, key, value)
    try:
        arguments = {each: json.dumps(package[each], default=_plain, sort_keys=True) for each in ("args", "kwargs")}
    except (TypeError, ValueError) as error:
        raise ConversionError(f"{checkpoint.name}: arguments that are no plain values ({error})") from error
    write_safetensors(out, tensors, {"klass": name, **arguments})


def _array(checkpoint: Path, key: str, tensor: Any) -> np.ndarray:
    """A plain tensor's values; one that claims more of them than its file holds is none."""
    try:
        held = tensor.untyped_storage().nbytes()
        if tensor.numel() * tensor.element_size() > held:
            raise ConversionError(f"{checkpoint.name}: tensor {key} has {tensor.numel()} values in {held} bytes")
        array: np.ndarray = tensor.detach().contiguous().numpy()
    except (TypeError, RuntimeError, NotImplementedError) as error:  # sparse, quantised, of no memory, of no number
        raise ConversionError(f"{checkpoint.name}: tensor {key} is no plain array ({error})") from error
    return array


def _dequantised(checkpoint: Path, name: str, package: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of a quantised network, which are packed in the order in which the network's code makes them."""
    from services.separation.engines.demucs import quantised
    from services.separation.engines.demucs.weights import CLASSES

    known = inspect.signature(CLASSES[name]).parameters
    try:
        kwargs = {key: value for key, value in package["kwargs"].items() if key in known}
        return quantised.unpacked(CLASSES[name](*package["args"], **kwargs), package["state"])
    except Exception as error:  # whatever a constructor makes of arguments that are not its own
        raise ConversionError(f"{checkpoint.name}: {str(error)[:400]}") from error


def _fraction(*parts: object) -> Fraction:
    # Newer Pythons pickle numerator and denominator, older ones the text.
    if len(parts) == 1 and isinstance(parts[0], str):
        return Fraction(parts[0])
    numerator, denominator = (part if isinstance(part, int) else 0 for part in parts)
    return Fraction(numerator, denominator)


def _plain(value: object) -> object:
    """What JSON has no word for, as demucs writes it."""
    if isinstance(value, Fraction):
        return {"_type": "fraction", "numerator": value.numerator, "denominator": value.denominator}
    raise TypeError(f"{type(value).__name__} is no plain value")


def _spleeter_name(key: str) -> str:
    match = _SPLEETER_KEY.fullmatch(key)
    if match is None:
        raise ConversionError(f"tensor {key!r} is not part of Spleeter's network")
    level, what = int(match["level"]) - 1, match["what"]
    if match["side"] == "down":
        return f"{'down' if match['kind'] == 'conv' else 'down_norm'}.{level}.{what}"
    if level == 6:
        return f"mask.{what}"
    # In each `upN` the convolution is the first layer; the batch norm follows the activation and the dropout.
    return f"{'up' if match['index'] == '0' else 'up_norm'}.{level}.{what}"


def main(arguments: list[str] | None = None) -> int:
    """Runs one conversion; see :func:`chassis.models.converter.main`."""
    return converter.main("services.separation.conversion", __doc__, spleeter, demucs, arguments=arguments)


if __name__ == "__main__":
    sys.exit(main())

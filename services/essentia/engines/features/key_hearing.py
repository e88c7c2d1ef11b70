"""Asks the network of keys about a window, and writes what was decided about the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray

from chassis.reports import WarningReport
from services.essentia.contract import MADMOM_KEY, SAMPLE_RATE
from services.essentia.engines.features.key import Heard, Key
from services.essentia.engines.features.sheet import Evidence, Sheet
from services.essentia.engines.features.values import Values

FIELD = "tonal.key_entropy_bits"


def hear(sheet: Sheet) -> Heard | None:
    """Asks the network about a window, and leaves its evidence on the sheet.

    None where nobody chose the network, or it is damaged, which is warned of, or the window is too short. Music that is
    tuned far from 440 Hz is heard as if it were played at the speed at which it is in tune.
    """
    if sheet.networks is None:
        return None
    network = sheet.networks.keys(FIELD)
    if isinstance(network, WarningReport):
        sheet.warnings.append(network)
    if network is None or isinstance(network, WarningReport):
        return None
    # Imported with ONNX Runtime, and so only where there is a network.
    from services.essentia.networks.keys import ROW_SECONDS

    speed = 2 ** (-sheet.tuned_cents / 1200)
    listener = network.listen(round(SAMPLE_RATE * speed))
    listener.add(sheet.clip.evened())
    rows = network.evidence(listener.finish(), sheet.checkpoint)
    license_spdx = sheet.networks.license_of(MADMOM_KEY)
    sheet.key_evidence = Evidence(MADMOM_KEY, license_spdx, rows, ROW_SECONDS * speed)
    return judge([(0.0, sheet.key_evidence)], 0.0, sheet.clip.seconds)


def judge(windows: Sequence[tuple[float, Evidence | None]], start: float, end: float) -> Heard | None:
    """Judges a stretch of a recording, seconds, by (start, evidence) of its windows; None where there is none of it."""
    chosen: list[NDArray[np.float32]] = []
    last: Evidence | None = None
    for begin, evidence in windows:
        if evidence is not None:
            middles = begin + evidence.row_seconds * (np.arange(len(evidence.rows)) + 0.5)
            chosen.append(evidence.rows[(middles >= start) & (middles < end)])
            last = evidence
    if last is None:
        return None
    from services.essentia.networks.keys import opinion

    found = opinion(np.concatenate(chosen))
    return None if found is None else Heard(last.network, last.license_spdx, found)


def fill(values: Values, found: Key, heard: Heard | None) -> None:
    """Fills the fields of the key."""
    values["key_tonic"], values["key_scale"] = found.tonic, found.scale
    values["key_alternative_tonic"], values["key_alternative_scale"] = found.second
    values["key_estimates"] = tuple(
        {name: value for name, value in asdict(each).items() if value is not None} for each in found.estimates
    )
    values["key_candidates"] = tuple(asdict(each) for each in found.candidates)
    values["key_source"] = found.source
    values.put("key_strength", found.strength)
    values.put("key_agreement", found.agreement)
    values.put("key_margin", found.margin)
    # Empty where it is open: the mode of a window must not stand beside the key of the whole.
    values["key_mode"] = found.mode.name if found.mode is not None else ""
    values.put("key_mode_margin", found.mode.margin if found.mode is not None else None)
    if heard is not None:
        values.put("key_entropy_bits", heard.opinion.entropy_bits)

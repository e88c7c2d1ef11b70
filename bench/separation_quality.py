"""How well separation separates: SDR on mixtures whose parts are known, beside that of the mix itself.

    .venvs/separation/bin/python -m bench.separation_quality [--mixtures 8] [--musdb DIR] [--model NAME …]

Two definitions, named in the table, which differ by some dB on the same audio:

* ``plain``: energy of the true stem over that of the error, in dB, no filter allowed, over the whole excerpt; the one
  of the Music Demixing challenges.
* ``BSS Eval``: the true stem may be filtered by 512 taps, as in BSS Eval version 3, each channel against its own, by
  fast_bss_eval 0.1.4, which is fetched from the package index; left out where it cannot be had.

Every figure is a median over the mixtures of a set. The exit status is 1 where Spleeter's vocals are not 6 dB (plain)
better than the mix itself on speech over music. Models that are not installed are named as not verified.
``--musdb`` (or ``ANTIPHON_MUSDB18HQ``) is a folder of MUSDB18-HQ, for whoever has it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from antiphon_wire.errors import AntiphonError
from bench.separation_mixes import RATE, Mixture, bands, musdb, speech_over_music
from chassis.audio import RawPcm, Source
from chassis.encodings import Encoding
from chassis.models import Store
from services.separation.contract import SeparationRequest, StemBlock
from services.separation.job import Jobs
from services.separation.settings import SeparationSettings

PROJECT = Path(__file__).resolve().parents[1]
METRIC_PACKAGES = ("fast_bss_eval==0.1.4", "scipy==1.17.1")
WANTED_DB = 6.0
SILENT_DB = -60.0
Metric = Callable[[np.ndarray, np.ndarray], float]


@dataclass(frozen=True)
class Clip:
    """A mix as a job is handed it."""

    source: Source

    def checkpoint(self) -> None:
        """Nobody cancels."""


def main() -> int:
    """Prints the table; 1 where the wanted gain is missed."""
    parser = argparse.ArgumentParser(description="SDR of separated stems on mixtures made on the spot.")
    parser.add_argument("--mixtures", type=int, default=8, help="mixtures of each set made on the spot")
    parser.add_argument("--folder", type=Path, default=Path("build/bench"), help="where downloads are kept")
    parser.add_argument("--musdb", type=Path, default=os.environ.get("ANTIPHON_MUSDB18HQ"), help="folder of MUSDB18-HQ")
    parser.add_argument("--musdb-tracks", type=int, help="only so many of its tracks")
    parser.add_argument(
        "--model", action="append", help="model; all of the manifest that are installed where not given"
    )
    options = parser.parse_args()
    store = Store(None, PROJECT / "services" / "separation" / "models.toml")
    names = options.model or [model.name for model in store.manifest.models]
    installed = [name for name in names if store.installed(name)]
    metrics: dict[str, Metric] = {"plain": plain}
    if (bss := _bss_eval(options.folder)) is not None:
        metrics["BSS Eval"] = bss
    else:
        print(f"{METRIC_PACKAGES[0]} cannot be had: its column is left out")
    gain = None
    for name in installed:
        rows = _rows(Jobs(SeparationSettings(device="cpu"), store), name, _mixtures(options), metrics)
        _show(name, rows, list(metrics))
        if name == "spleeter-2stems":
            found = rows.get(("speech over music", "vocals", "plain"), [])
            gain = statistics.median(stem - mix for mix, stem in found) if found else None
    for name in names:
        if name not in installed:
            print(f"\n{name}: not installed, so its quality is not verified (antiphon models pull {name})")
    if gain is None:
        print("\nspleeter-2stems on speech over music: not measured")
        return 1 if options.model is None else 0
    verdict = "as wanted" if gain >= WANTED_DB else "MISSED"
    print(f"\nspleeter-2stems, vocals, speech over music: {gain:.1f} dB better than the mix; {WANTED_DB:g} {verdict}")
    return 0 if gain >= WANTED_DB else 1


def plain(truth: np.ndarray, estimate: np.ndarray) -> float:
    """SDR (dB) without any filter; both ``(channels, samples)``."""
    error = np.square(truth - estimate, dtype=np.float64).sum()
    return float(10 * np.log10(np.square(truth, dtype=np.float64).sum() / max(error, 1e-12)))


def _mixtures(options: argparse.Namespace) -> Iterator[Mixture]:
    yield from bands(options.mixtures)
    yield from speech_over_music(options.folder, options.mixtures)
    if options.musdb is not None:
        yield from musdb(Path(options.musdb), options.musdb_tracks)


def _rows(
    jobs: Jobs, model: str, mixtures: Iterator[Mixture], metrics: dict[str, Metric]
) -> dict[tuple[str, str, str], list[tuple[float, float]]]:
    """Pairs of (mix as the estimate, stem) by set, stem and metric."""
    rows: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    seconds, cpu = 0.0, time.process_time()
    for mixture in mixtures:
        mix = mixture.mix
        estimates = separate(jobs, model, mix)
        seconds += mix.shape[1] / RATE
        for stem, truth in _truths(mixture).items():
            # A stem that is silent in this excerpt has no SDR.
            if stem in estimates and plain(truth, np.zeros_like(truth)) == 0 and _level(truth, mix) > SILENT_DB:
                for name, metric in metrics.items():
                    rows[mixture.set, stem, name].append((metric(truth, mix), metric(truth, estimates[stem])))
    print(f"\n{model}: {(time.process_time() - cpu) / seconds:.3f} CPU s for each second, metrics included")
    return rows


def separate(jobs: Jobs, model: str, mix: np.ndarray) -> dict[str, np.ndarray]:
    """Every stem of a model, and the mix without the vocals as ``accompaniment`` where it has none of that name."""
    with tempfile.NamedTemporaryFile(suffix=".f32") as file:
        file.write(mix.T.astype("<f4").tobytes())
        file.flush()
        found: dict[str, list[bytes]] = defaultdict(list)
        try:
            events = list(jobs.separate(_clip(file.name), SeparationRequest(model, encoding=Encoding("pcm_f32le"))))
        except AntiphonError as error:
            raise SystemExit(f"{model}: {error}") from error
    for event in events:
        if isinstance(event, StemBlock):
            found[event.stem].append(event.data)
    stems = {name: np.frombuffer(b"".join(parts), "<f4").reshape(-1, 2).T for name, parts in found.items()}
    if "vocals" in stems:
        stems.setdefault("accompaniment", mix - stems["vocals"])
    return stems


def _clip(path: str) -> Clip:
    return Clip(Source(Path(path), raw=RawPcm("f32le", RATE, 2)))


def _truths(mixture: Mixture) -> dict[str, np.ndarray]:
    stems = dict(mixture.stems)
    stems.setdefault("accompaniment", mixture.mix - stems["vocals"])
    return stems


def _level(samples: np.ndarray, against: np.ndarray) -> float:
    return -plain(against, against - samples) if samples.any() else -np.inf


def _show(model: str, rows: dict[tuple[str, str, str], list[tuple[float, float]]], metrics: list[str]) -> None:
    print(f"{'set':20}{'stem':15}{'mixtures':>9}" + "".join(f"{f'{name}: mix, stem, gain':>32}" for name in metrics))
    for set_, stem in dict.fromkeys((set_, stem) for set_, stem, _ in rows):
        cells = []
        for name in metrics:
            pairs = rows[set_, stem, name]
            mix, found = (statistics.median(pair[index] for pair in pairs) for index in (0, 1))
            gain = statistics.median(after - before for before, after in pairs)
            cells.append(f"{f'{mix:.1f}, {found:.1f}, {gain:+.1f} dB':>32}")
        print(f"{set_:20}{stem:15}{len(rows[set_, stem, metrics[0]]):>9}" + "".join(cells))


def _bss_eval(folder: Path) -> Metric | None:
    """BSS Eval's SDR, by packages that are put beside the other downloads and not into the environment."""
    target = folder / "fast_bss_eval"
    if not target.is_dir():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target), *METRIC_PACKAGES]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
    sys.path.append(str(target))
    import fast_bss_eval

    def sdr(truth: np.ndarray, estimate: np.ndarray) -> float:
        # Channel by channel: each is compared with its own truth.
        values = fast_bss_eval.sdr(truth.astype(np.float64)[:, None], estimate.astype(np.float64)[:, None])
        return float(np.mean(np.clip(values, -100, 100)))

    return sdr


if __name__ == "__main__":
    raise SystemExit(main())

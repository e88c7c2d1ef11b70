"""Four stems by signal processing alone, for previews and tests: no weights, quick to start, rough to hear.

Percussion is told from tones by median filters (Fitzgerald, "Harmonic/percussive separation using median filtering",
DAFx 2010). Of the tones, the lowest are the bass, those in the middle of the stereo image and in a voice's range the
vocals; what is left is the rest. The four shares of each bin sum to one, so the stems sum to the mix.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from antiphon_wire.errors import not_ready
from services.separation.contract import DEFAULT_PLAN, Plan, SeparatedBlock, Tuning
from services.separation.mix.framing import CHANNELS, HOP, SAMPLE_RATE, WINDOW, patches
from services.separation.mix.level import check_peak

if TYPE_CHECKING:
    from chassis.models import InstalledModel
    from services.separation.settings import SeparationSettings

STEMS = ("drums", "bass", "other", "vocals")
STEP_FRAMES = 128
"""Frames that are worked on at once, 3 s."""

TIME_SPAN, BIN_SPAN = 17, 31
"""Widths of the medians: 0.4 s over time, which outlasts a beat; 334 Hz over frequency, which spans many partials."""

BASS_HZ = 180.0
"""Where half of a tone counts as bass."""

VOCAL_HZ = (150.0, 9_000.0)
EDGE_ORDER = 8
SIMILARITY_FLOOR = 0.6
"""Similarity of the channels, 0 to 1, below which nothing is in the middle."""

MARGIN = TIME_SPAN // 2
_FLOOR = 1e-12

Magnitudes = NDArray[np.float32]
Spectra = NDArray[np.complex64]


class Dsp:
    """Masks of one spectrum; see :class:`services.separation.contract.Separator`."""

    stems = STEMS
    sample_rate = SAMPLE_RATE
    channels = CHANNELS
    device = "cpu"
    precision = "float32"
    needs_level = False
    parameters: Mapping[str, str] = {
        "preview": "true",
        "window": str(WINDOW),
        "hop": str(HOP),
        "median_frames": str(TIME_SPAN),
        "median_bins": str(BIN_SPAN),
        "bass_hz": f"{BASS_HZ:g}",
        "vocal_hz": f"{VOCAL_HZ[0]:g} to {VOCAL_HZ[1]:g}",
    }
    library_versions: Mapping[str, str] = {"numpy": np.__version__}

    def __init__(self) -> None:
        self._window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
        hertz = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
        self._low = _below(hertz, BASS_HZ)
        self._voice = _below(hertz, VOCAL_HZ[1]) * (1 - _below(hertz, VOCAL_HZ[0]))

    @classmethod
    def stems_of(cls, model: InstalledModel) -> tuple[str, ...]:
        """Gives the same four always."""
        return STEMS

    @classmethod
    def load(cls, model: InstalledModel, settings: SeparationSettings) -> Dsp:
        """Makes the masks ready; there is nothing to read. See :meth:`Separator.load`."""
        if settings.device == "cuda":
            raise not_ready(
                "DEVICE_NOT_AVAILABLE",
                f"engine dsp, which model {model.name} is for, computes on the CPU alone; "
                "set SEPARATION_DEVICE to cpu or auto, or choose another model",
                device=settings.device,
                model=model.name,
            )
        return cls()

    def tuned(self, tuning: Tuning) -> Tuning:
        """Refuses every choice: there is none; see :meth:`Separator.tuned`."""
        return tuning.refuse("dsp")

    def separate(
        self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None] = lambda: None, plan: Plan = DEFAULT_PLAN
    ) -> Iterator[SeparatedBlock]:
        """Splits a mix while it arrives; see :meth:`Separator.separate`. One block of 3 s at a time, and the end."""
        received = 0

        def counted() -> Iterator[np.ndarray]:
            nonlocal received
            for block in blocks:
                received += block.shape[1]
                yield block

        waves, envelope = _OverlapAdd((len(STEMS), CHANNELS)), _OverlapAdd(())
        sent, lead = 0, WINDOW // 2  # the half window before the mix is cut off again
        for frames in self._masked(self._spectra(counted(), checkpoint)):
            final = waves.add(frames)
            weight = envelope.add(np.broadcast_to(self._window**2, (frames.shape[-2], WINDOW)))
            skipped = min(lead, weight.size)
            lead -= skipped
            if skipped < weight.size:
                yield _block(sent, final[..., skipped:] / weight[skipped:])
                sent += weight.size - skipped
        if sent < received:
            rest = slice(lead, lead + received - sent)
            yield _block(sent, waves.tail[..., rest] / envelope.tail[rest])

    def _spectra(self, blocks: Iterable[np.ndarray], checkpoint: Callable[[], None]) -> Iterator[Spectra]:
        """The mix as ``(channels, frames, bins)``, STEP_FRAMES at a time."""
        for patch in patches(blocks, STEP_FRAMES):
            checkpoint()
            check_peak(patch.samples)
            frames = sliding_window_view(patch.samples, WINDOW, axis=-1)[:, ::HOP]
            yield np.fft.rfft(frames * self._window).astype(np.complex64, copy=False)

    def _masked(self, spectra: Iterable[Spectra]) -> Iterator[NDArray[np.float32]]:
        """Windowed frames of every stem, ``(stems, channels, frames, WINDOW)``, each once its median is known."""
        before: Magnitudes | None = None
        waiting: Spectra | None = None
        for arrived in spectra:
            waiting = arrived if waiting is None else np.concatenate([waiting, arrived], axis=1)
            level = _level(waiting)
            before = np.repeat(level[:1], MARGIN, axis=0) if before is None else before
            ready = waiting.shape[1] - MARGIN
            if ready > 0:
                around = np.concatenate([before, level])
                yield self._frames(waiting[:, :ready], around)
                before, waiting = around[ready : ready + MARGIN], waiting[:, ready:]
        if waiting is not None and before is not None:
            level = _level(waiting)
            yield self._frames(waiting, np.concatenate([before, level, np.repeat(level[-1:], MARGIN, axis=0)]))

    def _frames(self, spectra: Spectra, around: Magnitudes) -> NDArray[np.float32]:
        shares = self._shares(spectra, around)[:, None]
        frames = np.fft.irfft(spectra * shares, n=WINDOW).astype(np.float32, copy=False)
        frames *= self._window
        return frames

    def _shares(self, spectra: Spectra, around: Magnitudes) -> NDArray[np.float32]:
        """Shares of the stems, ``(stems, frames, bins)``; they sum to one.

        Args:
            spectra: ``(channels, frames, bins)``.
            around: Levels of the same frames and of MARGIN on either side, ``(frames + 2 * MARGIN, bins)``.
        """
        tonal = _median(sliding_window_view(around, TIME_SPAN, axis=0))
        level = np.pad(around[MARGIN:-MARGIN], ((0, 0), (BIN_SPAN // 2, BIN_SPAN // 2)), mode="edge")
        sudden = _median(sliding_window_view(level, BIN_SPAN, axis=1))
        drums = (sudden**2 + _FLOOR) / (tonal**2 + sudden**2 + 2 * _FLOOR)
        tones = 1 - drums
        bass = tones * self._low
        vocals = tones * (1 - self._low) * self._voice * _middle(spectra)
        return np.stack([drums, bass, 1 - drums - bass - vocals, vocals])


class _OverlapAdd:
    """Sums overlapping frames, giving out each sample once nothing can be added to it any more."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.tail = np.zeros((*shape, WINDOW - HOP), np.float32)

    def add(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Takes ``(*shape, frames, WINDOW)``, gives ``(*shape, frames * HOP)``."""
        count = frames.shape[-2]
        total = np.concatenate([self.tail, np.zeros((*self.tail.shape[:-1], count * HOP), np.float32)], axis=-1)
        parts = total.reshape(*total.shape[:-1], -1, HOP)
        for part in range(WINDOW // HOP):
            parts[..., part : part + count, :] += frames[..., part * HOP : (part + 1) * HOP]
        self.tail = total[..., count * HOP :].copy()
        return total[..., : count * HOP]


def _below(hertz: NDArray[Any], edge: float) -> NDArray[Any]:
    share: NDArray[Any] = (1 / (1 + (hertz / edge) ** EDGE_ORDER)).astype(np.float32)
    return share


def _level(spectra: Spectra) -> Magnitudes:
    level: Magnitudes = np.abs(spectra).mean(0, dtype=np.float32)
    return level


def _median(windows: Magnitudes) -> Magnitudes:
    """Median over the last axis, whose length is odd."""
    middle = windows.shape[-1] // 2
    found: Magnitudes = np.partition(windows, middle, axis=-1)[..., middle]
    return found


def _middle(spectra: Spectra) -> NDArray[np.float32]:
    """How much of each bin lies in the middle of the image, 0 to 1: as strong on both sides, and of the same phase."""
    left, right = spectra
    both = np.abs(left) ** 2 + np.abs(right) ** 2
    similarity = 2 * (left.real * right.real + left.imag * right.imag) / (both + _FLOOR)
    share: NDArray[np.float32] = np.clip((similarity - SIMILARITY_FLOOR) / (1 - SIMILARITY_FLOOR), 0, 1) ** 4
    return share


def _block(first_frame: int, samples: NDArray[np.float32]) -> SeparatedBlock:
    return SeparatedBlock(first_frame, dict(zip(STEMS, samples, strict=True)))

"""audiocraft's melody conditioner with this project's chroma: a clip is heard as it is, without Demucs and torchaudio.

Imported after :func:`services.generation.engines.audiocraft.library.bring_in`.
"""

from __future__ import annotations

from typing import Any

import torch
from audiocraft.modules.conditioners import WaveformConditioner

from chassis.audio.mixdown import to_mono
from services.generation.melody import chroma


class ChromaConditioner(WaveformConditioner):
    """Takes the place of ``ChromaStemConditioner``: the same parameters, the same weights, the same frames.

    Raises:
        ValueError: the model's chroma is not the one of the released melody models.
    """

    def __init__(
        self, output_dim: int, sample_rate: int, n_chroma: int, radix2_exp: int, duration: float, **more: Any
    ) -> None:
        device = more.get("device", "cpu")
        super().__init__(dim=n_chroma, output_dim=output_dim, device=device)
        found = (sample_rate, n_chroma, 2**radix2_exp, bool(more.get("argmax")))
        wanted = (chroma.SAMPLE_RATE, chroma.CLASSES, chroma.WINDOW, True)
        if found != wanted or any(more.get(each) for each in ("nfft", "winlen", "winhop")):
            raise ValueError(f"its chroma has rate, classes, window and argmax {found}; wanted {wanted}")
        self._use_masking = False  # as the library's loader sets it: a tune fills the window
        self.chroma_len = 1 + int(sample_rate * duration) // chroma.HOP

    def _downsampling_factor(self) -> int:
        return chroma.HOP

    def _get_wav_embedding(self, x: Any) -> torch.Tensor:
        """One-hot pitch classes, ``(rows, frames, classes)``; of a single sample, as the library's silence is, C."""
        waves = [to_mono(wave.float().cpu().numpy(), chroma.SAMPLE_RATE)[0] for wave in x.wav]
        rows = [torch.from_numpy(chroma.chroma(wave)) for wave in waves]
        found = torch.stack(rows).to(self.device)
        times = -(-self.chroma_len // found.shape[1])
        return found.repeat(1, times, 1)[:, : self.chroma_len]

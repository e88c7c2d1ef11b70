"""Writes what Resemblyzer's own class computes, which the tests hold the speech service's network to.

In an environment of its own, with resemblyzer 0.1.4, torch for the CPU and librosa 0.11:

    python bench/speaker_peer.py tests/services/speech/speakers/peer.npz

The file has 200 frames of mel power of :func:`buzz` (float32, (200, 40)), and the embeddings of two stretches of 160
frames of them, (2, 256).
"""

from __future__ import annotations

import sys

import numpy as np

FRAMES, STRETCH = 200, 160


def buzz() -> np.ndarray:
    """Two seconds of a voice-like buzz whose pitch and colour move, with some noise; mono float32 at 16 kHz."""
    time = np.arange(32_000) / 16_000
    phase = 2 * np.pi * np.cumsum(120 + 60 * np.sin(2 * np.pi * 1.5 * time)) / 16_000
    voice = sum((np.sin(number * phase) / number for number in range(1, 20)), np.zeros(len(time)))
    colour = 0.5 + 0.5 * np.sin(2 * np.pi * 3 * time)
    noise = np.random.default_rng(0).normal(0, 0.02, len(time))
    return np.asarray(0.1 * voice * colour + noise, np.float32)


def main() -> int:
    """Entry point."""
    import librosa
    import torch
    from resemblyzer import VoiceEncoder

    power = librosa.feature.melspectrogram(y=buzz(), sr=16_000, n_fft=400, hop_length=160, n_mels=40)
    mel = power.astype(np.float32).T[:FRAMES]
    stretches = torch.from_numpy(np.stack([mel[:STRETCH], mel[-STRETCH:]]))
    with torch.no_grad():
        embeddings = VoiceEncoder("cpu", verbose=False)(stretches).numpy()
    np.savez_compressed(sys.argv[1], mel=mel, embeddings=embeddings)
    return 0


if __name__ == "__main__":
    sys.exit(main())

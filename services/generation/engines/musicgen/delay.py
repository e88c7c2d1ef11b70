"""The delay pattern of MusicGen's codebooks: codes by frame on one side, columns of tokens by step on the other.

Codebook k of a frame is generated k steps after the frame's first (Copet et al., "Simple and controllable music
generation", 2023, section 2.2); in stereo the left and the right codebook of a pair come together. Column j of the
tokens holds frame ``j - 1 - delay`` of each codebook, the start token where there is no such frame.
"""

from __future__ import annotations

import torch


class DelayedCodes:
    """The codes of one window while they are made.

    Args:
        prompt: Codes to begin with, int64 ``(pieces, codebooks, frames)``; frames may be 0.
        new_frames: Frames to be generated after them.
        channels: 1, or 2 where left and right codebooks alternate.
        start_token: Fills the places that no frame has.

    Attributes:
        codes: All codes, ``(pieces, codebooks, prompt and new frames)``; those not made yet are the start token.
        depth: Steps by which the last codebook is late.
        step_count: Steps until every frame is whole.
    """

    def __init__(self, prompt: torch.Tensor, new_frames: int, channels: int, start_token: int) -> None:
        pieces, codebooks, self.prompt_frames = prompt.shape
        self.codes = prompt.new_full((pieces, codebooks, self.prompt_frames + new_frames), start_token)
        self.codes[..., : self.prompt_frames] = prompt
        self._start = start_token
        self._rows = torch.arange(codebooks, device=prompt.device)
        self._delays = self._rows // channels
        self.depth = (codebooks - 1) // channels
        self.step_count = new_frames + self.depth
        self._next = 1 + self.prompt_frames  # column that the next step gives

    def first(self) -> torch.Tensor:
        """Gives the columns known before the first step, ``(pieces, codebooks, 1 + prompt frames)``."""
        return torch.stack([self._column(index) for index in range(self._next)], -1)

    def add(self, drawn: torch.Tensor) -> torch.Tensor:
        """Takes a step's tokens ``(pieces, codebooks)``; returns the column they make, ``(pieces, codebooks, 1)``.

        Tokens for places of the prompt, and for frames that there are not, are dropped.
        """
        frames = self._next - 1 - self._delays
        wanted = (frames >= self.prompt_frames) & (frames < self.codes.shape[-1])
        self.codes[:, self._rows[wanted], frames[wanted]] = drawn[:, wanted]
        self._next += 1
        return self._column(self._next - 1)[..., None]

    @property
    def whole(self) -> int:
        """Frames whose every codebook is known, the prompt's included."""
        whole: int = max(self.prompt_frames, min(self._next - 1 - self.depth, self.codes.shape[-1]))
        return whole

    def _column(self, index: int) -> torch.Tensor:
        frames = index - 1 - self._delays
        there = (frames >= 0) & (frames < self.codes.shape[-1])
        column = self.codes[:, self._rows, frames.clamp(0, self.codes.shape[-1] - 1)]
        return torch.where(there, column, self._start)

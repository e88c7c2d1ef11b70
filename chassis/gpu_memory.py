"""The memory of the GPUs of this machine, as the kernel's driver for AMD tells it; no library is needed for that."""

from __future__ import annotations

from pathlib import Path

CARDS = Path("/sys/class/drm")
KINDS = ("used", "total")


def cards(folder: Path = CARDS) -> list[str]:
    """Names the cards whose memory is told, such as ``card0``; those that this machine has, whoever may use them."""
    return sorted(path.parents[1].name for path in folder.glob("card*/device/mem_info_vram_total"))


def memory_bytes(card: str, kind: str, folder: Path = CARDS) -> float:
    """Gives the bytes of a card's memory of one of KINDS; NaN where that cannot be read just now."""
    try:
        return float(int((folder / card / "device" / f"mem_info_vram_{kind}").read_text(encoding="ascii")))
    except (OSError, ValueError):
        return float("nan")

"""What a separation engine must do, and the plain data that separation jobs take and give."""

from services.separation.contract.protocols import (
    SUM_BOUNDS_DB,
    LiveTask,
    Piece,
    Separator,
    Task,
    Turn,
)
from services.separation.contract.requests import (
    DEFAULT_PLAN,
    MAX_OVERLAP,
    MAX_SHIFTS,
    MIN_SEGMENT_SECONDS,
    MixLevel,
    Plan,
    SeparationRequest,
    Tuning,
)
from services.separation.contract.results import (
    MAX_BLOCK_BYTES,
    Header,
    SeparatedBlock,
    SeparationEvent,
    StemBlock,
    StemReport,
    Summary,
)

__all__ = [
    "DEFAULT_PLAN",
    "MAX_BLOCK_BYTES",
    "MAX_OVERLAP",
    "MAX_SHIFTS",
    "MIN_SEGMENT_SECONDS",
    "SUM_BOUNDS_DB",
    "Header",
    "LiveTask",
    "MixLevel",
    "Piece",
    "Plan",
    "SeparatedBlock",
    "SeparationEvent",
    "SeparationRequest",
    "Separator",
    "StemBlock",
    "StemReport",
    "Summary",
    "Task",
    "Tuning",
    "Turn",
]

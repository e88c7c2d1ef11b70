"""Whether the tags tell electronic from acoustic music: MusiCNN's scores on the tracks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from antiphon_wire.errors import AntiphonError
from bench.accuracy.scores import auc
from bench.accuracy.sets import Clip
from chassis.audio import Source
from chassis.models import Store
from services.essentia.contract import TagRequest, TagSet
from services.essentia.settings import EssentiaSettings
from services.essentia.tags.stage import TagStage

MANIFEST = Path(__file__).parents[2] / "services" / "essentia" / "models.toml"
# (model, tag, whether electronic music should score higher)
CASES = (
    ("musicnn-msd", "electronic", True),
    ("musicnn-msd", "acoustic", False),
    ("musicnn-mtt", "techno", True),
    ("musicnn-mtt", "guitar", False),
)


def separation(clips: Sequence[Clip]) -> list[str]:
    """A line for each case with its AUC; one line that says why, where the models are not installed."""
    stage = TagStage(EssentiaSettings(), Store(None, MANIFEST))
    scores: dict[tuple[str, str], dict[str, list[float]]] = {}
    try:
        plan = stage.plan(TagRequest(models=tuple(dict.fromkeys(model for model, _, _ in CASES)), all_scores=True))
    except AntiphonError as error:
        return [f"tags: {error}"]
    assert plan is not None
    for clip in clips:
        assert clip.path is not None
        for event in stage.run(plan, Source(clip.path), lambda: None):
            if isinstance(event, TagSet):
                for tag in event.tags:
                    scores.setdefault((event.model.name, tag.label), {}).setdefault(clip.kind, []).append(tag.score)
    lines = []
    for model, label, electronic in CASES:
        by_kind = scores[model, label]
        one, other = by_kind["electronic"], by_kind["acoustic"]
        value = auc(one, other) if electronic else auc(other, one)
        lines.append(
            f"{model:12} {label:12} AUC {value:.3f} ({'electronic' if electronic else 'acoustic'} above the other)"
        )
    return lines

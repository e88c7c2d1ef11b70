"""What a comparison found, put together from its events, for one recording and over a set of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from statistics import fmean

from google.protobuf.duration_pb2 import Duration

from antiphon.llm_audio.v1 import llm_audio_service_pb2 as pb
from antiphon_cli.compare.paired_bootstrap import CONFIDENCE, RESAMPLES, Interval, bootstrap
from antiphon_client.errors import from_status
from antiphon_wire.rpcs import CompareEvent

SIDE_MEASURES = (
    "load_seconds",
    "first_text_seconds",
    "answer_seconds",
    "tokens_per_second",
    "cpu_seconds",
    "peak_memory_bytes",
    "answer_tokens",
    "claims_held",
)
"""What is measured of each side; ``claims_held`` is the share of its claims that the facts hold."""

AGREEMENT_MEASURES = ("chrf", "token_f1", "identical", "tempo", "key", "genre", "instrument")
"""What is measured of two sides; the last four are agreements of claims, 0 to 1."""

SEED = 0
"""Of the draws of a report."""

STATES: dict[int, str] = {
    pb.SIDE_STATE_ANSWERED: "answered",
    pb.SIDE_STATE_UNSUPPORTED: "unsupported",
    pb.SIDE_STATE_FAILED: "failed",
}


@dataclass
class Comparison:
    """What was found of one recording.

    Attributes:
        header: Who was asked what.
        answers: Of each side, in the order of the prompts.
        outcomes: Of each side.
        summary: How far they agree.
    """

    header: pb.ComparisonHeader = field(default_factory=pb.ComparisonHeader)
    answers: dict[str, list[pb.Answer]] = field(default_factory=dict)
    outcomes: dict[str, pb.SideOutcome] = field(default_factory=dict)
    summary: pb.ComparisonSummary = field(default_factory=pb.ComparisonSummary)

    def accept(self, event: CompareEvent) -> None:
        """Takes the next event of ``Client.compare``."""
        if isinstance(event, pb.ComparisonHeader):
            self.header = event
        elif isinstance(event, pb.SideAnswer):
            self.answers.setdefault(event.side, []).append(event.answer)
        elif isinstance(event, pb.SideOutcome):
            self.outcomes[event.side] = event
        elif isinstance(event, pb.ComparisonSummary):
            self.summary = event

    def state(self, side: str) -> str:
        """Returns how a side ended: answered, unsupported or failed."""
        return STATES.get(self.outcomes[side].state, "unknown")

    def why(self, side: str) -> str:
        """Returns why a side did not answer; empty where it did."""
        outcome = self.outcomes[side]
        return str(from_status(outcome.error)) if outcome.HasField("error") else ""

    def measures(self, side: str) -> dict[str, float]:
        """Returns what was measured of a side, by SIDE_MEASURES; what is unknown is absent, so all where it failed."""
        outcome = self.outcomes.get(side)
        if outcome is None or not outcome.HasField("measures"):
            return {}
        cost = outcome.measures
        found: dict[str, float] = {}
        for name in ("load", "first_text", "answer", "cpu"):
            if cost.HasField(f"{name}_duration"):
                found[f"{name}_seconds"] = _seconds(getattr(cost, f"{name}_duration"))
        for name in ("tokens_per_second", "peak_memory_bytes"):
            if cost.HasField(name):
                found[name] = float(getattr(cost, name))
        found["answer_tokens"] = float(outcome.summary.usage.answer_token_count)
        claims = [claim.supported for answer in self.answers.get(side, []) for claim in answer.claims]
        if claims:
            found["claims_held"] = fmean(claims)
        return {name: found[name] for name in SIDE_MEASURES if name in found}

    def agreement(self, a: str, b: str) -> dict[str, float]:
        """Returns how far two sides agree, by AGREEMENT_MEASURES; kinds of claims that neither makes are absent."""
        row = next((each for each in self.summary.agreements if (each.a, each.b) == (a, b)), None)
        if row is None:
            return {}
        found = {"chrf": row.chrf, "token_f1": row.token_f1, "identical": float(row.identical)}
        for claims in row.claims:
            if claims.HasField("agreement"):
                found[pb.Claim.Kind.Name(claims.kind).removeprefix("KIND_").lower()] = claims.agreement
        return found


@dataclass(frozen=True)
class Pair:
    """Two sides over a set of recordings.

    Attributes:
        a: Name of one.
        b: Name of the other.
        differences: Of each of SIDE_MEASURES, what b has more than a on the same recordings.
        agreement: Of each of AGREEMENT_MEASURES.
    """

    a: str
    b: str
    differences: dict[str, Interval]
    agreement: dict[str, Interval]


def over_all(
    comparisons: Sequence[Comparison],
    sides: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    confidence: float = CONFIDENCE,
    seed: int = SEED,
) -> list[Pair]:
    """Compares each two sides over all recordings on which both answered, by the paired bootstrap.

    Args:
        comparisons: One for each recording.
        sides: Names of the sides, in their order.
        resamples: See :func:`antiphon_cli.compare.paired_bootstrap.bootstrap`; so ``confidence`` and ``seed``.
    """

    def intervals(rows: Sequence[dict[str, float]], names: Sequence[str]) -> dict[str, Interval]:
        columns = {name: [row[name] for row in rows if name in row] for name in names}
        return {
            name: bootstrap(values, resamples=resamples, confidence=confidence, seed=seed)
            for name, values in columns.items()
            if values
        }

    pairs = []
    for a, b in combinations(sides, 2):
        costs = [_difference(each.measures(a), each.measures(b)) for each in comparisons]
        shared = [each.agreement(a, b) for each in comparisons]
        pairs.append(Pair(a, b, intervals(costs, SIDE_MEASURES), intervals(shared, AGREEMENT_MEASURES)))
    return pairs


def _difference(one: dict[str, float], two: dict[str, float]) -> dict[str, float]:
    return {name: two[name] - one[name] for name in one if name in two}


def _seconds(duration: Duration) -> float:
    return float(duration.ToNanoseconds()) / 1e9

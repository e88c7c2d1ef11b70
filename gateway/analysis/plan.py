"""The plan: which stages there are, and which of them one call needs, on what, and after what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from antiphon_wire.errors import AntiphonError, invalid
from gateway.analysis.stage import FACTS, UPLOAD, Stage, source_of
from gateway.analysis.stages import collect

STAGES = collect()


@dataclass(frozen=True)
class Step:
    """A stage as one plan runs it.

    Attributes:
        stage: The stage.
        inputs: The stage's inputs that this plan can provide, best first.
        kept: Outputs of this stage that another stage of the plan needs, such as ``vocals``.
        uses: What this plan can provide of what the stage uses besides.
    """

    stage: Stage
    inputs: tuple[str, ...]
    kept: tuple[str, ...]
    uses: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the stage."""
        return self.stage.name

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Names of the stages that must have ended before this one starts, each once, in order."""
        return tuple(dict.fromkeys(source_of(name) for name in (*self.inputs, *self.uses) if name != UPLOAD))


@dataclass(frozen=True)
class Plan:
    """The stages to run, in the order in which a record reports them."""

    steps: tuple[Step, ...]

    def __contains__(self, name: object) -> bool:
        return any(step.name == name for step in self.steps)


def derive(wanted: Sequence[str], stages: Sequence[Stage] = STAGES) -> Plan:
    """Makes the plan for the stages wanted; all of them where ``wanted`` is empty.

    A stage that listens to another's output waits for it where that other is wanted too, and does without it otherwise.

    Raises:
        AntiphonError: UNKNOWN_STAGE for a name that is not in ``stages``; STAGE_INPUT_MISSING where a stage can only
            listen to a stage that is not wanted.
    """
    chosen = _choose(wanted, stages)
    names = {stage.name for stage in chosen}
    inputs = {
        stage.name: tuple(name for name in stage.inputs if name == UPLOAD or source_of(name) in names)
        for stage in chosen
    }
    for stage in chosen:
        if not inputs[stage.name]:
            raise _deaf(stage)
    uses = {stage.name: tuple(name for name in stage.uses if source_of(name) in names) for stage in chosen}
    needed = dict.fromkeys(
        name for stage in chosen for name in (*inputs[stage.name], *uses[stage.name]) if name != UPLOAD
    )
    return Plan(
        tuple(
            Step(
                stage,
                inputs[stage.name],
                tuple(output for name in needed if (output := _output(name, stage)) not in ("", FACTS)),
                uses[stage.name],
            )
            for stage in chosen
        )
    )


def _output(name: str, stage: Stage) -> str:
    """The output that ``name`` means, where it is one of this stage; empty otherwise."""
    return name.partition(".")[2] if source_of(name) == stage.name else ""


def _choose(wanted: Sequence[str], stages: Sequence[Stage]) -> list[Stage]:
    known = [stage.name for stage in stages]
    for index, name in enumerate(wanted):
        if name not in known:
            raise invalid(
                "UNKNOWN_STAGE",
                f"no stage named {name!r}; this gateway has {', '.join(known)}",
                field=f"config.stages[{index}]",
                stage=name,
                known=", ".join(known),
            )
    return [stage for stage in stages if not wanted or stage.name in wanted]


def _deaf(stage: Stage) -> AntiphonError:
    missing = source_of(stage.inputs[0])
    return invalid(
        "STAGE_INPUT_MISSING",
        f"stage {stage.name!r} listens to {' or '.join(stage.inputs)}; ask for {missing!r} too",
        field="config.stages",
        stage=stage.name,
        inputs=", ".join(stage.inputs),
    )

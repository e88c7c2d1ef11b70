"""The plan: which stages there are, and which of them one call needs, on what, and after what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from antiphon_wire.errors import AntiphonError, invalid, not_ready
from antiphon_wire.spelling import did_you_mean
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
    """The stages to run, in the order in which a record reports them.

    Attributes:
        steps: The stages.
        absent: Stages that would be run too, had this gateway the services that they ask or listen to.
    """

    steps: tuple[Step, ...]
    absent: tuple[str, ...] = ()

    def __contains__(self, name: object) -> bool:
        return any(step.name == name for step in self.steps)


def derive(wanted: Sequence[str], stages: Sequence[Stage] = STAGES, services: Collection[str] | None = None) -> Plan:
    """Makes the plan for the stages wanted; where ``wanted`` is empty, for all that the services there are can answer.

    A stage that listens to another's output waits for it where that other is wanted too, and does without it otherwise.

    Args:
        wanted: Names of stages.
        stages: Those that there are.
        services: Words of the services that there are; None for all.

    Raises:
        AntiphonError: UNKNOWN_STAGE for a name that is not in ``stages``; STAGE_NOT_SERVED for one whose service is not
            there; STAGE_INPUT_MISSING where a stage can only listen to a stage that is not wanted.
    """
    served = _served(stages, services)
    chosen = _choose(wanted, stages, served)
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
        ),
        tuple(stage.name for stage in stages if not wanted and stage not in served),
    )


def _served(stages: Sequence[Stage], services: Collection[str] | None) -> list[Stage]:
    """The stages whose services are there, and that can listen to something that is."""
    served = [stage for stage in stages if services is None or stage.service in services]
    while deaf := [stage for stage in served if not _hears(stage, served)]:
        served = [stage for stage in served if stage not in deaf]
    return served


def _hears(stage: Stage, others: Sequence[Stage]) -> bool:
    names = {each.name for each in others}
    return any(name == UPLOAD or source_of(name) in names for name in stage.inputs)


def _output(name: str, stage: Stage) -> str:
    """The output that ``name`` means, where it is one of this stage; empty otherwise."""
    return name.partition(".")[2] if source_of(name) == stage.name else ""


def _choose(wanted: Sequence[str], stages: Sequence[Stage], served: Sequence[Stage]) -> list[Stage]:
    known, there = ([stage.name for stage in each] for each in (stages, served))
    if not there:
        raise not_ready("STAGE_NOT_SERVED", "this gateway has no service that a stage asks; see GATEWAY_SERVICES")
    for index, name in enumerate(wanted):
        if name not in known:
            raise invalid(
                "UNKNOWN_STAGE",
                f"no stage named {name!r}; {did_you_mean(name, known)}this gateway has {', '.join(known)}",
                field=f"config.stages[{index}]",
                stage=name,
                known=", ".join(known),
            )
        if name not in there:
            raise not_ready(
                "STAGE_NOT_SERVED",
                f"this gateway runs without what stage {name!r} needs; it has {', '.join(there)} (GATEWAY_SERVICES)",
                stage=name,
                served=", ".join(there),
            )
    return [stage for stage in served if not wanted or stage.name in wanted]


def _deaf(stage: Stage) -> AntiphonError:
    missing = source_of(stage.inputs[0])
    return invalid(
        "STAGE_INPUT_MISSING",
        f"stage {stage.name!r} listens to {' or '.join(stage.inputs)}; ask for {missing!r} too",
        field="config.stages",
        stage=stage.name,
        inputs=", ".join(stage.inputs),
    )

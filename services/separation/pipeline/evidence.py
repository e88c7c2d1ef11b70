"""How stems were made, for their provenance."""

from __future__ import annotations

import importlib.metadata

from chassis.models import InstalledModel
from chassis.reports import WorkReport
from services.separation.contract import Plan, Separator
from services.separation.stems.form import Form

_READING_LIBRARIES = ("av", "soxr")
"""Distributions that decode and resample the mix, and so can change the numbers."""


def work_facts(
    model: InstalledModel, separator: Separator, plan: Plan, form: Form, choices: dict[str, str]
) -> WorkReport:
    """Puts together what decided the numbers.

    Args:
        model: The model.
        separator: What it was loaded into.
        plan: What it was told to do.
        form: How the stems came out.
        choices: Further parameters, by name.
    """
    tuning = plan.tuning
    return WorkReport(
        engine=model.model.engine,
        model=model.report() if model.files else None,
        device=separator.device,
        precision=separator.precision,
        library_versions={
            **{library: importlib.metadata.version(library) for library in _READING_LIBRARIES},
            **separator.library_versions,
        },
        parameters={
            **separator.parameters,
            **{option: str(value) for option, value in tuning.given().items()},
            "encoding": form.encoding.name,
            **form.encoding.given(),
            "mode": "live" if separator.needs_level and plan.level is None else "exact",
            "model": model.name,
            "output_sample_rate": str(form.sample_rate),
            "sample_rate": str(form.model_rate),
            **choices,
        },
        seed=tuning.seed if tuning.shifts else None,
    )

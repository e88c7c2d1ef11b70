"""Why a model cannot be loaded, or cannot do what is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon_wire.errors import AntiphonError, invalid, not_ready
from chassis.models import InstalledModel


def need_language(model: str, language: str | None, languages: frozenset[str]) -> None:
    """Checks that a model knows the language that is asked for; None, for any, it always does.

    Raises:
        AntiphonError: LANGUAGE_NOT_SUPPORTED.
    """
    if language is None or language in languages:
        return
    advice = "it knows English only" if len(languages) == 1 else "choose a larger model"
    raise invalid(
        "LANGUAGE_NOT_SUPPORTED",
        f"the model {model!r} does not know the language {language!r}; {advice}",
        field="config.language_code",
        model=model,
        language=language,
        known=", ".join(sorted(languages)),
    )


def need_task(model: str, task: str, languages: frozenset[str]) -> None:
    """Checks that a model can do a task: one that knows English only cannot translate.

    Raises:
        AntiphonError: TASK_NOT_SUPPORTED.
    """
    if task == "translate" and len(languages) == 1:
        raise invalid(
            "TASK_NOT_SUPPORTED",
            f"the model {model!r} knows English only and cannot translate; choose a multilingual one",
            field="config.task",
            model=model,
            task=task,
        )


def need_files(installed: InstalledModel, names: Iterable[str]) -> None:
    """Checks that a model's folder holds what an engine reads.

    Raises:
        AntiphonError: MODEL_INCOMPLETE.
    """
    missing = [name for name in names if not (installed.directory / name).is_file()]
    if missing:
        raise not_ready(
            "MODEL_INCOMPLETE",
            f"the model {installed.name!r} has no {', '.join(missing)}; its entry in models.toml must list them",
            model=installed.name,
            missing=", ".join(missing),
        )


def unreadable(installed: InstalledModel, cause: Exception) -> AntiphonError:
    """Makes the error for files that a library cannot read as a model."""
    return not_ready(
        "MODEL_INCOMPLETE",
        f"the files of the model {installed.name!r} cannot be read: {str(cause)[:400]}; pull the model again",
        model=installed.name,
    )


def no_device(cause: str) -> AntiphonError:
    """Makes the error for a GPU that was asked for and cannot be used."""
    return not_ready(
        "DEVICE_NOT_AVAILABLE",
        f"SPEECH_DEVICE asks for a GPU, and none can be used ({cause}); set it to cpu, or install what is missing",
        device="cuda",
        cause=cause,
    )


def no_compute_type(chosen: str, device: str, known: Iterable[str]) -> AntiphonError:
    """Makes the error for a number format that a device or an engine does not compute in."""
    names = ", ".join(known)
    return not_ready(
        "COMPUTE_TYPE_NOT_AVAILABLE",
        f"SPEECH_COMPUTE_TYPE={chosen} is not for this {device}; choose auto or one of {names}",
        compute_type=chosen,
        device=device,
        known=names,
    )

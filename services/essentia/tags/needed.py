"""Which models a request cannot do without, found before its upload is taken in."""

from __future__ import annotations

from antiphon_wire.errors import invalid
from chassis.models import Store
from services.essentia.contract import AESTHETICS, TAG_ENGINES, AnalysisRequest


def check_models(store: Store, request: AnalysisRequest) -> None:
    """Refuses a request that names a model, or wants a feature, for which the model is not there.

    Raises:
        AntiphonError: UNKNOWN_MODEL, NOT_A_TAG_MODEL, LICENCE_REFUSED, MODEL_NOT_INSTALLED.
    """
    for name in () if request.tags is None else request.tags.models:
        check_tags(store, name)
        store.check(name)
    for name in request.networks() if request.measures else ():
        store.check(name)
    if AESTHETICS in request.groups:
        # Where no manifest has one the job says how to bring one in.
        for model in [each.name for each in store.manifest.models if each.engine == AESTHETICS][:1]:
            store.check(model)


def check_tags(store: Store, name: str) -> None:
    """Refuses a model that gives no tags; raises UNKNOWN_MODEL, NOT_A_TAG_MODEL."""
    if store.manifest.model(name).engine not in TAG_ENGINES:
        raise invalid("NOT_A_TAG_MODEL", f"the model {name!r} gives no tags", field="config.tags.models", model=name)

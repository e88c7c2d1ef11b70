"""Which models tag: those that a call names, or the service's own choice as far as it may be used."""

from __future__ import annotations

from collections.abc import Sequence

from antiphon_wire.errors import AntiphonError
from chassis.models import InstalledModel, Store
from chassis.reports import WarningReport
from services.essentia.tags.needed import check_tags


def choose(
    store: Store, named: Sequence[str], usual: Sequence[str]
) -> tuple[list[InstalledModel], list[WarningReport]]:
    """Chooses the models to run, each once, in order, with what to know of the choice.

    Args:
        named: Names that the call gives; each must be installed.
        usual: Names for a call that gives none; those that are missing, damaged, or refused for their licence are left
            out.

    Raises:
        AntiphonError: UNKNOWN_MODEL, NOT_A_TAG_MODEL, MODEL_NOT_INSTALLED, MODEL_CORRUPT, LICENCE_REFUSED for a name
            that the call gives.
    """
    for name in named or usual:
        check_tags(store, name)
    # A name that the caller gives must be served; the service's own choice is only what happens to be there.
    if named:
        return [store.require(name) for name in dict.fromkeys(named)], []
    chosen, warnings, absent = [], [], 0
    for name in dict.fromkeys(usual):
        try:
            chosen.append(store.require(name))
        except AntiphonError as error:
            if error.reason == "MODEL_NOT_INSTALLED":
                absent += 1
            elif error.reason == "LICENCE_REFUSED":
                message = f"{name} may not be used commercially, which ANTIPHON_LICENCE_POLICY demands"
                # Of one that is not there either there is nothing to refuse.
                if store.installed(name):
                    warnings.append(WarningReport("LICENCE_REFUSED", message, "tag_sets"))
                else:
                    absent += 1
            elif error.reason == "MODEL_CORRUPT":
                warnings.append(WarningReport(error.reason, error.message, "tag_sets"))
            else:
                raise
    if usual and absent == len(dict.fromkeys(usual)):
        message = f"no tag model is installed; install one with: antiphon models pull {usual[0]}"
        warnings.append(WarningReport("TAGS_NOT_INSTALLED", message, "tag_sets"))
    return chosen, warnings

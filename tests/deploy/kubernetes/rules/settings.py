"""Environment and arguments, held against what the code reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from chassis import settings
from chassis.setting_names import refuse_misspelt
from tests.deploy.kubernetes.facts import Facts, classes_of
from tests.deploy.kubernetes.objects import Objects, variables
from tests.deploy.kubernetes.rules.register import rule


@rule
def every_variable_is_one_that_the_service_reads(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        shared = {f"ANTIPHON_{name.removeprefix(f'{word.upper()}_')}" for name in facts.settings}
        own = {name for name in facts.settings if name.startswith(f"{word.upper()}_")}
        for name in sorted(set(variables(each)) - own - shared - facts.image_variables):
            yield f"{word}: nothing reads {name}"


@rule
def the_service_itself_takes_its_environment(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, _, each in objects.running():
        with TemporaryDirectory() as folder:
            told = {name: _moved(value, Path(folder)) for name, value in variables(each).items()}
            try:
                for kind in classes_of(word):
                    settings.read(kind, word.upper(), told)
                refuse_misspelt(word.upper(), *classes_of(word), environ=told)
            except settings.SettingError as error:
                yield f"{word}: {error}"


def _moved(value: str, folder: Path) -> str:
    """A path of the Secret as one of a file that there is, since a server refuses to start without it."""
    if not value.startswith("/tls/"):
        return value
    path = folder / Path(value).name
    path.touch()
    return str(path)


@rule
def weights_are_read_only_and_verified_before_the_start(objects: Objects, facts: Facts) -> Iterator[str]:
    for word, pod, each in objects.running():
        if word == "gateway":
            continue
        first = {container["name"]: container for container in pod.get("initContainers", [])}.get("verify-models")
        if first is None or first["image"] != each["image"] or first["command"] != ["/scripts/verify-models.sh"]:
            yield f"{word}: starts without its own image having verified the weights"
            continue
        for container in (first, each):
            if {"name": "models", "mountPath": "/models", "readOnly": True} not in container["volumeMounts"]:
                yield f"{word}/{container['name']}: does not mount the weights read-only at /models"
        for name in first["args"]:
            if name not in facts.models[word]:
                yield f"{word}: verifies {name!r}, which is no model of it"
        default = facts.value(variables(each), word, "DEFAULT_MODEL") if word != "essentia" else ""
        if default and default not in first["args"]:
            yield f"{word}: answers by {default} without having verified it"


@rule
def the_job_fetches_models_that_there_are(objects: Objects, facts: Facts) -> Iterator[str]:
    known = {name for names in facts.models.values() for name in names} | {"starter", "mission", "full"}
    for each in objects.of("Job"):
        arguments = each["spec"]["template"]["spec"]["containers"][0].get("args", [])
        if arguments[:2] != ["pull", "--yes"]:
            yield f"{each['metadata']['name']}: would ask whether to fetch, or do something else"
        for name in arguments[2:]:
            if name not in known:
                yield f"{each['metadata']['name']}: fetches {name!r}, which is no model"

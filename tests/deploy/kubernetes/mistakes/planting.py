"""Mistakes to plant in an overlay, each with the rule that has to see it and a part of what that says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.deploy.kubernetes.objects import Json, Objects

Plant = Callable[[Objects], Any]


@dataclass(frozen=True)
class Mistake:
    """A mistake.

    Attributes:
        what: It in words.
        rule: Name of the rule that has to see it.
        said: Part of what the rule has to say.
        plant: Makes it.
        overlay: Where it is planted.
    """

    what: str
    rule: str
    said: str
    plant: Plant
    overlay: str = "overlays/rocm"


def named(objects: Objects, kind: str, name: str = "separation") -> Json:
    """An object that there is."""
    found = objects.named(kind, name)
    assert found is not None
    return found


def template(objects: Objects, name: str = "separation") -> Json:
    """The template of a Deployment's pods."""
    found: Json = named(objects, "Deployment", name)["spec"]["template"]
    return found


def pod(objects: Objects, name: str = "separation") -> Json:
    """The specification of a Deployment's pods."""
    found: Json = template(objects, name)["spec"]
    return found


def server(objects: Objects, name: str = "separation") -> Json:
    """The container that serves."""
    found: Json = pod(objects, name)["containers"][0]
    return found


def resources(objects: Objects, part: str) -> Json:
    """Requests or limits of the container that serves."""
    found: Json = server(objects)["resources"][part]
    return found


def volume(objects: Objects, name: str, deployment: str = "separation") -> Json:
    """A volume of a pod."""
    found: Json = next(each for each in pod(objects, deployment)["volumes"] if each["name"] == name)
    return found


def say(objects: Objects, name: str, value: object, deployment: str = "separation") -> None:
    """Sets a variable of a server, in place of what it was."""
    rest = [each for each in server(objects, deployment)["env"] if each["name"] != name]
    server(objects, deployment)["env"] = [*rest, {"name": name, "value": value}]


def unsay(objects: Objects, name: str, deployment: str = "separation") -> None:
    """Takes a variable away."""
    server(objects, deployment)["env"] = [each for each in server(objects, deployment)["env"] if each["name"] != name]


def drop(objects: Objects, kind: str, name: str = "separation") -> None:
    """Takes an object away."""
    objects.all.remove(named(objects, kind, name))


def scaler(objects: Objects, name: str = "separation") -> Json:
    """The specification of a HorizontalPodAutoscaler."""
    found: Json = named(objects, "HorizontalPodAutoscaler", name)["spec"]
    return found


def trigger(objects: Objects, name: str = "separation") -> Json:
    """What KEDA asks Prometheus."""
    found: Json = named(objects, "ScaledObject", name)["spec"]["triggers"][0]["metadata"]
    return found

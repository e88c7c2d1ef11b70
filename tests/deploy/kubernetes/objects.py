"""The objects of a rendered overlay, and what belongs to what among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d+)?")
_SCALE = {"m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SCALE |= {f"{letter}i": float(1 << 10 * (power + 1)) for power, letter in enumerate("KMGTPE")}


def amount(quantity: object) -> float | None:
    """A quantity such as ``4Gi`` as a number; None where it is no quantity."""
    found = _QUANTITY.fullmatch(str(quantity))
    if found is None:
        return None
    number, unit = float(found[1]), found[2] or ""
    return number * (float(f"1{unit}") if unit[:1] in ("e", "E") and unit not in _SCALE else _SCALE.get(unit, 1.0))


def variables(container: Json) -> dict[str, str]:
    """What a container's environment says in plain values."""
    return {each["name"]: each["value"] for each in container.get("env", []) if "value" in each}


@dataclass(frozen=True)
class Objects:
    """What an overlay makes.

    Attributes:
        all: Every object, in the order of kustomize.
    """

    all: list[Json]

    def of(self, *kinds: str) -> list[Json]:
        """Every object of these kinds."""
        return [each for each in self.all if each["kind"] in kinds]

    @property
    def workloads(self) -> list[Json]:
        """What makes pods."""
        return self.of("Deployment", "Job")

    @property
    def servers(self) -> dict[str, Json]:
        """The Deployments by the word of their service, such as ``llm_audio``."""
        labels = [each["spec"]["template"]["metadata"]["labels"] for each in self.of("Deployment")]
        return {label["antiphon/service"]: each for label, each in zip(labels, self.of("Deployment"), strict=True)}

    def pods(self, labels: Mapping[str, str]) -> list[Json]:
        """The templates that bear all these labels."""
        templates = [each["spec"]["template"] for each in self.workloads]
        return [each for each in templates if labels.items() <= each["metadata"]["labels"].items()]

    def containers(self) -> Iterator[tuple[str, Json, Json]]:
        """Each container that runs to stay or to begin with: what to call it, the specification of its pod, itself."""
        for workload in self.workloads:
            pod = workload["spec"]["template"]["spec"]
            for each in pod["containers"] + pod.get("initContainers", []):
                yield f"{workload['metadata']['name']}/{each['name']}", pod, each

    def running(self) -> Iterator[tuple[str, Json, Json]]:
        """The containers that serve: word of the service, specification of the pod, container."""
        for word, workload in self.servers.items():
            pod = workload["spec"]["template"]["spec"]
            yield word, pod, pod["containers"][0]

    def named(self, kind: str, name: str) -> Json | None:
        """The object of a kind and a name; None where there is none."""
        return next((each for each in self.of(kind) if each["metadata"]["name"] == name), None)


def port_names(template: Json) -> set[str]:
    """Names of the ports of a pod."""
    return {port["name"] for each in template["spec"]["containers"] for port in each.get("ports", [])}

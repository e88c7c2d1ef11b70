"""Custom resources of others, held against their published types with every key that those do not know refused."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

MODELS = {
    ("cert-manager.io/v1", "Certificate"): "cert_manager.v1",
    ("cert-manager.io/v1", "Issuer"): "cert_manager.v1",
    ("keda.sh/v1alpha1", "ScaledObject"): "keda.v1alpha1",
    ("monitoring.coreos.com/v1", "PodMonitor"): "prometheus_operator.v1",
    ("monitoring.coreos.com/v1", "PrometheusRule"): "prometheus_operator.v1",
}
"""Module of cloudcoil's models by apiVersion and kind."""

NODE_FEATURE_RULE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "properties": {
        "apiVersion": {"const": "nfd.k8s-sigs.io/v1alpha1"},
        "kind": {"const": "NodeFeatureRule"},
        "metadata": {"type": "object"},
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "required": ["rules"],
            "properties": {"rules": {"type": "array", "items": {"$ref": "#/$defs/rule"}}},
        },
    },
    "$defs": {
        "rule": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name", "matchFeatures"],
            "properties": {
                "name": {"type": "string"},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "matchFeatures": {"type": "array", "items": {"$ref": "#/$defs/feature"}},
            },
        },
        "feature": {
            "type": "object",
            "additionalProperties": False,
            "required": ["feature", "matchExpressions"],
            "properties": {
                "feature": {"type": "string"},
                "matchExpressions": {"type": "object", "additionalProperties": {"$ref": "#/$defs/expression"}},
            },
        },
        "expression": {
            "type": "object",
            "additionalProperties": False,
            "required": ["op"],
            "properties": {
                "op": {"enum": ["In", "NotIn", "InRegexp", "Exists", "DoesNotExist", "IsTrue", "IsFalse"]},
                "value": {"type": "array", "items": {"type": "string"}},
            },
        },
    },
}
"""The part of that type which we use; no package publishes it."""


def is_custom(of: dict[str, Any]) -> bool:
    """Whether an object is of a type that Kubernetes itself does not have."""
    return "." in of["apiVersion"].split("/")[0] and not of["apiVersion"].split("/")[0].endswith(".k8s.io")


def problems(of: dict[str, Any]) -> list[str]:
    """What is wrong with a custom resource, by the place in it; empty where nothing is."""
    schema = _schema(of["apiVersion"], of["kind"])
    if schema is None:
        return [f"no schema is known for {of['kind']} of {of['apiVersion']}; name one in deploy/checks"]
    validator = importlib.import_module("jsonschema").Draft202012Validator(schema)
    return sorted({said for error in validator.iter_errors(of) for said in _told(error)})


@functools.cache
def _schema(api_version: str, kind: str) -> dict[str, Any] | None:
    if kind == "NodeFeatureRule":
        return NODE_FEATURE_RULE
    module = MODELS.get((api_version, kind))
    if module is None:
        return None
    model = getattr(importlib.import_module(f"cloudcoil.models.{module}"), kind)
    closed: dict[str, Any] = _closed(model.model_json_schema(by_alias=True))
    return closed


def _closed(schema: Any) -> Any:
    """The same schema with all keys refused that it does not name: a misspelt one is otherwise passed over."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and "type" in schema:
        closed.setdefault("additionalProperties", False)
    return closed


def _told(error: Any) -> Iterator[str]:
    """An error in words; where one of several types was possible, what was wrong with the one that is no null."""
    inner = [each for each in error.context or () if each.validator_value != "null"]
    if inner:
        for each in inner:
            yield from _told(each)
        return
    place = "/".join(str(part) for part in error.absolute_path) or "the object"
    yield f"{place}: {error.message[:300]}"

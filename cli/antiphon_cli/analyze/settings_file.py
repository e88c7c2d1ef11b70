"""Settings of the stages from a JSON file, in the words of the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FieldDescriptor

from antiphon.analysis.v1 import analysis_service_pb2 as analysis_pb2
from antiphon_cli.json_messages import one_line, what_there_is
from antiphon_wire.spelling import did_you_mean

HINT, EXAMPLE = "--settings", '{"essentia": {"min_bpm": 60}}'
_WHOLE = ((int,), "a whole number")
_ANY = ((int, float), "a number")
_KINDS = {
    FieldDescriptor.CPPTYPE_INT32: _WHOLE,
    FieldDescriptor.CPPTYPE_INT64: _WHOLE,
    FieldDescriptor.CPPTYPE_UINT32: _WHOLE,
    FieldDescriptor.CPPTYPE_UINT64: _WHOLE,
    FieldDescriptor.CPPTYPE_FLOAT: _ANY,
    FieldDescriptor.CPPTYPE_DOUBLE: _ANY,
    FieldDescriptor.CPPTYPE_BOOL: ((bool,), "true or false"),
    FieldDescriptor.CPPTYPE_STRING: ((str,), "a text"),
}
_NO_STAGES = ("audio_format", "stages", "return_stems")


def read(path: Path) -> dict[str, Any]:
    """Returns the settings of each stage that the file names, as the stage's config message.

    Raises:
        click.BadParameter: what is no JSON, or names no stage or no setting of one; on one line, with what would be
            right.
    """
    try:
        given = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _refused(path, f"this is no JSON ({error}); write such as {EXAMPLE}") from error
    if not isinstance(given, dict):
        raise _refused(path, f"this is no object of stages; write such as {EXAMPLE}")
    config = analysis_pb2.AnalysisConfig.DESCRIPTOR
    stages = [field.name for field in config.fields if field.message_type and field.name not in _NO_STAGES]
    for stage in given:
        if stage not in stages:
            known = f"{did_you_mean(stage, stages)}there are {', '.join(stages)}"
            raise _refused(path, f"{stage!r} is no stage; {known}; write such as {EXAMPLE}")
    found = {}
    for stage, settings in given.items():
        if not isinstance(settings, dict):
            raise _refused(path, f"{stage} is {json.dumps(settings)[:40]}; give an object, such as {EXAMPLE}")
        message = getattr(analysis_pb2.AnalysisConfig(), stage)
        _check_names(path, stage, settings, message.DESCRIPTOR)
        try:
            found[stage] = json_format.ParseDict(settings, message)
        except (json_format.ParseError, ValueError, TypeError) as error:
            raise _refused(path, f"{stage}: {one_line(error)}") from error
    return found


def merge(settings: dict[str, Any], given: dict[str, Any]) -> None:
    """Puts ``given`` beneath ``settings``: what an option says wins over what the file says."""
    for stage, message in given.items():
        if settings.get(stage) is not None:
            message.MergeFrom(settings[stage])
        settings[stage] = message


def _check_names(path: Path, where: str, settings: dict[str, Any], kind: Descriptor) -> None:
    """Refuses a name that the message does not have, by itself or in a message within."""
    known = {field.json_name: field for field in kind.fields} | dict(kind.fields_by_name)
    for name, value in settings.items():
        if name not in known:
            raise _refused(path, f"{where} has no setting {name!r}; {what_there_is(name, kind.fields_by_name)}")
        field = known[name]
        _check_type(path, f"{where}.{name}", value, field)
        inner = field.message_type
        if isinstance(value, dict) and inner is not None and inner.file.package.startswith("antiphon."):
            _check_names(path, f"{where}.{name}", value, inner)


def _check_type(path: Path, where: str, value: object, field: FieldDescriptor) -> None:
    """Refuses a value that is of no kind that the field takes; messages and enums are protobuf's to judge."""
    if field.cpp_type not in _KINDS:
        return
    kinds, wanted = _KINDS[field.cpp_type]
    values = value if isinstance(value, list) else [value]
    wrong = [each for each in values if not isinstance(each, kinds) or (isinstance(each, bool) and bool not in kinds)]
    if wrong:
        raise _refused(path, f"{where} is {json.dumps(wrong[0])[:40]}; give {wanted}")


def _refused(path: Path, message: str) -> click.BadParameter:
    return click.BadParameter(f"{click.format_filename(path)}: {message}", param_hint=HINT)

"""The contracts as data: packages, services, messages and enums of protos/, each with its comment."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import google.rpc
from google.protobuf import descriptor_pb2

ROOT = Path(__file__).resolve().parents[2]
STATUS = ROOT / "build" / "googleapis" / "google" / "rpc" / "status.proto"


@dataclass(frozen=True)
class Field:
    """One field of a message; ``presence`` is "", "optional", "list", "map" or "one of <oneof>"."""

    name: str
    number: int
    type: str
    presence: str
    comment: str


@dataclass(frozen=True)
class Message:
    """A message by its full name, its fields in the order of the file."""

    full_name: str
    comment: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Enum:
    """An enum by its full name; values are (name, number, comment)."""

    full_name: str
    comment: str
    values: tuple[tuple[str, int, str], ...]


@dataclass(frozen=True)
class Method:
    """One RPC; ``takes`` and ``gives`` are full names of messages."""

    name: str
    comment: str
    takes: str
    gives: str
    takes_stream: bool
    gives_stream: bool


@dataclass(frozen=True)
class Service:
    """A service by its full name."""

    full_name: str
    comment: str
    methods: tuple[Method, ...]


@dataclass
class Package:
    """What the files of one package hold, in their order; ``comments`` are what each file says of itself."""

    name: str
    paths: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    types: list[Message | Enum] = field(default_factory=list)


def load() -> list[Package]:
    """Reads the contracts by buf, ordered by package name.

    Raises:
        subprocess.CalledProcessError: the protos do not compile; buf has said where.
    """
    STATUS.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path(next(iter(google.rpc.__path__))) / "status.proto", STATUS)
    command = [str(Path(sys.executable).with_name("buf")), "build", "--as-file-descriptor-set", "-o", "-#format=binpb"]
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString(built.stdout).file
    packages: dict[str, Package] = {}
    for proto in sorted(files, key=lambda each: each.name):
        if proto.package.startswith("antiphon."):
            _File(proto).add_to(packages.setdefault(proto.package, Package(proto.package)))
    return [packages[name] for name in sorted(packages)]


class _File:
    """One file and the comments at the paths that its source information names."""

    def __init__(self, proto: descriptor_pb2.FileDescriptorProto) -> None:
        self._proto = proto

    @cached_property
    def _comments(self) -> Mapping[tuple[int, ...], str]:
        located = self._proto.source_code_info.location
        return {tuple(each.path): each.leading_comments for each in located if each.leading_comments}

    def add_to(self, package: Package) -> None:
        """Adds what this file declares to its package."""
        package.paths.append(f"protos/{self._proto.name}")
        package.comments.append(self._comments.get((12,), ""))  # 12: the line `syntax`
        package.services.extend(self._service(index) for index in range(len(self._proto.service)))
        for index, message in enumerate(self._proto.message_type):
            package.types.extend(self._message(message, self._proto.package, (4, index)))
        for index, enum in enumerate(self._proto.enum_type):
            package.types.append(self._enum(enum, self._proto.package, (5, index)))

    def _service(self, index: int) -> Service:
        service = self._proto.service[index]
        methods = [
            Method(
                each.name,
                self._comments.get((6, index, 2, number), ""),
                each.input_type.removeprefix("."),
                each.output_type.removeprefix("."),
                each.client_streaming,
                each.server_streaming,
            )
            for number, each in enumerate(service.method)
        ]
        comment = self._comments.get((6, index), "")
        return Service(f"{self._proto.package}.{service.name}", comment, tuple(methods))

    def _message(
        self, message: descriptor_pb2.DescriptorProto, scope: str, path: tuple[int, ...]
    ) -> Iterator[Message | Enum]:
        name = f"{scope}.{message.name}"
        maps = {f".{name}.{each.name}": each for each in message.nested_type if each.options.map_entry}
        oneofs = [each.name for each in message.oneof_decl]
        fields = [
            _field(each, maps, oneofs, self._comments.get((*path, 2, index), ""))
            for index, each in enumerate(message.field)
        ]
        yield Message(name, self._comments.get(path, ""), tuple(fields))
        for index, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                yield from self._message(nested, name, (*path, 3, index))
        for index, enum in enumerate(message.enum_type):
            yield self._enum(enum, name, (*path, 4, index))

    def _enum(self, enum: descriptor_pb2.EnumDescriptorProto, scope: str, path: tuple[int, ...]) -> Enum:
        values = [
            (each.name, each.number, self._comments.get((*path, 2, index), "")) for index, each in enumerate(enum.value)
        ]
        return Enum(f"{scope}.{enum.name}", self._comments.get(path, ""), tuple(values))


def _field(
    proto: descriptor_pb2.FieldDescriptorProto,
    maps: Mapping[str, descriptor_pb2.DescriptorProto],
    oneofs: Sequence[str],
    comment: str,
) -> Field:
    presence = ""
    if proto.type_name in maps:
        key, value = maps[proto.type_name].field
        return Field(proto.name, proto.number, f"{_type(key)} → {_type(value)}", "map", comment)
    if proto.label == proto.LABEL_REPEATED:
        presence = "list"
    elif proto.HasField("oneof_index") and not proto.proto3_optional:
        presence = f"one of {oneofs[proto.oneof_index]}"
    elif proto.proto3_optional or proto.type == proto.TYPE_MESSAGE:
        presence = "optional"
    return Field(proto.name, proto.number, _type(proto), presence, comment)


def _type(proto: descriptor_pb2.FieldDescriptorProto) -> str:
    named = str(proto.type_name).removeprefix(".")
    return named or str(proto.Type.Name(proto.type)).removeprefix("TYPE_").lower()

"""The rules that hold the tree together: what a family must have, and how every module must look.

A family is any package under ``protos/antiphon`` with a ``<family>_service.proto`` (the gateway's own ``analysis`` and
the ``status`` of every process aside) and any folder of ``services``: a new one fails here, by name, at each place that
has not heard of it yet.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROTOS = ROOT / "protos" / "antiphon"
PACKAGES = ("wire", "renderers", "chassis", "services", "gateway", "client", "cli")
MAX_LINES = 250

AGREED_FILES = (
    "README.md",
    "models.toml",
    "requirements.in",
    "requirements.lock",
    "__init__.py",
    "settings.py",
    "contract.py",
    "messages.py",
    "job.py",
    "service.py",
    "engines/__init__.py",
)
OPTIONAL_FILES = {
    "conversion.py": "turns published weights into safe files when a model is pulled; not where all are published safe",
    "requirements-platform.txt": "what the platform brings instead of the lock, such as torch",
}
"""What some families have and others need not, each with its reason."""

OF_AN_ENGINE = ("requirements-{}.in", "requirements-{}.lock", "requirements-{}-platform.txt")
"""What an engine has whose libraries need an environment of their own."""

TAKEN_BY_THE_PROGRAM = ("FULL_NAME", "Servicer", "Settings", "family", "register")
"""What services/__main__.py takes from a service.py."""

WITHOUT_A_STAGE = {
    "generation": "makes audio and hears none of the upload; docs/decisions/0008-generation-has-no-stage.md",
}
"""Families that are no part of an analysis, each with its reason."""

MAY_READ_ENVIRONMENT = {
    "chassis/settings.py": "the one reader of settings",
    "chassis/checkout.py": "worker processes find the checkout by the environment that they inherit",
    "chassis/worker/process.py": "a worker process is given some of the environment of its service",
    "chassis/worker/sandbox/enter.py": "what a worker may read follows from the folders that its environment names",
    "chassis/models/conversion.py": "a conversion is given a few variables of ours and no more",
    "chassis/models/wheels.py": "pip is configured by the environment of the person who pulls a model",
    "cli/antiphon_cli/": "the command line stands alone, without the chassis; services inherit the environment from it",
    "services/essentia/essentia_library/__init__.py": "Essentia's TensorFlow reads its log level when it is imported",
}
"""Files beside the rule that settings are read in one place, each with its reason; a trailing slash means a folder."""

MAY_USE_THREADS = {
    "chassis/bridge.py": "the one place where a function that pulls is worked in steps",
    "chassis/models/blobs.py": "a lock: a blob is verified once, however many ask",
    "cli/antiphon_cli/": "a person's terminal and microphone go on while the client waits",
    "services/separation/engines/demucs/openvino_backend.py": "chunks side by side, in a library without the GIL",
    "services/separation/engines/demucs/torch_backend.py": "chunks side by side, in a library without the GIL",
}
"""Who may import threads, each with its reason; work that is to be cancelled or killed is for chassis/worker."""

MAY_UNPICKLE = {
    "chassis/models/closed_pickle.py": "reads checkpoints by an unpickler that knows a closed list of names",
    "services/separation/spleeter_checkpoint/arrays.py": "reads checkpoints by an unpickler that builds arrays alone",
}
"""Who may import what runs what it reads, each with its reason: conversions, in a process of their own."""

UNPICKLERS = {"pickle", "_pickle", "marshal", "shelve", "copyreg", "dill", "cloudpickle", "joblib"}


def families() -> list[str]:
    """Every family that the protos or the services folder name."""
    from_protos = {path.parents[1].name for path in PROTOS.glob("*/v1/*_service.proto")} - {"analysis", "status"}
    from_services = {path.name for path in (ROOT / "services").iterdir() if path.is_dir() and path.name[0] not in "_."}
    return sorted(from_protos | from_services)


def modules() -> list[str]:
    """Every Python file of these packages, as a path from the root."""
    found = (path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path.as_posix() for path in found if "__pycache__" not in path.parts)


def protos() -> list[str]:
    """Every proto file, as a path from ``protos``."""
    return sorted(path.relative_to(ROOT / "protos").as_posix() for path in PROTOS.rglob("*.proto"))


def exempt(module: str, entries: Mapping[str, str]) -> str:
    """The one of some exemptions that covers a module; empty where none does."""
    return next((entry for entry in entries if f"{module}/".startswith(f"{entry.rstrip('/')}/")), "")


def is_command_line(module: str) -> bool:
    """True for a module that a person starts, and for those that it speaks through."""
    named = module.endswith(("__main__.py", "/cli.py")) or module.startswith("cli/")
    return (
        named or re.search(r"^if __name__ == ", (ROOT / module).read_text(encoding="utf-8"), re.MULTILINE) is not None
    )


FAMILIES = families()
MODULES = modules()

every_family = pytest.mark.parametrize("family", FAMILIES)
every_stage = pytest.mark.parametrize("family", [family for family in FAMILIES if family not in WITHOUT_A_STAGE])
every_module = pytest.mark.parametrize("module", MODULES)


def read(path: str) -> str:
    """The text of a file, by its path from the root; fails the test by name where there is none."""
    if not (ROOT / path).is_file():
        pytest.fail(f"{path} is missing")
    return (ROOT / path).read_text(encoding="utf-8")


def parse(module: str) -> ast.Module:
    """The syntax tree of a file of this repository."""
    return ast.parse(read(module), filename=module)


def engines_of(family: str) -> dict[str, str]:
    """The ENGINES table of a family, read without importing anything."""
    path = f"services/{family}/engines/__init__.py"
    for node in ast.parse(read(path)).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if ast.unparse(target) == "ENGINES":
                table = ast.literal_eval(node.value)
                assert isinstance(table, dict)
                return table
    pytest.fail(f"{path} does not define ENGINES as a table of literals")


def ideas_of(family: str) -> set[str]:
    """The packages of a family beside its engines: its own work, which serves every engine, each named by its idea."""
    found = {path.parent.name for path in (ROOT / "services" / family).glob("*/__init__.py")}
    return found - {"engines"}


def compose() -> dict[str, Any]:
    """The services of the compose file."""
    services = yaml.safe_load(read("deploy/compose.yaml"))["services"]
    assert isinstance(services, dict)
    return services


# A family is the same everywhere.


@pytest.mark.parametrize("name", AGREED_FILES)
@every_family
def test_a_family_has_each_agreed_file(family: str, name: str) -> None:
    # A file that would be too long to read is a package of that name.
    package = name.replace(".py", "/__init__.py")
    folder = ROOT / "services" / family
    assert (folder / name).is_file() or (folder / package).is_file(), f"services/{family} has no {name}"


@every_family
def test_a_family_has_nothing_beside_the_agreed_files(family: str) -> None:
    folder = ROOT / "services" / family
    present = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    agreed = {Path(name).parts[0] for name in AGREED_FILES} | set(OPTIONAL_FILES) | {"__pycache__"}
    agreed |= {name.format(engine) for engine in engines_of(family) for name in OF_AN_ENGINE}
    beside = sorted(present - agreed - ideas_of(family))
    assert beside == [], f"services/{family} holds files that no other service has a place for"


@pytest.mark.parametrize("name", OPTIONAL_FILES)
def test_every_optional_file_is_had_by_a_family(name: str) -> None:
    assert any((ROOT / "services" / family / name).is_file() for family in FAMILIES), f"no family has {name} any more"


@every_family
def test_every_idea_of_a_family_says_what_it_is(family: str) -> None:
    silent = [
        idea
        for idea in sorted(ideas_of(family))
        if not ast.get_docstring(parse(f"services/{family}/{idea}/__init__.py"))
    ]
    assert silent == [], f"folders of services/{family} whose __init__ has no docstring"


@every_family
def test_a_family_has_a_proto_package(family: str) -> None:
    path = PROTOS / family / "v1" / f"{family}_service.proto"
    assert path.is_file(), f"{path.relative_to(ROOT)} is missing"


@every_family
def test_a_family_has_a_port_of_its_own(family: str) -> None:
    port = port_of(family)
    settled = [name for name in FAMILIES if (ROOT / "services" / name / "settings.py").is_file()]
    ports = {name: port_of(name) for name in settled} | {"gateway": importlib.import_module("gateway.settings").PORT}
    sharing = [name for name, other in ports.items() if other == port and name != family]
    assert sharing == [], f"{family} shares port {port}; the next free one is {max(ports.values()) + 1}"


@every_family
def test_the_command_line_knows_where_a_family_listens(family: str) -> None:
    known = importlib.import_module("antiphon_cli.services").PORTS
    assert known.get(family) == port_of(family), f"PORTS in cli/antiphon_cli/services.py has {dict(known)}"


def port_of(family: str) -> int:
    """The port of a family's settings."""
    read(f"services/{family}/settings.py")
    port = importlib.import_module(f"services.{family}.settings").PORT
    assert isinstance(port, int)
    return port


@every_family
def test_a_service_has_what_its_program_takes(family: str) -> None:
    path = f"services/{family}/service.py"
    missing = [name for name in TAKEN_BY_THE_PROGRAM if name not in names_of(parse(path))]
    assert missing == [], f"{path} binds none of these, and services/__main__.py takes them"


@every_family
def test_every_call_of_a_proto_has_a_method(family: str) -> None:
    path = f"services/{family}/service.py"
    (servicer,) = (each for each in parse(path).body if isinstance(each, ast.ClassDef) and each.name == "Servicer")
    answered = {each.name for each in servicer.body if isinstance(each, ast.AsyncFunctionDef)}
    missing = [method.name for method in calls_of(family) if method.name not in answered]
    assert missing == [], f"{path}: Servicer has no coroutine of these calls"


@every_family
def test_every_call_that_takes_audio_has_the_shape_that_the_chassis_reads(family: str) -> None:
    proto = f"protos/antiphon/{family}/v1/{family}_service.proto"
    streaming = [method for method in calls_of(family) if method.client_streaming]
    for method in streaming:
        assert {"config", "chunk"} <= set(method.input_type.fields_by_name), f"{proto}: request of {method.name}"
        # A live stream has no clip: it is heard from its first sample to its last.
        wanted = {"audio_format"} if method.name.startswith("Streaming") else {"audio_format", "clip"}
        config = method.input_type.fields_by_name["config"].message_type
        missing = sorted(wanted - set(config.fields_by_name))
        assert missing == [], f"{proto}: {config.name} lacks what chassis/family/call.py reads"
        events = {field.name for oneof in method.output_type.oneofs for field in oneof.fields}
        assert {"progress", "summary"} <= events, f"{proto}: the oneof of {method.output_type.name} has only {events}"


@every_family
def test_every_call_that_takes_audio_is_a_stream_of_the_wire(family: str) -> None:
    known = vars(importlib.import_module("antiphon_wire.rpcs")).values()
    paths = {each.method for each in known if hasattr(each, "method")}
    streaming = [method for method in calls_of(family) if method.client_streaming]
    missing = [f"/{each.containing_service.full_name}/{each.name}" for each in streaming]
    missing = [path for path in missing if path not in paths]
    assert missing == [], "wire/antiphon_wire/rpcs.py has no StreamRpc of these calls"


def calls_of(family: str) -> list[Any]:
    """The descriptors of the calls of a family, as its generated code has them."""
    if not (ROOT / "gen" / "antiphon" / family / "v1" / f"{family}_service_pb2.py").is_file():
        pytest.fail(f"gen/ has no messages of {family}: run make protos")
    messages = importlib.import_module(f"antiphon.{family}.v1.{family}_service_pb2")
    return [method for each in messages.DESCRIPTOR.services_by_name.values() for method in each.methods]


def names_of(tree: ast.Module) -> set[str]:
    """The names that a module binds at its top level."""
    names: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            names |= {ast.unparse(target) for target in node.targets}
        elif isinstance(node, ast.AnnAssign):
            names.add(ast.unparse(node.target))
    return names


@every_family
def test_a_family_has_tests_and_a_line_in_the_readme(family: str) -> None:
    found = list((ROOT / "tests" / "services" / family).rglob("test_*.py"))
    assert found, f"tests/services/{family} has no tests: make test-{family} runs them"
    assert f"](services/{family}/README.md)" in read("README.md"), f"the table in README.md has no row of {family}"


@every_stage
def test_a_family_has_a_part_in_the_analysis_record(family: str) -> None:
    text = read("protos/antiphon/analysis/v1/analysis_record.proto")
    record = re.search(r"^message AnalysisRecord \{(.*?)^\}", text, re.DOTALL | re.MULTILINE)
    assert record is not None, "analysis_record.proto has no message AnalysisRecord"
    field = rf"^\s*antiphon\.{family}\.v1\.\w+ {family} = \d+;"
    assert re.search(field, record[1], re.MULTILINE), f"AnalysisRecord has no field {family} of a message of {family}"


@every_stage
def test_a_family_has_a_stage_of_its_own(family: str) -> None:
    path = f"gateway/analysis/stages/{family}.py"
    read(path)
    stage = getattr(importlib.import_module(f"gateway.analysis.stages.{family}"), "STAGE", None)
    assert stage is not None, f"{path} binds no STAGE"
    assert stage.name == family, f"the STAGE of {path} is named {stage.name!r}; the field of the record is {family}"


@every_stage
def test_an_analysis_can_be_given_settings_of_a_family_and_gives_its_part(family: str) -> None:
    path = "protos/antiphon/analysis/v1/analysis_service.proto"
    messages = importlib.import_module("antiphon.analysis.v1.analysis_service_pb2")
    for message in (messages.AnalysisConfig, messages.AnalyzeResponse):
        assert family in message.DESCRIPTOR.fields_by_name, f"{path}: {message.DESCRIPTOR.name} has no field {family}"
    part = messages.AnalyzeResponse.DESCRIPTOR.fields_by_name[family].message_type
    events = typing.get_args(importlib.import_module("antiphon_wire.rpcs").AnalyzeEvent)
    assert part.full_name in {each.DESCRIPTOR.full_name for each in events}, (
        f"AnalyzeEvent in wire/antiphon_wire/rpcs.py has no {part.full_name}"
    )


@every_stage
def test_the_client_takes_the_settings_of_a_family(family: str) -> None:
    for name in ("client", "sync"):
        path = f"client/antiphon_client/{name}.py"
        functions = (each for each in ast.walk(parse(path)) if isinstance(each, ast.FunctionDef))
        (analyze,) = (each for each in functions if each.name == "analyze")
        assert family in {each.arg for each in analyze.args.kwonlyargs}, (
            f"analyze in {path} has no parameter {family}; tools/unasync.py makes sync.py of client.py"
        )


@every_stage
def test_the_gateway_has_settings_of_a_family(family: str) -> None:
    fields = {each.name for each in dataclasses.fields(importlib.import_module("gateway.settings").GatewaySettings)}
    missing = sorted({f"{family}_target", f"{family}_seconds"} - fields)
    assert missing == [], "GatewaySettings in gateway/settings.py has none of these, and the gateway will not start"
    default = importlib.import_module("gateway.settings").GatewaySettings().target(family)
    assert default == f"127.0.0.1:{port_of(family)}", "a target's default is the port of the family's own settings"


@every_stage
def test_a_family_has_a_scripted_peer_in_the_tests_of_the_gateway(family: str) -> None:
    assert f'\n    service = "{family}"\n' in read("tests/gateway/peers.py"), f"tests/gateway/peers.py: no {family}"
    assert f"\n    {family}: " in read("tests/gateway/conftest.py"), f"Peers in tests/gateway/conftest.py: no {family}"


@every_family
def test_a_family_has_a_block_in_compose(family: str) -> None:
    services = compose()
    assert family in services, f"deploy/compose.yaml has no service {family}"
    assert services[family]["build"]["args"]["SERVICE"] == family
    volumes = {mount.partition(":")[0] for mount in services[family]["volumes"]}
    missing = sorted(volumes - set(yaml.safe_load(read("deploy/compose.yaml"))["volumes"]))
    assert missing == [], "deploy/compose.yaml does not declare these under its volumes"


@every_stage
def test_the_gateway_is_told_in_compose_where_a_family_listens(family: str) -> None:
    target, gateway = f"GATEWAY_{family.upper()}_TARGET", compose()["gateway"]
    given = gateway["environment"].get(target)
    assert given == f"dns:///{family}:{port_of(family)}", f"the gateway in deploy/compose.yaml has {target} {given}"
    assert family in gateway["depends_on"], f"the gateway in deploy/compose.yaml does not wait for {family}"


@pytest.mark.parametrize("family", WITHOUT_A_STAGE)
def test_every_exemption_from_having_a_stage_is_needed(family: str) -> None:
    assert family in FAMILIES
    assert not (ROOT / "gateway" / "analysis" / "stages" / f"{family}.py").exists()
    (page,) = re.findall(r"docs/decisions/\S+\.md", WITHOUT_A_STAGE[family])
    assert (ROOT / page).is_file(), f"{page} is missing"


@every_family
def test_every_setting_of_a_family_is_on_the_page_of_settings(family: str) -> None:
    page = read("docs/settings.md")
    read(f"services/{family}/settings.py")
    settings = importlib.import_module(f"services.{family}.settings")
    describe = importlib.import_module("chassis.settings").describe
    classes = [
        value
        for value in vars(settings).values()
        if isinstance(value, type) and value.__module__ == settings.__name__ and dataclasses.is_dataclass(value)
    ]
    assert classes, f"services/{family}/settings.py has no settings dataclass"
    variables = [row[0] for each in classes for row in describe(each, family.upper())]
    missing = [variable for variable in variables if not re.search(rf"\b{variable}\b", page)]
    assert missing == [], "docs/settings.md does not have these settings: run make pages"


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("chassis/")])
def test_the_chassis_knows_no_family_and_does_without_the_renderers(module: str) -> None:
    own = {"audio", "evidence", "status"}  # messages of every family, not of one
    known = [name for name in imported(parse(module)) if name.startswith("antiphon.") and name.split(".")[1] not in own]
    known += [name for name in imported(parse(module)) if name.startswith("antiphon_renderers")]
    assert known == [], f"{module} imports what not every service has"


def imported(tree: ast.Module) -> Iterator[str]:
    """Yields the dotted name of every module that a file imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


# Engines, models and requirements.


@every_family
def test_every_engine_resolves_to_a_class_in_a_file(family: str) -> None:
    engines = engines_of(family)
    assert engines, f"services/{family}/engines/__init__.py: ENGINES is empty"
    for name, address in engines.items():
        module, _, class_name = address.partition(":")
        assert module.startswith(f"services.{family}.engines."), f"engine {name}: {address} is outside its family"
        path = module.replace(".", "/")
        path = f"{path}/__init__.py" if (ROOT / path).is_dir() else f"{path}.py"
        bound = {node.name for node in parse(path).body if isinstance(node, ast.ClassDef)}
        imports = (node for node in parse(path).body if isinstance(node, ast.ImportFrom))
        bound |= {alias.asname or alias.name for node in imports for alias in node.names}
        assert class_name in bound, f"engine {name}: {path} has no class {class_name!r}"


@every_family
def test_the_folder_of_engines_holds_what_the_table_names_and_nothing_else(family: str) -> None:
    folder = ROOT / "services" / family / "engines"
    inside = {path.stem for path in folder.iterdir() if path.stem not in ("__init__", "__pycache__")}
    prefix = f"services.{family}.engines."
    named = {
        address.removeprefix(prefix).partition(":")[0].partition(".")[0] for address in engines_of(family).values()
    }
    assert inside == named, f"what engines of {family} share is an idea of its own, beside services/{family}/engines"


@every_family
def test_every_model_names_an_engine_and_a_licence(family: str) -> None:
    manifest = tomllib.loads(read(f"services/{family}/models.toml"))
    # What is used beside every engine names the package that uses it.
    users = engines_of(family).keys() | ideas_of(family)
    for model in manifest.get("models", []):
        assert model["engine"] in users, f"{model['name']}: no engine {model['engine']!r} in {sorted(users)}"
        assert model["license_spdx"], f"{model['name']} has no licence"
        assert isinstance(model["commercial_use"], bool), f"{model['name']} does not say whether it may be sold with"


@pytest.mark.parametrize("folder", [*(f"services/{family}" for family in FAMILIES), "gateway"])
def test_every_package_of_a_lock_is_pinned_with_hashes(folder: str) -> None:
    requirements = list(locked(folder))
    assert requirements, f"{folder}/requirements.lock is empty"
    pinned = re.compile(r"[\w.\[\],-]+==\S+ .*--hash=sha256:")
    loose = [line.split()[0] for line in requirements if not pinned.match(line)]
    assert loose == [], f"{folder}/requirements.lock: these are not pinned by version and hash"


@every_family
def test_what_the_platform_brings_is_not_in_the_lock(family: str) -> None:
    # A ROCm image has its own torch; a lock with torch in it would put the CUDA build on top.
    names = {re.split(r"[=\[ ;]", line)[0].lower() for line in locked(f"services/{family}")}
    brought = {name for name in names if re.match(r"(torch|torchaudio|torchvision|triton|nvidia-.*)$", name)}
    assert sorted(brought) == [], f"services/{family}/requirements.lock"


def locked(folder: str) -> Iterator[str]:
    """Yields each requirement of a lock, its continued lines joined and its comments dropped."""
    text = read(f"{folder}/requirements.lock")
    uncommented = re.sub(r"(^|\s)#.*", "", text, flags=re.MULTILINE)
    joined = re.sub(r"\\\s*\n", " ", uncommented)
    yield from (line.strip() for line in joined.splitlines() if line.strip() and not line.startswith("-"))


# Protos.


@pytest.mark.parametrize("path", protos())
def test_a_proto_package_equals_its_directory(path: str) -> None:
    text = read(f"protos/{path}")
    package = re.search(r"^package ([\w.]+);", text, re.MULTILINE)
    assert package is not None, f"{path} names no package"
    assert package[1] == ".".join(Path(path).parts[:-1])


@pytest.mark.parametrize("path", protos())
def test_a_proto_has_generated_code(path: str) -> None:
    generated = (ROOT / "gen" / path).with_suffix("")
    expected = [f"{generated.name}_pb2.py", f"{generated.name}_pb2.pyi"]
    if path.endswith("_service.proto"):
        expected.append(f"{generated.name}_pb2_grpc.py")
    missing = [name for name in expected if not (generated.parent / name).is_file()]
    assert missing == [], f"missing in {generated.parent.relative_to(ROOT)}"


# Modules.


@every_module
def test_a_module_begins_with_a_docstring(module: str) -> None:
    assert ast.get_docstring(parse(module)), f"{module} does not say in its first line what it is"


@every_module
def test_every_public_name_has_a_docstring(module: str) -> None:
    assert list(undocumented(parse(module))) == [], f"public names of {module} without a docstring"


def undocumented(tree: ast.Module) -> Iterator[str]:
    """Yields the public classes, functions and methods that have no docstring.

    A method of a class with bases may have its docstring there, so it is not asked for one.
    """
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not ast.get_docstring(node) and not is_overload(node):
            yield node.name
        if isinstance(node, ast.ClassDef) and not node.bases:
            for member in node.body:
                if not isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) or member.name.startswith("_"):
                    continue
                if not ast.get_docstring(member) and not is_overload(member):
                    yield f"{node.name}.{member.name}"


def is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """True for the signatures before an overloaded function, and for a property's setter."""
    return any(ast.unparse(each).endswith(("overload", ".setter")) for each in node.decorator_list)


@pytest.mark.parametrize("module", [module for module in MODULES if not exempt(module, MAY_READ_ENVIRONMENT)])
def test_only_the_settings_read_the_environment(module: str) -> None:
    lines = sorted(environment_lines(parse(module)))
    assert lines == [], f"{module} reads the environment on these lines; declare a setting instead"


@pytest.mark.parametrize("entry", MAY_READ_ENVIRONMENT)
def test_every_exemption_from_reading_settings_in_one_place_is_needed(entry: str) -> None:
    excused = [module for module in MODULES if exempt(module, MAY_READ_ENVIRONMENT) == entry]
    assert any(list(environment_lines(parse(module))) for module in excused), f"{entry} no longer reads the environment"


def environment_lines(tree: ast.Module) -> Iterator[int]:
    """Yields the lines on which ``os.environ`` or ``os.getenv`` is used or imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv", "os.putenv"):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            yield from (node.lineno for name in node.names if name.name in ("environ", "getenv", "putenv"))


@pytest.mark.parametrize("module", [module for module in MODULES if not exempt(module, MAY_USE_THREADS)])
def test_no_module_has_threads_of_its_own(module: str) -> None:
    lines = sorted(thread_lines(parse(module)))
    assert lines == [], f"{module} imports threads on these lines; what pulls is worked in steps by chassis.bridge"


@pytest.mark.parametrize("entry", MAY_USE_THREADS)
def test_every_exemption_from_having_no_threads_is_needed(entry: str) -> None:
    excused = [module for module in MODULES if exempt(module, MAY_USE_THREADS) == entry]
    assert any(list(thread_lines(parse(module))) for module in excused), f"{entry} no longer has threads"


def thread_lines(tree: ast.Module) -> Iterator[int]:
    """Yields the lines on which ``threading`` or ``concurrent.futures`` is imported."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if any(name == "threading" or name.startswith("concurrent.futures") for name in names):
            yield node.lineno


@pytest.mark.parametrize("module", [module for module in MODULES if not exempt(module, MAY_UNPICKLE)])
def test_no_module_reads_or_writes_pickles(module: str) -> None:
    lines = list(unpickler_lines(parse(module)))
    assert lines == [], f"{module} imports what runs what it reads; workers speak by chassis.worker.conversation"


@pytest.mark.parametrize("entry", MAY_UNPICKLE)
def test_every_exemption_from_having_no_pickles_is_needed(entry: str) -> None:
    assert list(unpickler_lines(parse(entry))), f"{entry} no longer imports pickle"


def unpickler_lines(tree: ast.Module) -> Iterator[int]:
    """Yields the lines on which pickle, or what does the same, is imported."""
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            names = [node.module]
        if any(name.partition(".")[0] in UNPICKLERS for name in names):
            yield node.lineno


@pytest.mark.parametrize("module", [module for module in MODULES if not is_command_line(module)])
def test_only_command_lines_print(module: str) -> None:
    assert list(print_lines(parse(module))) == [], f"{module} prints on these lines; log instead"


def print_lines(tree: ast.Module) -> Iterator[int]:
    """Yields the lines on which ``print`` is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno


@every_module
def test_a_module_is_not_too_long_to_read(module: str) -> None:
    lines = len(read(module).splitlines())
    assert lines <= MAX_LINES, f"{module} has {lines} lines, over {MAX_LINES}: split it by idea"


# The rules themselves.


def test_the_rules_see_what_they_are_to_forbid() -> None:
    planted = ast.parse(
        "import os\n"
        "from os import getenv\n"
        "class Known:\n"
        "    'Says what it is.'\n"
        "    def unknown(self): print(os.environ['HOME'])\n"
        "    def _hidden(self): pass\n"
        "def bare(): pass\n"
        "from concurrent import futures\n"
        "import threading\n"
        "import pickle as p\n"
        "from joblib import load\n"
    )
    assert sorted(undocumented(planted)) == ["Known.unknown", "bare"]
    assert sorted(environment_lines(planted)) == [2, 5]
    assert list(print_lines(planted)) == [5]
    assert list(thread_lines(planted)) == [8, 9]
    assert list(unpickler_lines(planted)) == [10, 11]


@pytest.mark.parametrize("page", sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("services/*/README.md")))
def test_no_line_of_a_readme_runs_on(page: str) -> None:
    """A generator of tables that takes too much of its source once filled a page; a table's row stays below this."""
    longest = max(read(page).splitlines(), key=len)
    assert len(longest) < 600, f"{page}: {longest[:100]}…"

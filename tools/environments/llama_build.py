"""How llama.cpp is built, for its Python package publishes no wheels on the index: from its archive, and quickly."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tools import phases
from tools.environments.installers import Installer
from tools.environments.meanwhile import telling

PORTABLE = "-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON -DGGML_OPENMP=ON"
"""For any x86-64 of the last ten years. Other flags, for a GPU for example, are given as ``LLAMA_CMAKE_ARGS``."""

_PACKAGE = "llama-cpp-python"
_TRIM = Path(__file__).with_name("llama_trim.cmake")
_BUILD_REQUIREMENTS = Path(__file__).with_name("llama_build.lock")


def install(installer: Installer, python: Path, lock: Path, environ: Mapping[str, str]) -> dict[str, float]:
    """Installs the packages of a lock, of which llama-cpp-python is compiled; gives seconds by phase.

    Raises:
        InstallError: a package could not be had, or not be compiled.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _install(installer, python, *_split(lock, Path(folder)), environ)


def _install(
    installer: Installer, python: Path, compiled_lock: Path, others: Path, environ: Mapping[str, str]
) -> dict[str, float]:
    flags = environ.get("LLAMA_CMAKE_ARGS") or PORTABLE
    # A variable, and so no part of the key under which an installer keeps what it built: this path is another one in
    # every clone. What is in the file is part of the key, by its digest.
    quick = f"-DCMAKE_PROJECT_INCLUDE={_TRIM} -DLLAMA_CURL=OFF"
    quick += "".join(f" -DLLAMA_BUILD_{part}=OFF" for part in ("TESTS", "EXAMPLES", "SERVER"))
    variables = {"CMAKE_BUILD_PARALLEL_LEVEL": environ.get("LLAMA_JOBS") or str(os.cpu_count() or 1)}
    arguments = ["--require-hashes", "--no-deps", "-r", str(compiled_lock)]
    if installer.name == "uv":
        key = hashlib.sha256(_TRIM.read_bytes()).hexdigest()[:16]
        defined = ";".join([*shlex.split(flags), f"-DANTIPHON_TRIM={key}"])
        arguments += ["--config-settings-package", f"{_PACKAGE}:cmake.args={defined}"]
        arguments += ["--build-constraints", str(_BUILD_REQUIREMENTS)]
        variables["CMAKE_ARGS"] = quick
    else:
        # pip keeps a wheel by its archive alone, so it may keep that of the usual flags and no other.
        variables |= {"CMAKE_ARGS": f"{flags} {quick}", "PIP_BUILD_CONSTRAINT": str(_BUILD_REQUIREMENTS)}
        variables |= {} if flags == PORTABLE else {"PIP_NO_CACHE_DIR": "1"}
    took = installer.install(python, ["--require-hashes", "--no-deps", "-r", str(others)])
    jobs = variables["CMAKE_BUILD_PARALLEL_LEVEL"]
    how = f"{jobs} sources at a time; it takes minutes where it is not kept from before"
    with telling("compiling llama.cpp", how):
        compiled = installer.install(python, arguments, variables)
    # What uv calls preparing is fetching and compiling here, and the archive is fetched in a moment.
    own = {"install": compiled.get("install", 0.0), "compile": compiled.get("download", 0.0)}
    return phases.added(took, own)


def _split(lock: Path, folder: Path) -> tuple[Path, Path]:
    """Writes the lock as two: what is compiled, and all others."""
    entries = re.split(r"^(?=\S)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    paths = folder / "compiled.lock", folder / "others.lock"
    for path, wanted in zip(paths, (True, False), strict=True):
        path.write_text(
            "".join(each for each in entries if each.startswith(f"{_PACKAGE}==") is wanted), encoding="utf-8"
        )
    return paths

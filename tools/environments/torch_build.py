"""Which build of torch goes in: the one that is asked for, else the CPU's, which is a third as large as CUDA's."""

from __future__ import annotations

import re
import runpy
import shlex
from collections.abc import Mapping
from pathlib import Path

from tools.environments.installers import Installer, InstallError


def install(installer: Installer, python: Path, platform: Path, environ: Mapping[str, str]) -> dict[str, float]:
    """Installs the packages of a platform file, torch by its exact version; gives seconds by phase.

    ``TORCH_PIP_ARGS`` says where another build is, such as ROCm's. Where it is not set, the plain version on the
    package index may be CUDA's, with some gigabytes of libraries: so a build marked as the CPU's is asked for first.

    Raises:
        InstallError: none could be had; or it is a build for CUDA that nobody asked for.
    """
    asked = shlex.split(environ.get("TORCH_PIP_ARGS", ""))
    if asked:
        return installer.install(python, [*asked, "-r", str(platform)])
    wanted = [line.strip() for line in platform.read_text().splitlines() if line.strip() and not line.startswith("#")]
    marked = [re.sub(r"^(torch==[\d.]+)$", r"\1+cpu", each) for each in wanted]
    tries: list[list[str]] = [marked, wanted]
    if installer.name == "uv":
        tries.insert(1, ["--torch-backend", "cpu", *wanted])  # uv knows where torch's own index is
    for count, arguments in enumerate(tries, 1):
        try:
            phases = installer.install(python, arguments)
            break
        except InstallError:
            if count == len(tries):
                raise
    check(python)
    return phases


def check(python: Path) -> None:
    """Sees that the build that came is for the CPU.

    Raises:
        InstallError: it is for CUDA, which nobody asked for.
    """
    for version in python.parents[1].glob("lib/python*/site-packages/torch/version.py"):
        cuda = runpy.run_path(str(version)).get("cuda")
        if cuda is not None:
            raise InstallError(
                f"torch came as a build for CUDA {cuda}, which nobody asked for; say where the build that you want is, "
                'for example TORCH_PIP_ARGS="--index-url <PyTorch\'s index for your build>"'
            )

"""Which files a worker needs: its code, the libraries of the system, what they ask the kernel, and its plan's own."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from chassis.worker.sandbox.landlock import DEVICE, EXECUTE, KEEP, READ, READ_DIR
from chassis.worker.sandbox.plan import CACHE_VARIABLES, Plan

_ROOT = Path(__file__).resolve().parents[3]
_OUR_PACKAGES = ("chassis", "services", "gen", "wire", "renderers")
_LIBRARIES = ("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store")
# Of /etc no more than what libraries open by name: keys and passwords lie beside it.
_OPENED_BY_NAME = (
    "ld.so.cache ld.so.conf ld.so.conf.d localtime timezone nsswitch.conf passwd group os-release mime.types "
    "ssl/openssl.cnf locale.alias OpenCL vulkan"
)
_CONFIGURATION = tuple(f"/etc/{name}" for name in _OPENED_BY_NAME.split())
_PROCESS = ("/proc/self",)
_OWN_PEAK = "/proc/self/clear_refs"
"""Written to have the kernel count the peak of this process's memory anew."""
_ASKED = (
    "cpuinfo meminfo stat version filesystems devices loadavg uptime sys/vm/overcommit_memory sys/vm/max_map_count "
    "sys/vm/nr_hugepages sys/kernel/osrelease sys/kernel/pid_max sys/kernel/threads-max"
)
_KERNEL = tuple(f"/proc/{name}" for name in _ASKED.split())
_HARDWARE = (
    *("/sys/devices/system", "/sys/fs/cgroup", "/sys/kernel/mm/transparent_hugepage", "/sys/kernel/mm/hugepages"),
    # Runtimes look for GPUs, and complain where they may not even look.
    *("/sys/bus/pci/devices", "/sys/class/drm", *map(str, Path("/sys/devices").glob("pci*"))),
)
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_OF_A_GPU = ("/proc/driver", "/proc/modules", "/sys", "/etc/nvidia", "/run/nvidia-persistenced")
_ROCM_AND_CUDA = ("ROCM_PATH", "HIP_PATH", "CUDA_HOME", "CUDA_PATH")
_PROGRAMS = ("/bin", "/sbin", "/lib", "/lib64", "/usr", "/nix/store", "/gnu/store")


def allowed(plan: Plan, package: str, variables: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Yields every path that a worker may use, with the rights on it and on what lies below it.

    Args:
        plan: What the worker is kept in.
        package: The package that its jobs are in, such as ``services``.
        variables: Its environment.
    """
    for path in (*_code(package, variables), *_LIBRARIES, *_CONFIGURATION, *_PROCESS, *_KERNEL, *_HARDWARE):
        yield path, READ
    # An import lists the folder; the names of what else is in a checkout can be read, its files cannot.
    yield str(_ROOT), READ_DIR
    for path in (*_DEVICES, _OWN_PEAK):
        yield path, DEVICE
    for path in plan.read:
        yield path, READ
    for path in _written(plan, variables):
        yield path, KEEP
    if plan.gpu:
        yield from _gpu(variables)
    if plan.programs:
        yield from _programs(plan, variables)


def _code(package: str, variables: dict[str, str]) -> Iterator[str]:
    for name in (*_OUR_PACKAGES, package):
        yield str(_ROOT / name)
    given = [os.path.abspath(each) for each in variables.get("PYTHONPATH", "").split(os.pathsep) if each]
    for entry in map(os.path.abspath, sys.path):
        # The folder that a process was started in is on the path too, and may be anybody's home.
        if entry != str(_ROOT) and (entry != os.getcwd() or entry in given):
            yield entry
    yield from _whole(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix)
    yield from _whole(*variables.get("LD_LIBRARY_PATH", "").split(os.pathsep))


def _whole(*folders: str) -> Iterator[str]:
    return (each for each in folders if each.strip("/"))


def _gpu(variables: dict[str, str]) -> Iterator[tuple[str, int]]:
    nodes = [str(each) for each in Path("/dev").glob("nvidia*")]
    for path in ("/dev/kfd", "/dev/dri", "/dev/dxg", *nodes):
        yield path, DEVICE
    for path in (*_OF_A_GPU, *map(str, Path("/opt").glob("rocm*")), *_named(variables, _ROCM_AND_CUDA)):
        yield path, READ
    # Drivers share memory with themselves by files in there.
    yield "/dev/shm", KEEP


def make_caches(variables: dict[str, str]) -> None:
    """Makes the folders of compiled kernels that are not there yet: afterwards nothing can be made beside them."""
    for path in _named(variables, CACHE_VARIABLES):
        with contextlib.suppress(OSError):
            os.makedirs(path, exist_ok=True)


def _written(plan: Plan, variables: dict[str, str]) -> Iterator[str]:
    return _whole(*plan.write, plan.scratch, *_named(variables, CACHE_VARIABLES))


def _named(variables: dict[str, str], names: Sequence[str]) -> Iterator[str]:
    return _whole(*(variables.get(name, "") for name in names))


def _programs(plan: Plan, variables: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Compilers lie among the system's programs, and what they make is loaded, or run, from the scratch folder."""
    for path in (*_PROGRAMS, sys.prefix, sys.base_prefix, *map(str, Path("/opt").glob("rocm*"))):
        yield path, READ | EXECUTE
    for path in _written(plan, variables):
        yield path, EXECUTE
    yield "/dev/shm", KEEP

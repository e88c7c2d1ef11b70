"""A tiny service for the supervisor's tests: answers health checks, drains on SIGTERM, misbehaves when asked.

Arguments: PORT FOLDER [--fail MESSAGE | --refuse MESSAGE | --fail-later CODE | --chatter | --never-ready |
--stubborn | --worker]
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent import futures
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from antiphon_wire.exits import CANNOT_START


def main(port: str, folder: str, *modes: str) -> None:
    if modes[:1] == ("--fail",):
        sys.stderr.write(f"first line\n{modes[1]}\n")
        sys.exit(7)
    if modes[:1] == ("--refuse",):
        sys.stderr.write("first line\n" * 600 + modes[1] + "\n")
        sys.exit(CANNOT_START)
    if modes[:1] == ("--fail-later",) and Path(folder, f"started-{port}").exists():
        sys.stderr.write("no device\n")
        sys.exit(int(modes[1]))
    Path(folder, f"started-{port}").touch()
    sys.stdout.write(f"pid {os.getpid()}\n")
    sys.stdout.flush()
    if modes == ("--worker",):
        worker = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
        Path(folder, f"worker-{port}").write_text(str(worker.pid))
    servicer = health.HealthServicer()
    if modes != ("--never-ready",):
        servicer.set("readiness", health_pb2.HealthCheckResponse.SERVING)
    server = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: asked.set())
    while modes == ("--stubborn",):
        signal.pause()
    while not asked.wait(0.01 if modes == ("--chatter",) else 0.5):
        if modes == ("--chatter",):
            sys.stdout.write("x" * 1000 + "\n")
            sys.stdout.flush()
    with Path(folder, "drained").open("a") as file:
        file.write(f"{port}\n")
    server.stop(0.1).wait()


if __name__ == "__main__":
    main(*sys.argv[1:])

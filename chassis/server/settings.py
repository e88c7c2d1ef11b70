"""Settings that every process has: where it listens, what it admits, how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chassis.settings import setting

DEFAULT_PORTS = {"gateway": 50050, "separation": 50051, "speech": 50052, "essentia": 50053}


@dataclass(frozen=True)
class ServerSettings:
    """Settings of the gRPC front."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(0, "Port to listen on; 0 for the service's own (gateway 50050, separation 50051, …).")
    log_level: str = setting("INFO", "Lowest level that is logged.", ("DEBUG", "INFO", "WARNING", "ERROR"))
    metrics_port: int = setting(0, "Port of the Prometheus metrics, on the same address; 0 for none.")
    otlp_endpoint: str = setting("", "OTLP/gRPC endpoint for traces, such as http://localhost:4317; empty for none.")
    tls_cert_file: str = setting("", "Server certificate (PEM); empty for plain text.")
    tls_key_file: str = setting("", "Key of the server certificate (PEM).")
    tls_client_ca_file: str = setting(
        "", "CA (PEM) that clients must be certified by; empty to ask for no certificate."
    )
    drain_seconds: float = setting(60.0, "Seconds that calls under way may take to end after SIGTERM.")
    lame_duck_seconds: float = setting(0.5, "Seconds between reporting NOT_SERVING and refusing new calls.")
    max_call_seconds: float = setting(3600.0, "Seconds that a call may take at most, whatever its deadline.")
    upload_idle_seconds: float = setting(30.0, "Seconds without a message after which an upload is given up.")
    spool_dir: Path | None = setting(None, "Folder for uploads; the system's temporary folder where empty.")
    spool_bytes: int = setting(8 << 30, "Bytes that all uploads under way may hold together.")
    upload_bytes: int = setting(4 << 30, "Bytes that one upload may have.")


@dataclass(frozen=True)
class WorkerSettings:
    """Settings of the worker processes of a model family."""

    models: Path = setting(Path("~/.cache/antiphon/models"), "Model store; ANTIPHON_MODELS where not set.")
    models_extra: Path | None = setting(None, "A further models.toml with an operator's own models; empty for none.")
    licence_policy: str = setting(
        "any",
        "Weights that may be used: any, or commercial for those whose licence allows that.",
        ("any", "commercial"),
    )
    worker_count: int = setting(1, "Worker processes, each with a copy of the model.")
    max_pending: int = setting(8, "Calls that may wait for a worker.")
    cancel_grace_seconds: float = setting(0.25, "Seconds between a cancel and the kill of a worker that goes on.")
    recycle_growth_bytes: int = setting(4 << 30, "Memory growth after which a worker is replaced; 0 for never.")
    memory_limit_bytes: int = setting(0, "Address space of a worker; 0 for no limit.")
    warm: bool = setting(True, "Whether to load the default model at start, where it is installed.")
    max_audio_seconds: float = setting(4 * 3600.0, "Length of audio that one call may have, in seconds.")
    max_decoded_bytes: int = setting(32 << 30, "Bytes of decoded samples that one call may have.")
    max_decode_seconds: float = setting(3600.0, "Wall time that reading the audio of one call may take, in seconds.")

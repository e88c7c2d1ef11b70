"""Settings that every process has: where it listens, what it admits, how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chassis.settings import setting

DEFAULT_PORTS = {
    "gateway": 50050,
    "separation": 50051,
    "speech": 50052,
    "essentia": 50053,
    "generation": 50054,
    "llm_audio": 50055,
}


@dataclass(frozen=True)
class ServerSettings:
    """Settings of the gRPC front."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(
        0, "Port to listen on; 0 for the service's own (gateway 50050, separation 50051, …), -1 for any free one."
    )
    log_level: str = setting("INFO", "Lowest level that is logged.", ("DEBUG", "INFO", "WARNING", "ERROR"))
    metrics_port: int = setting(0, "Port of the Prometheus metrics, on the same address; 0 for none.")
    otlp_endpoint: str = setting("", "OTLP/gRPC endpoint for traces, such as http://localhost:4317; empty for none.")
    tls_cert_file: str = setting("", "Server certificate (PEM); empty for plain text.")
    tls_key_file: str = setting("", "Key of the server certificate (PEM).")
    tls_client_ca_file: str = setting(
        "", "CA (PEM) that clients must be certified by; empty to ask for no certificate."
    )
    health_port: int = setting(
        0, "Further port, plain text, for health checks alone: probes that speak no TLS ask there; 0 for none."
    )
    drain_seconds: float = setting(60.0, "Seconds that calls under way may take to end after SIGTERM.")
    lame_duck_seconds: float = setting(0.5, "Seconds between reporting NOT_SERVING and refusing new calls.")
    max_call_seconds: float = setting(3600.0, "Seconds that a call may take at most, whatever its deadline.")
    reader_idle_seconds: float = setting(30.0, "Seconds that a caller may leave an answer unread.")
    upload_idle_seconds: float = setting(30.0, "Seconds without a message after which an upload is given up.")
    spool_dir: Path | None = setting(None, "Folder for uploads; the system's temporary folder where empty.")
    spool_bytes: int = setting(8 << 30, "Bytes that all uploads under way may hold together.")
    upload_bytes: int = setting(4 << 30, "Bytes that one upload may have.")

    def __post_init__(self) -> None:
        """Refuses what cannot work; half a TLS configuration must never start a server in plain text."""
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            raise ValueError("tls_cert_file and tls_key_file belong together; give both or neither")
        if self.tls_client_ca_file and not self.tls_cert_file:
            raise ValueError("tls_client_ca_file needs tls_cert_file and tls_key_file; without them there is no TLS")
        for path in filter(None, (self.tls_cert_file, self.tls_key_file, self.tls_client_ca_file)):
            if not Path(path).is_file():
                raise ValueError(f"there is no file {path}")
        for name, lowest in (("port", -1), ("metrics_port", 0), ("health_port", 0)):
            if not lowest <= getattr(self, name) <= 65_535:
                raise ValueError(f"{name} is {getattr(self, name)}; give a port, {lowest} to 65535")
        _demand_positive(
            self, "max_call_seconds", "reader_idle_seconds", "upload_idle_seconds", "spool_bytes", "upload_bytes"
        )


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

    def __post_init__(self) -> None:
        """Refuses what cannot work."""
        _demand_positive(self, "worker_count", "max_audio_seconds", "max_decoded_bytes", "max_decode_seconds")
        if self.max_pending < 0:
            raise ValueError(f"max_pending is {self.max_pending}; give 0 or more")


def _demand_positive(settings: object, *names: str) -> None:
    for name in names:
        value = getattr(settings, name)
        if not value > 0:  # written so that NaN is refused too
            raise ValueError(f"{name} is {value}; give more than 0")

"""Settings that every process has: where it listens, what it admits, how it ends."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chassis.answer_spool import AnswerSpool
from chassis.reading import Limits
from chassis.server.answers import Reading
from chassis.settings import Bounded, setting
from chassis.upload_limits import UploadLimits


@dataclass(frozen=True)
class ServerSettings(Bounded):
    """Settings of the gRPC front."""

    host: str = setting("127.0.0.1", "Address to listen on.")
    port: int = setting(
        0,
        "Port to listen on; 0 for the service's own (gateway 50050, separation 50051, …), -1 for any free one.",
        least=-1,
        most=65_535,
    )
    log_level: str = setting("INFO", "Lowest level that is logged.", ("DEBUG", "INFO", "WARNING", "ERROR"))
    metrics_host: str = setting("127.0.0.1", "Address of the Prometheus metrics, which nothing guards.")
    metrics_port: int = setting(
        0,
        "Port of the Prometheus metrics; 0 for none. Of a shared one `antiphon up` makes a port for each service, as "
        "far from the gateway's as its own port is.",
        least=0,
        most=65_535,
    )
    otlp_endpoint: str = setting("", "OTLP/gRPC endpoint for traces, such as http://localhost:4317; empty for none.")
    tls_cert_file: str = setting("", "Server certificate (PEM); empty for plain text.")
    tls_key_file: str = setting("", "Key of the server certificate (PEM).")
    tls_client_ca_file: str = setting(
        "", "CA (PEM) that clients must be certified by; empty to ask for no certificate."
    )
    tls_client_names: tuple[str, ...] = setting(
        (),
        "Names that a client's certificate may bear, separated by commas: DNS names, or the common name where it has "
        "none of another kind. Holds for every call but those to the health port; empty for any certificate of the CA.",
    )
    health_port: int = setting(
        0,
        "Further port, plain text, for health checks alone: probes that speak no TLS ask there; 0 for none.",
        least=0,
        most=65_535,
    )
    reflection: bool = setting(True, "Whether the server tells by reflection what RPCs it has.")
    status_service: bool = setting(
        True,
        "Whether StatusService is served, which `antiphon status` asks.",
    )
    drain_seconds: float = setting(
        60.0,
        "Seconds that calls under way may take to end after SIGTERM; where replicas come and go, as long as the "
        "longest job, and the grace of whoever stops the process longer than that.",
        least=0,
    )
    lame_duck_seconds: float = setting(
        0.5,
        "Seconds between reporting NOT_SERVING and refusing new calls: enough behind our gateway, which watches that; "
        "10 behind what takes longer to hear of it, such as a Service of Kubernetes, and so for the gateway itself.",
        least=0,
    )
    connection_age_seconds: float = setting(
        60.0,
        "Seconds after which a client is asked to connect anew, so that it finds replicas that were added; calls under "
        "way end on the connection that they began on.",
        above=0,
    )
    max_call_seconds: float = setting(3600.0, "Seconds that a call may take at most, whatever its deadline.", above=0)
    connection_idle_seconds: float = setting(
        60.0, "Seconds after which a connection without a call is closed; a client connects again by itself.", above=0
    )
    reader_idle_seconds: float = setting(30.0, "Seconds that a caller may leave an answer unread.", above=0)
    reader_wait_seconds: float = setting(
        2.0,
        "Seconds altogether for which an answer that is read slowly holds up the work; then it is spooled, and the "
        "worker goes free. Live streams are never spooled.",
        least=0,
    )
    reader_seconds: float = setting(
        1800.0, "Seconds altogether that an answer may wait for its reader, a live stream excepted.", above=0
    )
    reader_least_rate: float = setting(
        1024.0,
        "Bytes per second at which an answer that waits must be read, on average over each UPLOAD_WINDOW_SECONDS; "
        "0 for any.",
        least=0,
    )
    answer_spool_bytes: int = setting(
        4 << 30,
        "Bytes on disk that answers may hold that wait for their readers, each counted as 1 MiB at least; one more is "
        "ended as READER_TOO_SLOW. 0 for none.",
        least=0,
    )
    upload_idle_seconds: float = setting(30.0, "Seconds without a message after which an upload is given up.", above=0)
    upload_seconds: float = setting(
        900.0,
        "Seconds that an upload may take altogether, a live stream excepted; 100 MB need a link of 1 Mbit/s then.",
        above=0,
    )
    upload_least_rate: float = setting(
        1024.0,
        "Bytes per second that an upload must bring, on average over each window, so that a slow caller holds no place "
        "for nothing; 0 for any. A link of 9.6 kbit/s is fast enough.",
        least=0,
    )
    upload_window_seconds: float = setting(30.0, "Length of such a window, seconds; 4 times for live.", above=0)
    live_least_share: float = setting(
        0.25, "Share of real time that the PCM of a live stream must bring in each window; 0 for any.", least=0, most=1
    )
    max_uploads: int = setting(32, "Uploads that may come in at once; one more is refused as busy.", above=0)
    peer_uploads: int = setting(24, "Of these, how many one address may have; 0 for all.", least=0)
    peer_live_streams: int | None = setting(
        None,
        "Live streams that one address may have at once, if it is not this machine's own; 0 for all. Where empty: two "
        "thirds of those that there are, rounded up.",
        least=0,
    )
    spool_dir: Path | None = setting(
        None, "Folder for uploads, and for answers that are read slowly; the system's temporary folder where empty."
    )
    spool_bytes: int = setting(8 << 30, "Bytes that all uploads under way may hold together.", above=0)
    upload_bytes: int = setting(4 << 30, "Bytes that one upload may have.", above=0)

    def __post_init__(self) -> None:
        """Refuses what cannot work; half a TLS configuration must never start a server in plain text."""
        if bool(self.tls_cert_file) != bool(self.tls_key_file):
            raise ValueError("tls_cert_file and tls_key_file belong together; give both or neither")
        if self.tls_client_ca_file and not self.tls_cert_file:
            raise ValueError("tls_client_ca_file needs tls_cert_file and tls_key_file; without them there is no TLS")
        if self.tls_client_names and not self.tls_client_ca_file:
            raise ValueError("tls_client_names needs tls_client_ca_file; without it no client shows a certificate")
        for path in filter(None, (self.tls_cert_file, self.tls_key_file, self.tls_client_ca_file)):
            if not Path(path).is_file():
                raise ValueError(f"there is no file {path}")
        super().__post_init__()

    @property
    def upload_limits(self) -> UploadLimits:
        """How slow an upload may be."""
        return UploadLimits(
            self.upload_idle_seconds, self.upload_seconds, self.upload_least_rate, self.upload_window_seconds
        )

    def peer_share(self, streams: int) -> int:
        """How many of so many live streams one address may have; 0 for all."""
        return -(-2 * streams // 3) if self.peer_live_streams is None else self.peer_live_streams

    @property
    def reading(self) -> Reading:
        """How slowly an answer may be read; each call makes a spool of its own."""
        limits = UploadLimits(
            self.reader_idle_seconds, self.reader_seconds, self.reader_least_rate, self.upload_window_seconds
        )
        return Reading(limits, self.reader_wait_seconds, AnswerSpool(self.spool_dir, self.answer_spool_bytes))


@dataclass(frozen=True)
class WorkerSettings(Bounded):
    """Settings of the worker processes of a model family."""

    models: Path = setting(Path("~/.cache/antiphon/models"), "Model store; ANTIPHON_MODELS where not set.")
    models_extra: Path | None = setting(None, "A further models.toml with an operator's own models; empty for none.")
    licence_policy: str = setting(
        "any",
        "Weights that may be used: any, or commercial for those whose licence allows that.",
        ("any", "commercial"),
    )
    worker_count: int = setting(1, "Worker processes, each with a copy of the model.", above=0)
    max_pending: int = setting(8, "Calls that may wait for a worker.", least=0)
    cancel_grace_seconds: float = setting(
        10.0,
        "Seconds between a cancel and the kill of a worker that goes on. A worker looks for cancels between the steps "
        "of its model; raise this where one step takes longer, as a window of the largest models does on a slow CPU, "
        "for after a kill the model is loaded again.",
        least=0,
    )
    recycle_growth_bytes: int = setting(
        4 << 30, "Memory growth after which a worker is replaced; 0 for never.", least=0
    )
    memory_limit_bytes: int | None = setting(
        None,
        "Private memory of a worker, in bytes; 0 for no limit. Where empty: 90 % of the memory of the container or the "
        "machine divided by the workers, at least 2 GiB; no limit where the device may be a GPU.",
        least=0,
    )
    sandbox: str = setting(
        "auto",
        "What workers are kept in: `auto` for what the system offers, `require` to start with Landlock alone, `off`.",
        ("auto", "require", "off"),
    )
    warm: bool = setting(True, "Whether to load the default model at start, where it is installed.")
    max_audio_seconds: float = setting(
        Limits.max_seconds, "Length of audio that one call may have, in seconds.", above=0
    )
    max_decoded_bytes: int = setting(
        Limits.max_decoded_bytes, "Bytes of decoded samples that one call may have.", above=0
    )
    max_decode_seconds: float = setting(
        Limits.max_wall_seconds, "Wall time that reading the audio of one call may take, in seconds.", above=0
    )

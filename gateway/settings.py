"""What can be configured of the gateway; environment variables with the prefix GATEWAY_."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting
from gateway.analysis.retry import MAX_WORKERS
from gateway.patience import ABSENT_SECONDS, RESTART_SECONDS, START_SECONDS

PORT = 50050
"""Where the gateway listens where no setting says otherwise."""


SERVICES = ("separation", "speech", "essentia", "llm_audio")
"""The services that stages ask."""
NONE = "none"
"""What ``services`` is where there is none of them."""


@dataclass(frozen=True)
class GatewaySettings(Bounded):
    """Where the services are, and how long and how often the gateway asks them."""

    services: tuple[str, ...] = setting(
        SERVICES,
        "Services that there are, separated by commas; an analysis asks these alone, and its record says which were "
        "left out. none for none.",
    )
    separation_target: str = setting("127.0.0.1:50051", "gRPC target of separation, such as dns:///separation:50051.")
    speech_target: str = setting("127.0.0.1:50052", "gRPC target of speech.")
    essentia_target: str = setting("127.0.0.1:50053", "gRPC target of essentia.")
    llm_audio_target: str = setting("127.0.0.1:50055", "gRPC target of llm_audio.")
    separation_seconds: float = setting(1800.0, "Longest that separation may take, seconds.", above=0)
    speech_seconds: float = setting(1800.0, "Longest that speech may take, seconds.", above=0)
    essentia_seconds: float = setting(900.0, "Longest that essentia may take, seconds.", above=0)
    llm_audio_seconds: float = setting(900.0, "Longest that llm_audio may take, seconds.", above=0)
    max_analyses: int = setting(16, "Analyses under way at once; one more is refused as busy.", above=0)
    fuse_margin_seconds: float = setting(
        0.2, "Kept back from the caller's deadline for fusing and sending, seconds.", least=0
    )
    separation_start_seconds: float | None = setting(
        None,
        "Longest wait for a replica of separation that is ready, seconds: where replicas come and go, as in a cluster, "
        f"the time that one takes to start. Where empty: {START_SECONDS:g} where one is there but not ready, "
        f"{RESTART_SECONDS:g} where one was there and has gone, {ABSENT_SECONDS:g} where none ever was.",
        above=0,
    )
    speech_start_seconds: float | None = setting(None, "The same of speech.", above=0)
    essentia_start_seconds: float | None = setting(None, "The same of essentia.", above=0)
    llm_audio_start_seconds: float | None = setting(None, "The same of llm_audio.", above=0)
    max_attempts: int = setting(
        4,
        "Times a stage is tried where the service goes away; where it was at work and its worker is lost or lacks "
        f"room, {MAX_WORKERS} at most.",
        least=1,
    )
    max_answer_bytes: int = setting(64 << 20, "Largest single message taken from a service, bytes.", above=0)
    services_ca_file: str = setting("", "CA (PEM) that certified the services; empty for plain text.")
    services_cert_file: str = setting("", "Certificate (PEM) to show to the services; empty for none.")
    services_key_file: str = setting("", "Key (PEM) of the certificate to show to the services.")

    def __post_init__(self) -> None:
        if unknown := [name for name in self.services if name not in SERVICES and self.services != (NONE,)]:
            raise ValueError(f"services names {unknown[0]!r}; choose from {', '.join(SERVICES)}, or give {NONE} alone")
        if bool(self.services_cert_file) != bool(self.services_key_file):
            raise ValueError("services_cert_file and services_key_file go together; set both or neither")
        if self.services_cert_file and not self.services_ca_file:
            raise ValueError("services_cert_file needs services_ca_file; without it no TLS is spoken to the services")
        super().__post_init__()

    def target(self, service: str) -> str:
        """Gives the gRPC target of a service, by its word."""
        return str(getattr(self, f"{service}_target"))

    def start_seconds(self, service: str) -> float | None:
        """Gives how long a replica of a service takes to start, seconds; None where nobody has said so."""
        seconds: float | None = getattr(self, f"{service}_start_seconds")
        return seconds

    def seconds(self, service: str) -> float:
        """Gives the longest that a service may take, seconds."""
        return float(getattr(self, f"{service}_seconds"))

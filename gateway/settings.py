"""What can be configured of the gateway; environment variables with the prefix GATEWAY_."""

from __future__ import annotations

from dataclasses import dataclass

from chassis.settings import Bounded, setting

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
    connect_seconds: float = setting(
        2.0, "Longest wait for a service to be reachable that never was, seconds.", above=0
    )
    restart_seconds: float = setting(
        15.0,
        "Longest wait for a service that was reachable to be so again, seconds: as long as it starts.",
        above=0,
    )
    max_attempts: int = setting(2, "Times a stage is tried when its worker is lost.", least=1)
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

    def seconds(self, service: str) -> float:
        """Gives the longest that a service may take, seconds."""
        return float(getattr(self, f"{service}_seconds"))

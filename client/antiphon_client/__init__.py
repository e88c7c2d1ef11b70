"""The Python client of Antiphon: one recording up, typed events and one record down."""

from antiphon_client.client import Client
from antiphon_client.connection import DEFAULT_TARGET
from antiphon_client.errors import AntiphonClientError
from antiphon_client.patching import apply_patches
from antiphon_client.sync import SyncClient
from antiphon_client.version import VERSION
from antiphon_wire.channels import Tls
from antiphon_wire.rpcs import (
    AnalyzeEvent,
    CompareEvent,
    DescribeEvent,
    FeaturesEvent,
    GenerateEvent,
    RecognizeEvent,
    SeparateEvent,
    TranscribeEvent,
)

__version__ = VERSION

__all__ = [
    "DEFAULT_TARGET",
    "AnalyzeEvent",
    "AntiphonClientError",
    "Client",
    "CompareEvent",
    "DescribeEvent",
    "FeaturesEvent",
    "GenerateEvent",
    "RecognizeEvent",
    "SeparateEvent",
    "SyncClient",
    "Tls",
    "TranscribeEvent",
    "__version__",
    "apply_patches",
]

"""From the services' answers to one record: pure functions over protobuf, the same for any order of arrival."""

from gateway.analysis.fuse.record import SCHEMA_VERSION, canonical, fuse

__all__ = ["SCHEMA_VERSION", "canonical", "fuse"]

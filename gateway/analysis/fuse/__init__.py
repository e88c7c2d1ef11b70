"""From the services' answers to one record: pure functions over protobuf, the same for any order of arrival."""

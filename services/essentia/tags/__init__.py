"""What the tag engines share: front end, patches, metadata, sessions, and the way from models to tags."""

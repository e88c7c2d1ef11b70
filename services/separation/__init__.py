"""The separation service: one mix in, its stems out while they are computed."""

"""Turn the formats of platforms, and of the tools that collect from platforms, into forward events."""

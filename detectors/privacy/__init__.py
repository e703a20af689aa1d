"""Replace identifiers by keyed digests, mask identifiers in texts, and hide small groups."""

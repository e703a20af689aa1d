"""Normalise, fingerprint and format texts; find and canonicalise URLs."""

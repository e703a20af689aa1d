"""Normalise and fingerprint texts, find and canonicalise URLs, and format numbers and durations for people."""

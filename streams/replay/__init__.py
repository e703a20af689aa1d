"""Replay a recorded stream through the pipeline, explain an alert, sweep settings."""

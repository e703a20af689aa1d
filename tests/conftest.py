"""Loaded first: onnxruntime crashes when usearch, which comes with the detectors, was imported before it."""

import onnxruntime  # noqa: F401 - for the order of loading, nothing else

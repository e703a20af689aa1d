"""Analyses of finished runs: calibration, comparison of two runs, and the effect of a cap on forwards."""

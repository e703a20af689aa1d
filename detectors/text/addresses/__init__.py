"""Reads, unwraps and masks web addresses by rules that are data: one TOML file for each kind of rule or platforms."""

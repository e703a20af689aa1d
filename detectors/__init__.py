"""Pure, deterministic steps from a sighting to an alert; `pipeline` is the only one that knows the others."""

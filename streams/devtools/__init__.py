"""Tools for trying and checking Hearsay: a local broker, a simulator, an installation check."""

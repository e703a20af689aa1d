"""Compare texts with reference data: checked claims and harm examples."""

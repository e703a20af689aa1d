"""Reference data from files: checked claims and harm examples."""

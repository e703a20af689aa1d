"""Run folders: write, read, compare, export and report the results of a replay."""

"""The command `hearsay`: one module for each group of commands."""

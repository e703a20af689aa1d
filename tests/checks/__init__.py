"""Checks that every stateful detector passes."""

"""Decide when a cascade triggers an alert, and build the alert with its evidence."""

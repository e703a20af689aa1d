"""From a sighting to an alert: the stages, and the one place that knows every step."""

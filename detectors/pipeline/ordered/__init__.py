"""Put the stream into event-time order, assign clusters in that order, and read the log that keeps it."""

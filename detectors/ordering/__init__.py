"""Put events of several partitions into event-time order."""

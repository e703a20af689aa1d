"""Kafka clients, topics, offsets and readers, independent of Faust."""
